from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from affectlens.evaluation.beyond_accuracy import (
    catalogue_coverage,
    exposure_gini,
    intra_list_diversity,
    novelty,
    popularity_lift,
    serendipity,
    set_estimate,
)

many_lists = st.lists(st.permutations(range(8)).map(lambda order: order[:3]), min_size=1, max_size=10)


@given(many_lists)
def test_coverage_and_gini_lie_between_zero_and_one_and_forget_the_order(lists) -> None:
    one, two = np.array(lists), np.array([row[::-1] for row in reversed(lists)])
    for statistic in (catalogue_coverage, exposure_gini):
        assert 0.0 <= statistic(one, 8) <= 1.0
        assert statistic(one, 8) == statistic(two, 8)


def test_showing_everything_equally_often_is_full_coverage_without_inequality() -> None:
    lists = np.arange(12).reshape(4, 3)
    assert catalogue_coverage(lists, 12) == 1.0
    assert exposure_gini(lists, 12) == pytest.approx(0.0)


def test_nothing_listed_leaves_gini_undefined() -> None:
    assert np.isnan(exposure_gini(np.full((2, 3), -1), 5))


@given(many_lists)
def test_diversity_agrees_with_a_loop_over_pairs(lists) -> None:
    vectors = np.random.default_rng(0).normal(size=(8, 3))
    lists = np.array(lists)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    expected = [np.mean([1 - unit[a] @ unit[b] for a, b in itertools.permutations(row, 2)]) for row in lists]
    assert intra_list_diversity(lists, vectors, np.ones(8, dtype=bool)) == pytest.approx(np.array(expected))


def test_diversity_leaves_items_without_a_vector_out() -> None:
    vectors = np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]])
    lists = np.array([[0, 1, 2], [0, 2, -1]])
    found = intra_list_diversity(lists, vectors, np.array([True, True, False]))
    assert found[0] == pytest.approx(1.0)
    assert np.isnan(found[1])


def test_diversity_leaves_vectors_of_zeros_out() -> None:
    vectors = np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]])
    found = intra_list_diversity(np.array([[0, 1, 2], [0, 2, 2]]), vectors, np.ones(3, dtype=bool))
    assert found[0] == pytest.approx(1.0)
    assert np.isnan(found[1])


def test_serendipity_is_undefined_only_for_one_who_has_nothing_to_find() -> None:
    lists, missed = np.array([[1, 2], [1, 2]]), np.zeros((2, 2), dtype=bool)
    found = serendipity(lists, missed, np.array([True, False]), np.array([9, 5, 1]))
    assert found[0] == 0.0
    assert np.isnan(found[1])


def test_recommending_the_history_lifts_nothing() -> None:
    popularity = np.array([5, 1, 3])
    assert popularity_lift(np.array([[0, 1]]), popularity, np.array([3.0])).tolist() == [0.0]


@pytest.mark.parametrize("history", [np.nan, 0.0])
def test_lift_over_no_history_is_undefined(history) -> None:
    assert np.isnan(popularity_lift(np.array([[0, 1]]), np.array([5, 1]), np.array([history]))).all()


def test_an_item_that_nobody_consumed_is_as_new_as_one_consumed_by_half_a_user() -> None:
    assert novelty(np.array([[0, -1]]), np.array([0, 9]), 8).tolist() == [4.0]


def test_what_everybody_consumed_is_not_new() -> None:
    assert novelty(np.array([[0, 1]]), np.array([7, 7]), 7).tolist() == [0.0]


def test_the_interval_of_a_mean_is_the_textbook_one() -> None:
    values = np.random.default_rng(0).random(400)
    found = set_estimate(lambda rows: float(values[rows].mean()), 400, n_groups=400, seed=0)
    error = values.std(ddof=1) / np.sqrt(400)
    assert found.value == pytest.approx(values.mean())
    assert found.upper - found.value == pytest.approx(1.966 * error, rel=0.01)


def test_the_interval_of_coverage_holds_the_value_of_fresh_users() -> None:
    generator = np.random.default_rng(0)
    share = generator.dirichlet(np.full(300, 0.3))

    def lists() -> np.ndarray:
        return np.array([generator.choice(300, size=5, replace=False, p=share) for _ in range(200)])

    truth = np.mean([catalogue_coverage(lists(), 300) for _ in range(40)])
    held = 0
    for seed in range(40):
        drawn = lists()
        found = set_estimate(
            lambda rows, drawn=drawn: catalogue_coverage(drawn[rows], 300), 200, n_groups=20, seed=seed
        )
        held += found.lower <= truth <= found.upper
    assert held >= 34


def test_fewer_users_than_groups_leave_the_interval_undefined() -> None:
    assert np.isnan(set_estimate(lambda rows: 0.5, 3, n_groups=5, seed=0).value)
