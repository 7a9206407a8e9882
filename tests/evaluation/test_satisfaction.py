from __future__ import annotations

import numpy as np
from sklearn.metrics import f1_score, roc_auc_score

from affectlens.evaluation.estimate import resampled_estimate
from affectlens.evaluation.satisfaction import accuracy, area_under_curve, macro_f1, mean_of, resampled_difference

N_USERS = 12
GENERATOR = np.random.default_rng(0)
USER = GENERATOR.integers(0, N_USERS, 300)
TRUTH = GENERATOR.integers(0, 3, 300)
SCORE = np.round(GENERATOR.normal(size=300) + 0.5 * (TRUTH == 2), 1)
EVERYONE = np.ones((1, N_USERS))


def test_the_area_is_that_of_scikit_learn_ties_included() -> None:
    area = area_under_curve(TRUTH == 2, SCORE, USER, N_USERS)
    assert np.isclose(area(EVERYONE)[0], roc_auc_score(TRUTH == 2, SCORE))


def test_a_user_drawn_twice_counts_as_two_users() -> None:
    weights = np.ones((1, N_USERS))
    weights[0, 3] = 2
    rows = np.concatenate([np.arange(300), np.flatnonzero(USER == 3)])
    area = area_under_curve(TRUTH == 2, SCORE, USER, N_USERS)(weights)[0]
    assert np.isclose(area, roc_auc_score(TRUTH[rows] == 2, SCORE[rows]))
    predicted = np.where(SCORE > 0, 2, 0)
    assert np.isclose(
        macro_f1(TRUTH, predicted, USER, N_USERS)(weights)[0], f1_score(TRUTH[rows], predicted[rows], average="macro")
    )
    assert np.isclose(accuracy(TRUTH, predicted, USER, N_USERS)(weights)[0], (TRUTH[rows] == predicted[rows]).mean())


def test_one_who_is_always_right_is_right_in_every_draw_of_users() -> None:
    truth = np.repeat([0, 1, 2], [30, 30, 1])
    statistic = macro_f1(truth, truth, np.arange(61), 61)
    found = resampled_estimate(statistic, 61, seed=0)
    assert (found.value, found.lower, found.upper) == (1.0, 1.0, 1.0)


def test_a_metric_that_no_draw_has_makes_no_difference() -> None:
    nobody_displeased = area_under_curve(np.ones(300, dtype=bool), SCORE, USER, N_USERS)
    difference, p_value = resampled_difference(nobody_displeased, nobody_displeased, N_USERS, seed=0)
    assert np.isnan([difference.value, difference.lower, difference.upper]).all()
    assert p_value == 1.0


def test_draws_without_a_value_are_left_out_of_a_difference() -> None:
    one_displeased = area_under_curve(np.arange(300) > 0, SCORE, USER, N_USERS)
    difference, p_value = resampled_difference(mean_of([one_displeased]), one_displeased, N_USERS, seed=0)
    assert (difference.value, difference.lower, difference.upper, p_value) == (0.0, 0.0, 0.0, 1.0)


def test_the_difference_of_a_metric_with_itself_is_zero_and_not_significant() -> None:
    area = mean_of([area_under_curve(TRUTH == 2, SCORE, USER, N_USERS)] * 2)
    difference, p_value = resampled_difference(area, area, N_USERS, seed=0)
    assert (difference.value, difference.lower, difference.upper, p_value) == (0.0, 0.0, 0.0, 1.0)


def test_a_clear_difference_is_found() -> None:
    good = area_under_curve(TRUTH == 2, (TRUTH == 2) + 0.1 * SCORE, USER, N_USERS)
    bad = area_under_curve(TRUTH == 2, GENERATOR.normal(size=300), USER, N_USERS)
    difference, p_value = resampled_difference(good, bad, N_USERS, seed=0)
    assert difference.lower > 0.2
    assert p_value < 0.01
