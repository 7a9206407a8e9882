"""Heavy tails: a discrete power law above a threshold, and whether a log-normal fits that tail better."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from affectlens.evaluation.estimate import Estimate

LEAST_TAIL = 50  # points below which an exponent is not reported
_MOST_CANDIDATES = 50
_RANGES = {"alpha": [1.0, 30.0]}  # the library's own ends at 3, and says so of no fit that hits it


@dataclass(frozen=True)
class TailFit:
    """A power law p(x) ~ x^-alpha for x >= x_min, and its rival.

    Attributes:
        exponent: alpha with its interval from the Fisher information; `n` counts the tail. NaN for a short tail.
        x_min: smallest value of the tail.
        zipf: 1 / (alpha - 1), the slope of size over rank.
        log_ratio: normalised log-likelihood ratio against a log-normal on the same tail; below 0 that fits better.
        p_value: of that ratio being 0; large means that the data do not tell the two apart.
    """

    exponent: Estimate
    x_min: float
    zipf: float
    log_ratio: float
    p_value: float


def tail_fit(attention: np.ndarray) -> TailFit:
    """Exponent of the tail of whole numbers, the threshold chosen by the Kolmogorov-Smirnov distance.

    Departs from Clauset et al. in one point: at most 50 thresholds are tried, at even quantiles of the distinct values,
    since trying every one of ten thousand changes little and takes minutes.

    Args:
        attention: (n,) non-negative whole numbers; zeros belong to no tail.

    Source: Clauset, Shalizi & Newman 2009, "Power-Law Distributions in Empirical Data"; library `powerlaw`.

    Half of the values are 1, a quarter 2, an eighth 4, and so on: P(x >= 2^k) = 2^-k, so alpha - 1 is close to 1.

    >>> doubling = np.repeat(2.0 ** np.arange(9), 2 ** np.arange(9)[::-1])
    >>> 1.8 < tail_fit(doubling).exponent.value < 2.3
    True
    >>> tail_fit(np.array([1.0, 2.0, 3.0])).exponent.n
    0
    """
    sizes = np.asarray(attention, dtype=np.float64)
    sizes = sizes[sizes > 0]
    fits = [_fit(sizes, threshold) for threshold in _candidates(sizes)]
    fits = [fit for fit in fits if np.isfinite(fit.power_law.D) and fit.power_law.alpha > 1]
    if not fits:
        return TailFit(Estimate.undefined(0), float("nan"), float("nan"), float("nan"), float("nan"))
    best = min(fits, key=lambda fit: float(fit.power_law.D))
    n_tail = int((sizes >= best.xmin).sum())
    alpha = float(best.power_law.alpha)
    spread = 1.96 * (alpha - 1) / np.sqrt(n_tail)
    with warnings.catch_warnings():  # the library warns of every step of its log-normal search
        warnings.simplefilter("ignore")
        ratio, p_value = best.distribution_compare("power_law", "lognormal", normalized_ratio=True)
    exponent = Estimate(alpha, alpha - spread, alpha + spread, n_tail)
    return TailFit(exponent, float(best.xmin), 1 / (alpha - 1), float(ratio), float(p_value))


def _candidates(sizes: np.ndarray) -> np.ndarray:
    """Thresholds that leave a tail of enough points with more than one value."""
    ordered = np.sort(sizes)
    if ordered.size < LEAST_TAIL:
        return np.empty(0)
    possible: np.ndarray = np.unique(ordered[: ordered.size - LEAST_TAIL + 1])
    possible = possible[possible < ordered[-1]]
    if possible.size <= _MOST_CANDIDATES:
        return possible
    chosen: np.ndarray = possible[np.linspace(0, possible.size - 1, _MOST_CANDIDATES).astype(int)]
    return chosen


def _fit(sizes: np.ndarray, threshold: float) -> Any:
    import powerlaw

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = powerlaw.Fit(sizes, discrete=True, xmin=threshold, parameter_ranges=_RANGES, verbose=False)
        fit.power_law.compute_distance_metrics()
        return fit
