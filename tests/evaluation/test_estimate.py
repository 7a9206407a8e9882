from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from affectlens.evaluation.estimate import (
    LEADERBOARD_COLUMNS,
    Estimate,
    leaderboard_rows,
    mean_estimate,
    paired_difference,
    resampled_estimate,
)


def test_the_interval_covers_the_true_mean_about_as_often_as_it_says() -> None:
    generator = np.random.default_rng(0)
    covered = 0
    for trial in range(100):
        estimate = mean_estimate(generator.exponential(size=60), seed=trial)
        covered += estimate.lower <= 1.0 <= estimate.upper
    assert 86 <= covered <= 99


def test_a_large_sample_has_the_interval_that_bca_would_give() -> None:
    values = np.random.default_rng(5).exponential(size=5000)
    estimate = mean_estimate(values, seed=0)
    bca = stats.bootstrap((values,), np.mean, n_resamples=2000, method="BCa", rng=np.random.default_rng(0), batch=50)
    width = bca.confidence_interval.high - bca.confidence_interval.low
    assert estimate.lower == pytest.approx(bca.confidence_interval.low, abs=0.05 * width)
    assert estimate.upper == pytest.approx(bca.confidence_interval.high, abs=0.05 * width)


def test_undefined_units_are_left_out_and_counted() -> None:
    estimate = mean_estimate(np.array([1.0, np.nan, 3.0, 2.0]), seed=0)
    assert estimate.n == 3
    assert estimate.value == 2.0


def test_no_units_give_an_undefined_estimate() -> None:
    estimate = mean_estimate(np.array([np.nan]), seed=0)
    assert estimate.n == 0
    assert np.isnan(estimate.value)


@settings(max_examples=20)
@given(arrays(float, st.integers(2, 30), elements=st.floats(-10, 10)))
def test_the_mean_lies_in_its_interval(values: np.ndarray) -> None:
    estimate = mean_estimate(values, seed=1)
    assert estimate.lower - 1e-9 <= estimate.value <= estimate.upper + 1e-9


def test_a_statistic_without_a_value_is_undefined() -> None:
    found = resampled_estimate(lambda weights: np.full(len(weights), np.nan), 5, seed=0)
    assert np.isnan([found.value, found.lower, found.upper]).all()
    assert found.n == 5


def test_resampled_mean_agrees_with_the_mean_estimate() -> None:
    values = np.random.default_rng(2).normal(size=400)
    weighted = resampled_estimate(lambda weights: weights @ values / weights.sum(axis=1), len(values), seed=0)
    direct = mean_estimate(values, seed=0)
    assert weighted.value == pytest.approx(direct.value)
    assert weighted.lower == pytest.approx(direct.lower, abs=0.02)
    assert weighted.upper == pytest.approx(direct.upper, abs=0.02)


def test_a_clear_paired_gain_has_a_small_p_and_no_gain_a_p_of_one() -> None:
    noise = np.random.default_rng(3).normal(size=100)
    gain, p_value = paired_difference(noise + 0.3, noise, seed=0)
    assert gain.lower > 0
    assert p_value < 0.01
    assert paired_difference(noise, noise, seed=0)[1] == 1.0


def test_the_sign_flip_p_agrees_with_scipy() -> None:
    difference = np.random.default_rng(4).normal(0.15, 1.0, size=100)
    _, p_value = paired_difference(difference, np.zeros(100), seed=0)
    other = stats.permutation_test(
        (difference,), np.mean, permutation_type="samples", n_resamples=20_000, rng=np.random.default_rng(1)
    )
    assert p_value == pytest.approx(other.pvalue, abs=0.03)


def test_paired_values_of_other_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="equal shapes"):
        paired_difference(np.zeros(3), np.zeros(4), seed=0)


def test_a_leaderboard_has_one_row_a_metric_in_the_public_columns() -> None:
    rows = leaderboard_rows(
        stage="emotion",
        model="tfidf",
        is_baseline=True,
        estimates={"macro_f1": Estimate(0.4, 0.3, 0.5, 10), "map": Estimate.exact(0.2, 10)},
        split="test",
        protocol="given",
        seed=7,
        dataset="embedded",
    )
    assert tuple(rows.columns) == LEADERBOARD_COLUMNS
    assert isinstance(rows, pd.DataFrame)
    assert rows["upper"].tolist() == [0.5, 0.2]
