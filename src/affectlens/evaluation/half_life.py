"""How long attention lasts: the median age at which a content had half of its attention, of contents old enough."""

from __future__ import annotations

import numpy as np
from scipy import stats

from affectlens.evaluation.estimate import Estimate

LEAST_ATTENTION = 20  # of a content, below which its half-life says nothing
LEAST_CONTENTS = 6  # below which a median has no 95 % interval


def half_life(half_age: np.ndarray, attention: np.ndarray, observed: np.ndarray, horizon: float) -> Estimate:
    """Median half-life of the contents that were followed to the horizon, with its interval by order statistics.

    A content that is younger is left out. It is no censored observation: the age at which it had half of what it has so
    far lies near its half-life where attention fades fast, and Kaplan-Meier would take its end of life for a survival.
    A content's age does not depend on its half-life, so those that are old enough stand for all. A content with less
    than 20 attention is left out too.

    Args:
        half_age: (n,) age at which half of the attention within the horizon, or so far, was reached.
        attention: (n,) attention within the horizon, or so far.
        observed: (n,) age of the content at the end of the data.
        horizon: age at which attention is taken as complete.

    Returns:
        NaN for fewer than six contents; `n` counts those used.

    Source: Thompson 1936, "On Confidence Ranges for the Median", by `scipy.stats.quantile_test`.

    >>> half_life(np.array([9.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]), np.full(7, 50), np.array([8.0, *[90.0] * 6]), 60.0)
    Estimate(value=4.5, lower=2.0, upper=7.0, n=6)
    """
    halves = _complete(half_age, attention, observed, horizon)
    if halves.size < LEAST_CONTENTS:
        return Estimate.undefined(int(halves.size))
    interval = stats.quantile_test(halves, p=0.5).confidence_interval()
    return Estimate(float(np.median(halves)), float(interval.low), float(interval.high), int(halves.size))


def survival_curve(
    half_age: np.ndarray, attention: np.ndarray, observed: np.ndarray, horizon: float
) -> tuple[np.ndarray, np.ndarray]:
    """Ages, and the share of the same contents that have not yet had half of their attention; empty where undefined.

    >>> axes = survival_curve(np.repeat([4.0, 6.0], 3), np.full(6, 50), np.full(6, 90.0), 60.0)
    >>> [axis.tolist() for axis in axes]
    [[0.0, 4.0, 6.0], [1.0, 0.5, 0.0]]
    """
    halves = _complete(half_age, attention, observed, horizon)
    if halves.size < LEAST_CONTENTS:
        return np.empty(0), np.empty(0)
    curve = stats.ecdf(halves).sf
    return np.concatenate([[0.0], curve.quantiles]), np.concatenate([[1.0], curve.probabilities])


def _complete(half_age: np.ndarray, attention: np.ndarray, observed: np.ndarray, horizon: float) -> np.ndarray:
    halves: np.ndarray = half_age[(attention >= LEAST_ATTENTION) & (observed >= horizon)]
    return halves
