from __future__ import annotations

import numpy as np

from affectlens.evaluation.estimate import mean_estimate
from affectlens.evaluation.grouped import group_gap, mean_estimates, resampled_means


def test_means_and_intervals_agree_with_those_of_one_column_alone() -> None:
    values = np.random.default_rng(0).beta(2, 5, 800)
    joint, alone = mean_estimates({"a": values}, seed=1)["a"], mean_estimate(values, seed=1)
    assert np.isclose(joint.value, alone.value)
    assert abs(joint.lower - alone.lower) < 0.002
    assert abs(joint.upper - alone.upper) < 0.002


def test_undefined_cells_are_left_out_of_their_column_only() -> None:
    values = np.array([0.0, 1.0, np.nan, np.nan])
    found = mean_estimates({"a": values, "b": np.ones(4), "c": np.full(4, np.nan)}, seed=0)
    assert (found["a"].value, found["a"].n) == (0.5, 2)
    assert (found["b"].value, found["b"].n) == (1.0, 4)
    assert np.isnan(found["c"].value)
    assert found["c"].n == 0


def test_columns_are_resampled_together() -> None:
    values = np.random.default_rng(0).normal(size=(50, 1))
    draws = resampled_means(np.hstack([values, values + 1.0]), seed=0)
    assert np.allclose(draws[:, 1] - draws[:, 0], 1.0)


def test_small_groups_are_merged_before_a_gap_is_taken() -> None:
    values, group = np.array([0.0] * 10 + [1.0] * 3 + [2.0] * 3), np.array([0] * 10 + [1] * 3 + [2] * 3)
    assert np.isclose(group_gap(values, group, 3, seed=0).value, 2.0)
    assert np.isclose(group_gap(values, group, 5, seed=0).value, 1.5)
    assert np.isnan(group_gap(values, group, 20, seed=0).value)


def test_what_is_left_of_small_groups_counts_only_if_it_is_large_enough() -> None:
    values, group = np.array([0.0] * 10 + [1.0] * 8 + [9.0] * 2 + [5.0]), np.array([0] * 10 + [1] * 8 + [2] * 2 + [3])
    gap = group_gap(values, group, 5, seed=0)
    assert (gap.value, gap.n) == (1.0, 18)
    assert group_gap(values[:10], np.array([0] * 8 + [1, 2]), 5, seed=0).n == 8


def test_users_without_a_group_or_a_value_do_not_count() -> None:
    values, group = np.array([0.0, 1.0, np.nan, 5.0]), np.array([0, 1, 1, -1])
    gap = group_gap(values, group, 1, seed=0)
    assert (gap.value, gap.n) == (1.0, 2)
