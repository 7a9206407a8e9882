from __future__ import annotations

import numpy as np
import pytest

from affectlens.models.recommender.crowd import SECONDS_A_DAY, Crowd


@pytest.fixture
def crowd() -> Crowd:
    generator = np.random.default_rng(0)
    return Crowd.of(generator.integers(0, 6, 200), generator.uniform(1000, 1030, 200) * SECONDS_A_DAY, 6)


def slow_heat(crowd: Crowd, time: float, half_life: float) -> list[float]:
    today = time // SECONDS_A_DAY
    heat = [0.0] * crowd.n_items
    for item, event in zip(crowd.item, crowd.time, strict=True):
        if event // SECONDS_A_DAY < today:
            heat[item] += 2 ** (-(today - event // SECONDS_A_DAY) / half_life)
    return heat


@pytest.mark.parametrize("half_life", [0.7, 5.0])
def test_heat_agrees_with_a_slow_route_before_within_and_after_the_events(crowd, half_life) -> None:
    times = np.array([990.2, 1000.5, 1001.0, 1017.9, 1029.99, 1031.0, 1040.3]) * SECONDS_A_DAY
    expected = [slow_heat(crowd, time, half_life) for time in times]
    assert np.allclose(crowd.heat(times, half_life), expected, atol=1e-4)


def test_later_events_change_nothing(crowd) -> None:
    time = np.array([1015.5]) * SECONDS_A_DAY
    earlier = crowd.time < 1015 * SECONDS_A_DAY
    known = Crowd.of(crowd.item[earlier], crowd.time[earlier], 6)
    assert np.allclose(crowd.heat(time, 3.0), known.heat(time, 3.0), atol=1e-5)


def test_an_unknown_time_and_a_crowd_without_times_are_cold(crowd) -> None:
    assert not crowd.heat(np.array([np.nan]), 3.0).any()
    timeless = Crowd.of(np.array([1, 2]), np.array([np.nan, np.nan]), 4)
    assert timeless.is_empty
    assert timeless.heat(np.array([0.0, 1.0]), 3.0).shape == (2, 4)


def test_two_half_lives_do_not_disturb_each_other(crowd) -> None:
    time = np.array([1015.5]) * SECONDS_A_DAY
    alone = Crowd.of(crowd.item, crowd.time, 6).heat(time, 2.0)
    crowd.heat(time, 9.0)
    assert np.array_equal(crowd.heat(time, 2.0), alone)
