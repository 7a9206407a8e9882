"""How long attention lasts: the median age at which a content had half of its attention."""

from __future__ import annotations

import numpy as np
from statsmodels.duration.survfunc import SurvfuncRight

from affectlens.evaluation.estimate import Estimate

LEAST_ATTENTION = 20  # of a content, below which its half-life says nothing


def half_life(half_age: np.ndarray, attention: np.ndarray, observed: np.ndarray, horizon: float) -> Estimate:
    """Median half-life, with its interval by the log transform; `n` counts the contents that it is of.

    A content that is younger than the horizon is left out, since nobody knows yet of what its attention is half. To
    censor it at the age at which it had half of what it has so far, as if that were a lower bound like any other, would
    bias the median upwards: where attention fades quickly, that age is its half-life. A content with less than 20
    attention is left out too.

    Args:
        half_age: (n,) age at which half of the attention within the horizon, or so far, was reached.
        attention: (n,) attention within the horizon, or so far.
        observed: (n,) age of the content at the end of the data.
        horizon: age at which attention is taken as complete.

    Returns:
        NaN where no content is complete.

    Source: Brookmeyer & Crowley 1982, "A confidence interval for the median survival time"; library `statsmodels`.

    >>> half_life(np.array([4.0, 6.0, 3.0]), np.full(3, 50), np.array([90.0, 90.0, 8.0]), 60.0).value
    4.0
    """
    ages = half_age[_is_known(attention, observed, horizon)]
    if not ages.size:
        return Estimate.undefined(0)
    curve = SurvfuncRight(ages, np.ones(ages.size))
    value = float(curve.surv_times[curve.surv_prob <= 0.5 + 1e-12][0])
    with np.errstate(divide="ignore", invalid="ignore"):
        lower, upper = (float(end) for end in curve.quantile_ci(0.5, method="log"))
    return Estimate(value, lower, upper, ages.size)


def survival_curve(
    half_age: np.ndarray, attention: np.ndarray, observed: np.ndarray, horizon: float
) -> tuple[np.ndarray, np.ndarray]:
    """Ages, and the share of contents that have not yet had half of their attention; empty without complete contents.

    >>> [axis.tolist() for axis in survival_curve(np.array([4.0, 6.0]), np.full(2, 50), np.full(2, 90.0), 60.0)]
    [[0.0, 4.0, 6.0], [1.0, 0.5, 0.0]]
    """
    ages = half_age[_is_known(attention, observed, horizon)]
    if not ages.size:
        return np.empty(0), np.empty(0)
    curve = SurvfuncRight(ages, np.ones(ages.size))
    return np.concatenate([[0.0], curve.surv_times]), np.concatenate([[1.0], curve.surv_prob])


def _is_known(attention: np.ndarray, observed: np.ndarray, horizon: float) -> np.ndarray:
    known: np.ndarray = (attention >= LEAST_ATTENTION) & (observed >= horizon)
    return known
