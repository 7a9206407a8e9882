from __future__ import annotations

import numpy as np
import pytest

from affectlens.evaluation.resampling import Resampling


def test_renaming_the_units_changes_nothing() -> None:
    values = np.random.default_rng(0).random(12)
    units = np.array(["a", "b", "c", "a", "d", "b"] * 2)
    renamed = np.array(["z", "y", "a", "z", "b", "y"] * 2)
    assert Resampling.of(units, seed=1).mean(values) == Resampling.of(renamed, seed=1).mean(values)


def test_every_resample_draws_as_many_units_as_there_are() -> None:
    resampling = Resampling.of(np.array([5, 5, 7, 9]), seed=0, n_resamples=30)
    assert resampling.counts.shape == (30, 3)
    assert set(resampling.counts.sum(axis=1)) == {3.0}


def test_unit_totals_are_in_order_of_first_appearance() -> None:
    resampling = Resampling.of(np.array(["b", "a", "b"]), seed=0)
    assert resampling.unit_totals(np.array([1.0, 2.0, 4.0])).tolist() == [5.0, 2.0]


def test_the_mean_is_over_rows_and_the_spread_over_units() -> None:
    estimate = Resampling.of(np.array([0, 0, 0, 1]), seed=0).mean(np.array([1.0, 1.0, 1.0, 0.0]))
    assert estimate.value == 0.75
    assert (estimate.lower, estimate.upper, estimate.n) == (0.0, 1.0, 2)


def test_the_same_seed_draws_the_same_and_another_seed_another() -> None:
    units = np.arange(20)
    first, again, other = (Resampling.of(units, seed=seed).counts for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_log_without_rows_is_refused() -> None:
    with pytest.raises(ValueError, match="without rows"):
        Resampling.of(np.array([]), seed=0)
