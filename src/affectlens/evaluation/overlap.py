"""Overlap of a logging and a target policy: may the log speak about the target at all?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from affectlens.evaluation.estimate import Estimate
from affectlens.evaluation.off_policy import check_target, importance_weights
from affectlens.evaluation.resampling import Resampling

_TOLERANCE = 1e-6


@dataclass(frozen=True)
class Health:
    """Whether a log can speak about a target policy at all.

    Attributes:
        n: number of logged rows.
        n_eff: effective sample size (sum w)^2 / sum w^2, in rows.
        max_weight_share: largest w / sum w, in [0, 1].
        mean_weight: mean of w; its expectation is 1 where the logging policy supports the target policy.
        support_gap: share of the target policy's probability that lies on arms the log never shows.
    """

    n: int
    n_eff: float
    max_weight_share: float
    mean_weight: Estimate
    support_gap: float

    def is_healthy(self, min_n_eff: float, max_support_gap: float) -> bool:
        """True if enough effective rows remain, support is full and the interval of the mean weight holds 1."""
        holds_one = self.mean_weight.lower - _TOLERANCE <= 1.0 <= self.mean_weight.upper + _TOLERANCE
        return bool(self.n_eff >= min_n_eff and self.support_gap <= max_support_gap and holds_one)


def health(
    propensity: np.ndarray, target_probability: np.ndarray, support_gap: float, resampling: Resampling
) -> Health:
    """Figures that must stand beside every off-policy estimate.

    Args:
        propensity: (n,) probability in (0, 1] with which the logging policy chose the action.
        target_probability: (n,) probability of that action under the target policy.
        support_gap: from `support_gap_of`.
        resampling: how the log's units are drawn again.

    Raises:
        ValueError: the arrays differ in length, or a probability lies outside its range.

    >>> log = Resampling.of(np.arange(3), seed=0)
    >>> figures = health(np.array([0.5, 0.5, 0.25]), np.array([0.5, 0.5, 0.5]), 0.0, log)
    >>> round(figures.n_eff, 3), figures.max_weight_share     # w = 1, 1, 2
    (2.667, 0.5)
    """
    weight = importance_weights(propensity, target_probability)
    total, squares = weight.sum(), float(weight @ weight)
    n_eff, largest = (float(total**2 / squares), float(weight.max() / total)) if squares > 0 else (0.0, float("nan"))
    return Health(len(weight), n_eff, largest, resampling.mean(weight), support_gap)


def support_gap_of(action: np.ndarray, target: np.ndarray) -> float:
    """Share of the target policy's probability on arms that the log never shows.

    Args:
        action: (n,) index of the logged action.
        target: (n, A) probability of each arm under the target policy.

    Raises:
        ValueError: the arrays differ in length, or the target is no distribution over the arms.

    >>> support_gap_of(np.array([0, 1, 0]), np.array([[0.5, 0.25, 0.25], [1.0, 0.0, 0.0], [0.0, 0.5, 0.5]]))
    0.25
    """
    check_target(action, target)
    never_shown = np.bincount(action, minlength=target.shape[1]) == 0
    return float(target[:, never_shown].sum(axis=1).mean())
