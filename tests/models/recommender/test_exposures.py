from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from affectlens.features.splits import Boundaries
from affectlens.models.recommender.catalogue import Catalogue, GeneratedContent, emotion_states_of
from affectlens.models.recommender.exposures import (
    Exposures,
    exposures_of,
    fresh_utterance,
    item_factors,
    latest,
    rates_before,
    rows_before,
)

START = pd.Timestamp("2025-01-01", tz="UTC")
CATALOGUE = Catalogue(("a", "b"), np.zeros(2), np.zeros((2, 1), np.float32), np.ones(2, bool))
BOUNDARIES = Boundaries(START + pd.Timedelta(days=2), START + pd.Timedelta(days=3))


def interactions(rows: list[tuple]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["user_id", "content_id", "day", "kind", "slate_id", "position", "value"])
    frame["occurred_at"] = START + pd.to_timedelta(frame.pop("day").astype(float), unit="D")
    return frame.assign(interaction_id=[f"i{number}" for number in range(len(frame))])


@pytest.fixture
def shown() -> Exposures:
    rows = [
        ("u", "a", 0.0, "impression", "s", 0, None), ("u", "a", 0.01, "view", "s", 0, None),
        ("u", "a", 0.02, "like", "s", 0, None), ("u", "b", 1.0, "impression", "s", 1, None),
        ("v", "b", 2.5, "impression", "t", 0, None), ("v", "b", 2.6, "view", "t", 0, None),
        ("v", "zzz", 2.7, "impression", "t", 1, None),
    ]  # fmt: skip
    return exposures_of(interactions(rows), CATALOGUE, BOUNDARIES, 4.0)


def test_what_was_shown_is_viewed_or_not_and_liked_only_where_it_was_viewed(shown: Exposures) -> None:
    assert shown.exposure_ids.tolist() == ["i0", "i3", "i4"]
    assert shown.item.tolist() == [0, 1, 1]
    assert shown.split.tolist() == [0, 0, 1]
    assert shown.outcomes["view"].tolist() == [1, 0, 1]
    assert np.array_equal(shown.outcomes["like"], [1, np.nan, 0], equal_nan=True)


def test_without_impressions_ratings_please_or_not() -> None:
    rows = [("u", "a", 0.0, "rating", None, None, 5.0), ("u", "b", 2.5, "rating", None, None, 2.0)]
    found = exposures_of(interactions(rows), CATALOGUE, BOUNDARIES, 4.0)
    assert found.outcomes["pleased"].tolist() == [1, 0]


def test_only_what_is_strictly_earlier_is_seen(shown: Exposures) -> None:
    times = np.array([-np.inf, shown.time[0], shown.time[1] - 1.0, np.nan])
    rows = rows_before(shown, np.array(["u", "u", "u", "u"], dtype=object), times)
    assert rows.tolist() == [0, 2, -1]  # the row at the very time of the first exposure is not seen by it


def test_a_change_of_the_future_changes_nothing_that_is_read(shown: Exposures) -> None:
    states = GeneratedContent(
        np.array(["u", "u"], dtype=object), np.array([-np.inf, shown.time[1]]), np.array([[[1.0]], [[9.0]]])
    )
    assert latest(states, shown).ravel().tolist() == [1.0, 1.0, 0.0]
    is_train = shown.split == 0
    rates = rates_before(shown.item, shown.time, shown.outcomes["view"], is_train)
    later = shown.outcomes["view"].copy()
    later[2] = 0.0
    assert np.array_equal(rates, rates_before(shown.item, shown.time, later, is_train))


def test_what_is_shown_at_one_moment_does_not_tell_of_each_other() -> None:
    user, time = np.zeros(4, dtype=int), np.array([1.0, 2.0, 2.0, 3.0])
    rates = [rates_before(user, time, np.array([1.0, *slate, 0.0]), time < 2) for slate in ((1.0, 0.0), (0.0, 1.0))]
    assert np.array_equal(rates[0], rates[1])


def test_a_fresh_utterance_counts_more_than_a_stale_one(shown: Exposures) -> None:
    said = pd.DataFrame(
        {
            "user_id": ["u", "u", "v"],
            "occurred_at": [START - pd.Timedelta(hours=6), START + pd.Timedelta(hours=23), START],
            "probabilities": [[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]],
        }
    )
    found = fresh_utterance(emotion_states_of(said), shown, half_life_hours=6.0)
    assert np.isclose(found[0, -1], 0.5)
    assert np.isclose(found[1, -1], 0.5 ** (1 / 6))
    assert found[1, 1] > found[0, 1]
    assert not fresh_utterance(emotion_states_of(said.iloc[:0]), shown, 6.0).any()


def test_factors_know_train_rows_only_and_items_without_one_are_zero() -> None:
    generator = np.random.default_rng(0)
    n = 400
    exposures = Exposures(
        np.arange(n).astype(str).astype(object), generator.integers(0, 30, n).astype(str).astype(object),
        generator.integers(0, 9, n), np.arange(n, dtype=float), np.where(np.arange(n) < 300, 0, 2),
        {"view": np.ones(n)},
    )  # fmt: skip
    found = item_factors(exposures, 10, 3, seed=0)
    assert found.shape == (10, 3)
    assert not found[9].any()
    moved = dataclasses.replace(exposures, item=np.where(exposures.split == 2, 9, exposures.item))
    assert np.array_equal(found, item_factors(moved, 10, 3, seed=0))
