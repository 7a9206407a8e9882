from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from affectlens.evaluation.expression import means_by_period, quantile_by_period, shares_by_period


def test_shares_of_a_period_sum_to_one() -> None:
    draw = np.random.default_rng(0)
    periods, categories, units = draw.integers(0, 4, 500), draw.integers(0, 3, 500), draw.integers(0, 60, 500)
    found = shares_by_period(periods, categories, units, seed=1, n_resamples=100)
    for period in range(4):
        assert sum(found[period, category].value for category in range(3)) == pytest.approx(1.0)
        assert found[period, 0].n == (periods == period).sum()
        assert found[period, 0].lower <= found[period, 0].value <= found[period, 0].upper


def test_one_prolific_author_widens_the_interval() -> None:
    periods, categories = np.zeros(200, dtype=int), np.repeat([0, 1], 100)
    alone = shares_by_period(periods, categories, np.arange(200), seed=1, n_resamples=400)[0, 1]
    prolific = shares_by_period(periods, categories, np.repeat([*range(10), 10], [10] * 10 + [100]), 1, 400)[0, 1]
    assert prolific.value == alone.value == 0.5
    assert prolific.upper - prolific.lower > 2 * (alone.upper - alone.lower)


def test_periods_without_posts_are_absent() -> None:
    found = shares_by_period(np.array([0, 2]), np.array([0, 0]), np.array([0, 1]), seed=1, n_resamples=20)
    assert {period for period, _ in found} == {0, 2}
    assert set(quantile_by_period(np.array([0, 2]), np.array([5, 6]), np.array([0, 1]), 0.5, 1, 20)) == {0, 2}


@given(st.lists(st.integers(0, 30), min_size=1, max_size=30), st.sampled_from([0.1, 0.5, 0.9]))
def test_a_quantile_is_the_smallest_value_that_enough_posts_do_not_exceed(values: list[int], quantile: float) -> None:
    x = np.array(values)
    found = quantile_by_period(np.zeros(x.size, dtype=int), x, np.arange(x.size), quantile, seed=1, n_resamples=20)
    expected = np.quantile(x, quantile, method="inverted_cdf")
    assert found[0].value == expected


def test_no_posts_give_no_periods() -> None:
    none = np.empty(0, dtype=np.int64)
    assert shares_by_period(none, none, none, seed=1, n_resamples=20) == {}
    assert quantile_by_period(none, none, none, 0.5, seed=1, n_resamples=20) == {}


def test_weights_stand_for_posts() -> None:
    periods, categories, units = np.array([0, 0]), np.array([0, 1]), np.array([0, 1])
    weighted = shares_by_period(periods, categories, units, 1, 50, weights=np.array([3.0, 1.0]))
    assert weighted[0, 0].value == 0.75
    assert weighted[0, 0].n == 4


def test_means_leave_out_posts_without_a_value_and_their_intervals_cover() -> None:
    draw, hits = np.random.default_rng(3), 0
    for seed in range(100):
        author = np.repeat(np.arange(40), 5)
        values = draw.normal(0, 1, 40)[author] + draw.normal(1.0, 1, 200)
        values[::7] = np.nan
        found = means_by_period(np.zeros(200, dtype=int), values, author, seed, 200)[0]
        hits += found.lower < 1.0 < found.upper
    assert found.n == np.isfinite(values).sum()
    assert 87 <= hits <= 99


def test_no_values_have_no_means() -> None:
    assert means_by_period(np.zeros(3, dtype=int), np.full(3, np.nan), np.arange(3), 0, 10) == {}
