"""How long attention lasts: the median age at which a content had half of its attention, with censoring."""

from __future__ import annotations

import numpy as np
from statsmodels.duration.survfunc import SurvfuncRight

from affectlens.evaluation.estimate import Estimate

LEAST_ATTENTION = 20  # of a content, below which its half-life says nothing


def half_life(half_age: np.ndarray, attention: np.ndarray, observed: np.ndarray, horizon: float) -> Estimate:
    """Median half-life by Kaplan-Meier, with its interval by the log transform; `n` counts the contents followed.

    A content that is younger than the horizon is censored at the age at which it had half of what it has so far: its
    half-life is at least that. A content with less than 20 attention is left out.

    Args:
        half_age: (n,) age at which half of the attention within the horizon, or so far, was reached.
        attention: (n,) attention within the horizon, or so far.
        observed: (n,) age of the content at the end of the data.
        horizon: age at which attention is taken as complete.

    Returns:
        NaN where fewer than half of the contents reach their half-life.

    Source: Kaplan & Meier 1958; library `statsmodels`.

    Of three contents one is censored at 3 before the others end at 4 and 6: the curve falls to 1/2 at 4.

    >>> half_life(np.array([4.0, 6.0, 3.0]), np.full(3, 50), np.array([90.0, 90.0, 8.0]), 60.0).value
    4.0
    """
    followed = attention >= LEAST_ATTENTION
    if not followed.any():
        return Estimate.undefined(0)
    is_complete = observed[followed] >= horizon
    if not is_complete.any():
        return Estimate.undefined(int(followed.sum()))
    curve = SurvfuncRight(half_age[followed], is_complete.astype(float))
    reached = curve.surv_times[curve.surv_prob <= 0.5 + 1e-12]
    value = float(reached[0]) if reached.size else float("nan")
    with np.errstate(divide="ignore", invalid="ignore"):
        lower, upper = (float(end) for end in curve.quantile_ci(0.5, method="log"))
    return Estimate(value, lower, upper, int(followed.sum()))


def survival_curve(
    half_age: np.ndarray, attention: np.ndarray, observed: np.ndarray, horizon: float
) -> tuple[np.ndarray, np.ndarray]:
    """Ages, and the share of contents that have not yet had half of their attention; empty without complete contents.

    >>> [axis.tolist() for axis in survival_curve(np.array([4.0, 6.0]), np.full(2, 50), np.full(2, 90.0), 60.0)]
    [[0.0, 4.0, 6.0], [1.0, 0.5, 0.0]]
    """
    followed = attention >= LEAST_ATTENTION
    is_complete = observed[followed] >= horizon
    if not is_complete.any():
        return np.empty(0), np.empty(0)
    curve = SurvfuncRight(half_age[followed], is_complete.astype(float))
    return np.concatenate([[0.0], curve.surv_times]), np.concatenate([[1.0], curve.surv_prob])
