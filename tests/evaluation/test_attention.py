from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from affectlens.evaluation.attention import (
    concentration,
    effective_number,
    gini,
    lorenz_curve,
    rank_size_curve,
    top_share,
)

COUNTS = npst.arrays(np.int64, st.integers(2, 40), elements=st.integers(0, 50)).filter(lambda x: x.any())


def gini_by_pairs(x: np.ndarray) -> float:
    """Mean absolute difference of two different units over twice the mean: another route to the corrected value."""
    n = x.size
    return float(np.abs(x[:, None] - x[None, :]).sum() / (n * (n - 1)) / (2 * x.mean()))


@given(COUNTS)
def test_gini_equals_the_mean_difference_of_pairs(x: np.ndarray) -> None:
    assert gini(x.astype(float)) == pytest.approx(gini_by_pairs(x))


@given(COUNTS, st.floats(0.1, 100))
def test_gini_lies_between_zero_and_one_and_ignores_scale_and_order(x: np.ndarray, scale: float) -> None:
    value = gini(x.astype(float))
    assert -1e-12 <= value <= 1 + 1e-12
    assert gini(scale * x[::-1]) == pytest.approx(value, abs=1e-9)


def test_gini_counts_units_without_attention() -> None:
    assert gini(np.array([1.0, 1.0, 0.0, 0.0])) > gini(np.array([1.0, 1.0])) == 0.0


@pytest.mark.parametrize("attention", [np.zeros(3), np.array([4.0]), np.empty(0)])
def test_gini_is_undefined_without_attention_or_with_one_unit(attention: np.ndarray) -> None:
    assert np.isnan(gini(attention))


@pytest.mark.parametrize("bad", [-1.0, np.nan, np.inf])
def test_attention_that_is_negative_or_not_finite_is_refused(bad: float) -> None:
    with pytest.raises(ValueError, match="negative or non-finite"):
        gini(np.array([1.0, bad]))


@given(COUNTS, st.floats(0.01, 1.0))
def test_top_share_is_what_the_largest_units_hold(x: np.ndarray, share: float) -> None:
    largest = np.sort(x)[::-1][: int(np.ceil(share * x.size - 1e-9))]
    assert top_share(x.astype(float), share) == pytest.approx(largest.sum() / x.sum())


def test_a_tenth_of_thirty_units_is_three_of_them() -> None:
    assert top_share(np.array([10.0] * 3 + [0.0] * 27), 0.1) == 1.0
    assert top_share(np.arange(1.0, 31.0), 0.1) == pytest.approx((28 + 29 + 30) / 465)


@given(COUNTS)
def test_effective_numbers_lie_between_one_and_the_number_of_units_with_attention(x: np.ndarray) -> None:
    shannon, simpson = (effective_number(x.astype(float), order) for order in (1, 2))
    assert 1 - 1e-9 <= simpson <= shannon + 1e-9
    assert shannon <= (x > 0).sum() + 1e-9


def test_equal_attention_counts_every_unit() -> None:
    assert effective_number(np.full(7, 3.0), 1) == pytest.approx(7)
    assert effective_number(np.full(7, 3.0), 2) == pytest.approx(7)
    with pytest.raises(ValueError, match="order"):
        effective_number(np.ones(3), 3)


@given(COUNTS)
def test_the_lorenz_curve_rises_below_the_diagonal_and_its_area_gives_the_gini(x: np.ndarray) -> None:
    units, held = lorenz_curve(x.astype(float), x.size + 1)
    assert (held <= units + 1e-9).all()
    assert (np.diff(held) >= -1e-12).all()
    assert (held[0], held[-1]) == (0.0, pytest.approx(1.0))
    uncorrected = 1 - 2 * np.trapezoid(held, units)
    assert uncorrected * x.size / (x.size - 1) == pytest.approx(gini(x.astype(float)), abs=1e-9)


def test_curves_without_attention_are_empty() -> None:
    assert all(axis.size == 0 for axis in lorenz_curve(np.zeros(4), 5))
    assert all(axis.size == 0 for axis in rank_size_curve(np.zeros(4), 5))


@given(COUNTS)
def test_the_rank_size_curve_never_rises_and_ends_at_the_smallest_unit_with_attention(x: np.ndarray) -> None:
    ranks, sizes = rank_size_curve(x.astype(float), 10)
    assert (np.diff(ranks) > 0).all()
    assert (np.diff(sizes) <= 0).all()
    assert (sizes[0], sizes[-1]) == (x.max(), x[x > 0].min())


def test_concentration_gives_the_plain_figures_with_an_interval_around_them() -> None:
    x = np.random.default_rng(0).pareto(1.5, 400)
    found = concentration(x, [0.1], seed=1, n_resamples=400)
    assert found["gini"].value == pytest.approx(gini(x))
    assert found["top_10_percent_share"].value == pytest.approx(top_share(x, 0.1))
    assert found["effective_number"].value == pytest.approx(effective_number(x, 1))
    assert found["zero_share"].value == 0.0
    assert found["gini"].lower < found["gini"].value < found["gini"].upper
    assert found["gini"].n == 400


def test_the_interval_of_the_gini_covers_the_truth_about_as_often_as_it_says() -> None:
    truth = 0.5  # of the exponential law
    draws = np.random.default_rng(5).exponential(size=(120, 150))
    found = [concentration(x, [0.1], seed=3, n_resamples=200)["gini"] for x in draws]
    covered = np.mean([estimate.lower <= truth <= estimate.upper for estimate in found])
    assert 0.88 <= covered <= 1.0


def test_concentration_of_nothing_is_undefined_not_zero() -> None:
    found = concentration(np.zeros(5), [0.1], seed=1, n_resamples=50)
    assert all(np.isnan(estimate.value) for estimate in found.values())
    assert {estimate.n for estimate in found.values()} == {5}


def test_the_order_of_the_units_changes_no_interval() -> None:
    x = np.random.default_rng(2).poisson(2, 200).astype(float)
    assert concentration(x, [0.1], seed=4, n_resamples=50) == concentration(x[::-1], [0.1], seed=4, n_resamples=50)


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("size", [1e-200, 1e200])
def test_the_effective_number_does_not_depend_on_the_unit(order: int, size: float) -> None:
    assert effective_number(np.array([size, size, 0.0]), order) == pytest.approx(2.0)
