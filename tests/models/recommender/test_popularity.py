from __future__ import annotations

import numpy as np
import pytest

from affectlens.models.recommender.crowd import SECONDS_A_DAY, Crowd
from affectlens.models.recommender.histories import Histories
from affectlens.models.recommender.popularity import fit_popularity


def events(items: list[int], days: list[float], request_day: float = np.nan) -> Histories:
    item = np.asarray(items)
    nothing, none = np.full(len(items), np.nan), np.full(len(items), -1)
    time = np.asarray(days) * SECONDS_A_DAY
    user = np.array([-1]), np.array([request_day]) * SECONDS_A_DAY, Crowd.of(item, time, 4)
    columns = nothing, nothing, none, np.full((len(items), 4), np.nan)
    return Histories(np.array([0, len(items)]), item, np.ones_like(item), *columns, time, none, *user)


def test_without_a_half_life_every_event_counts_one() -> None:
    assert fit_popularity(events([0, 2, 2], [0, 1, 2]), 4, None).popularity.tolist() == [1.0, 0.0, 2.0, 0.0]


def test_an_event_one_half_life_old_counts_half() -> None:
    assert fit_popularity(events([0, 1, 2], [0, 3, 6]), 3, 3.0).popularity.tolist() == [0.25, 0.5, 1.0]


def test_an_event_without_a_time_counts_as_the_oldest() -> None:
    assert fit_popularity(events([0, 1, 2], [np.nan, 3, 6]), 3, 3.0).popularity.tolist() == [0.5, 0.5, 1.0]


def test_without_any_time_the_half_life_says_nothing() -> None:
    assert fit_popularity(events([0, 0], [np.nan, np.nan]), 2, 3.0).popularity.tolist() == [2.0, 0.0]


def test_without_a_half_life_every_user_gets_the_same_scores() -> None:
    model = fit_popularity(events([1, 1], [0, 1]), 4, None)
    two = events([0], [0], request_day=9).take(np.array([0, 0]))
    assert model.score(two).tolist() == [[0.0, 2.0, 0.0, 0.0]] * 2


def test_with_a_half_life_a_request_sees_what_was_consumed_before_its_day() -> None:
    model = fit_popularity(events([1, 1], [0, 1]), 4, 2.0)
    request = events([0, 3, 3], [0.5, 4.2, 6.9], request_day=6.1)
    assert model.score(request)[0] == pytest.approx([0.125, 0.0, 0.0, 0.5])


def test_a_request_without_a_time_is_scored_by_the_training_events() -> None:
    model = fit_popularity(events([1, 1, 2], [0, 2, 2]), 4, 2.0)
    assert model.score(events([0], [0])).tolist() == [[0.0, 1.5, 1.0, 0.0]]
