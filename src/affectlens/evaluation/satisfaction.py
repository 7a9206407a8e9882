"""Was the user pleased? Area under the curve, accuracy and macro-F1, with users as the units of resampling."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from affectlens.evaluation.beyond_accuracy import set_estimate
from affectlens.evaluation.documents import row_mean
from affectlens.evaluation.emotion import counted_f1_statistic
from affectlens.evaluation.estimate import N_RESAMPLES, Estimate, percentile_estimate

# Maps user weights (B, U), how often each user was drawn, to the metric (B,).
Statistic = Callable[[np.ndarray], np.ndarray]


def area_under_curve(is_positive: np.ndarray, score: np.ndarray, user: np.ndarray, n_users: int) -> Statistic:
    """Probability that a positive row scores higher than a negative one, ties counting half.

    Args:
        is_positive: (n,) booleans.
        score: (n,).
        user: (n,) 0..n_users-1.
        n_users: U.

    >>> pleased, score = np.array([True, False, True]), np.array([0.9, 0.5, 0.5])
    >>> area_under_curve(pleased, score, np.array([0, 0, 1]), 2)(np.ones((1, 2))).tolist()  # (1 + 1/2) / 2
    [0.75]
    """
    better, worse = np.flatnonzero(is_positive), np.flatnonzero(~is_positive)
    won = (score[better, None] > score[None, worse]) + 0.5 * (score[better, None] == score[None, worse])
    wins = np.zeros((n_users, n_users))
    np.add.at(wins, (user[better][:, None], user[worse][None, :]), won)
    n_better, n_worse = (np.bincount(user[rows], minlength=n_users) for rows in (better, worse))

    def value(weights: np.ndarray) -> np.ndarray:
        with np.errstate(invalid="ignore"):
            area: np.ndarray = ((weights @ wins) * weights).sum(axis=1) / ((weights @ n_better) * (weights @ n_worse))
        return area

    return value


def area_over_users(
    is_positive: np.ndarray, score: np.ndarray, user: np.ndarray, *, n_groups: int, seed: int
) -> Estimate:
    """The same of many rows, with an interval that leaves out groups of users in turn.

    Args:
        is_positive: (n,) booleans.
        score: (n,).
        user: (n,) ids.
        n_groups: groups of users, at least 2.
        seed: of the groups.
    """
    codes = pd.factorize(user)[0]

    def area(rows_of_users: np.ndarray) -> float:
        kept = np.isin(codes, rows_of_users)
        ranks, positive = rankdata(score[kept]), is_positive[kept]
        n_positive, n_negative = positive.sum(), (~positive).sum()
        if min(n_positive, n_negative) == 0:
            return float("nan")
        return float((ranks[positive].sum() - n_positive * (n_positive + 1) / 2) / (n_positive * n_negative))

    n_users = int(codes.max()) + 1
    return set_estimate(area, n_users, n_groups=max(2, min(n_groups, n_users)), seed=seed)


def accuracy(truth: np.ndarray, predicted: np.ndarray, user: np.ndarray, n_users: int) -> Statistic:
    """Share of rows that are named right.

    >>> accuracy(np.array([0, 1]), np.array([0, 0]), np.array([0, 1]), 2)(np.array([[1, 1], [3, 1]])).tolist()
    [0.5, 0.75]
    """
    right = np.bincount(user, weights=truth == predicted, minlength=n_users)
    total = np.bincount(user, minlength=n_users)
    return lambda weights: (weights @ right) / (weights @ total)


def macro_f1(truth: np.ndarray, predicted: np.ndarray, user: np.ndarray, n_users: int) -> Statistic:
    """Mean over the classes that occur among the drawn users of 2 TP / (2 TP + FP + FN).

    >>> macro_f1(np.array([0, 1]), np.array([0, 0]), np.array([0, 0]), 1)(np.ones((1, 1))).round(4).tolist()
    [0.3333]
    """
    classes = np.unique(truth)
    present, named = truth[:, None] == classes, predicted[:, None] == classes

    def by_user(marked: np.ndarray) -> np.ndarray:
        return np.column_stack([np.bincount(user, weights=column, minlength=n_users) for column in marked.T])

    statistic = counted_f1_statistic(by_user(present & named), by_user(present), by_user(named))
    return lambda weights: statistic.of(weights)[:, 0]


def mean_of(statistics: Sequence[Statistic]) -> Statistic:
    """The mean of a metric over repeated splits of the same users."""
    return lambda weights: row_mean(np.column_stack([statistic(weights) for statistic in statistics]))


def resampled_difference(a: Statistic, b: Statistic, n_users: int, seed: int) -> tuple[Estimate, float]:
    """The difference a - b with its percentile interval over draws of users, and its two-sided bootstrap p-value.

    Draws without a value are left out. Where there is no other the estimate is undefined, and the p-value 1.
    """
    generator = np.random.default_rng(seed)
    weights = generator.multinomial(n_users, np.full(n_users, 1.0 / n_users), size=N_RESAMPLES).astype(np.float64)
    everyone = np.ones((1, n_users))
    draws = a(weights) - b(weights)
    estimate = percentile_estimate(float((a(everyone) - b(everyone))[0]), draws, n_users)
    if np.isnan(estimate.value):
        return estimate, 1.0
    rarer = min((draws <= 0).sum(), (draws >= 0).sum())
    return estimate, min(1.0, 2.0 * (rarer + 1) / ((~np.isnan(draws)).sum() + 1))
