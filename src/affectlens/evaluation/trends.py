"""Whether something rises or falls: a robust slope with a test for dependent series, pooled and within authors."""

from __future__ import annotations

import numpy as np
import pymannkendall
from scipy import stats

from affectlens.evaluation.estimate import Estimate

LEAST_WINDOWS = 8  # below which no trend is tested


def monotone_trend(times: np.ndarray, values: np.ndarray) -> tuple[Estimate, float]:
    """Theil-Sen slope with its 95 % interval, and the p-value of Mann-Kendall's test with Hamed and Rao's variance.

    That variance is never taken as smaller than that of independent windows: estimated from few of them it may come out
    near zero or below.

    Args:
        times: (n,) rising.
        values: (n,) one value a window; NaN windows are left out.

    Returns:
        Slope a unit of time, `n` counting the windows; NaN for fewer than eight windows.

    Source: Sen 1968; Hamed & Rao 1998, "A modified Mann-Kendall trend test for autocorrelated data".

    >>> slope, p = monotone_trend(np.arange(10.0), 3 + 2 * np.arange(10.0))
    >>> slope.value, p < 0.01
    (2.0, True)
    """
    kept = ~np.isnan(values)
    times, values = times[kept], values[kept]
    if values.size < LEAST_WINDOWS:
        return Estimate.undefined(int(values.size)), float("nan")
    if np.ptp(values) == 0:
        return Estimate.exact(0.0, int(values.size)), 1.0
    slope, _, lower, upper = stats.theilslopes(values, times, alpha=0.95)
    is_straight = np.ptp(values - slope * times) < 1e-9 * np.ptp(values)  # then no dependence is left that would matter
    p_value = _mann_kendall(values, is_dependent=not is_straight)
    return Estimate(float(slope), float(lower), float(upper), int(values.size)), p_value


def _mann_kendall(values: np.ndarray, is_dependent: bool) -> float:
    """The p-value by the normal tail itself, since the library's 1 - cdf is 0 beyond eight standard deviations."""
    plain = pymannkendall.original_test(values)
    variance = float(plain.var_s)
    if is_dependent:
        with np.errstate(invalid="ignore", divide="ignore"):
            variance = max(variance, float(pymannkendall.hamed_rao_modification_test(values).var_s))
    return float(2 * stats.norm.sf(max(abs(plain.s) - 1, 0) / np.sqrt(variance)))


def author_trends(times: np.ndarray, values: np.ndarray, authors: np.ndarray) -> tuple[Estimate, Estimate]:
    """Slope of posts over time, pooled, and within authors (each compared with their own mean).

    The first may rise because other people come, the second only because people change. Intervals allow for dependence
    within an author (sandwich, and t by the number of authors who differ in time); `n` counts the posts.

    Args:
        times: (n,) of each post.
        values: (n,) of each post.
        authors: (n,) of each post.

    Returns:
        Pooled and within; NaN where nothing varies, or with one author alone.

    Source: Cameron & Miller 2015, "A Practitioner's Guide to Cluster-Robust Inference".

    Two authors who never change, the second of whom comes later and writes longer: a trend, but no one's own.

    >>> pooled, within = author_trends(np.arange(4.0), np.array([1.0, 1, 3, 3]), np.array([0, 0, 1, 1]))
    >>> pooled.value, within.value
    (0.8, 0.0)
    """
    _, author = np.unique(authors, return_inverse=True)
    everyone = np.zeros(author.size, dtype=np.int64)
    return _slope(times, values, everyone, author), _slope(times, values, author, author)


def _slope(times: np.ndarray, values: np.ndarray, group: np.ndarray, author: np.ndarray) -> Estimate:
    """Slope with one mean a group, its interval by author."""
    x, y = _centred(times, group), _centred(values, group)
    spread = float(x @ x)
    n_authors = np.unique(author[np.abs(x) > 1e-9]).size  # one with a single post tells nothing of what changes within
    if spread < 1e-12 or n_authors < 2:
        return Estimate.undefined(int(values.size))
    slope = float(x @ y) / spread
    scores = np.bincount(author, weights=x * (y - slope * x))
    quantile = float(stats.t.ppf(0.975, n_authors - 1))
    error = quantile * float(np.sqrt((scores**2).sum() * n_authors / (n_authors - 1))) / spread
    return Estimate(slope, slope - error, slope + error, int(values.size))


def _centred(values: np.ndarray, group: np.ndarray) -> np.ndarray:
    mean = np.bincount(group, weights=values) / np.maximum(np.bincount(group), 1)
    centred: np.ndarray = values - mean[group]
    return centred
