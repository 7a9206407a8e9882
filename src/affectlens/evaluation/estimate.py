"""A number that will be compared: value, interval and sample size; and how intervals are made."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

N_RESAMPLES = 2000
_LARGE = 5000  # units from which BCa's correction is far below the interval's width, while its jackknife costs n^2
LEADERBOARD_COLUMNS = (
    "stage",
    "model",
    "is_baseline",
    "metric",
    "value",
    "lower",
    "upper",
    "n",
    "split",
    "protocol",
    "seed",
    "dataset",
)


@dataclass(frozen=True)
class Estimate:
    """A value with its 95 % interval and the number of units it was computed from. NaN means undefined."""

    value: float
    lower: float
    upper: float
    n: int

    @classmethod
    def exact(cls, value: float, n: int) -> Estimate:
        """A number without sampling error (a count, a truth that the world knows): the interval is the value."""
        return cls(float(value), float(value), float(value), n)

    @classmethod
    def undefined(cls, n: int) -> Estimate:
        """A number that cannot be computed on these units."""
        return cls(float("nan"), float("nan"), float("nan"), n)


def mean_estimate(values: np.ndarray, seed: int) -> Estimate:
    """Mean of one value per unit with a BCa bootstrap interval (percentile where BCa is undefined, or n is large).

    NaN values are units on which the metric is undefined: they are left out, and `n` counts the rest.
    """
    kept = np.asarray(values, dtype=np.float64)
    kept = kept[~np.isnan(kept)]
    if kept.size == 0:
        return Estimate.undefined(0)
    if kept.size == 1 or np.all(kept == kept[0]):
        return Estimate.exact(float(kept.mean()), kept.size)
    for method in ("BCa", "percentile") if kept.size < _LARGE else ("percentile",):
        interval = stats.bootstrap(
            (kept,), np.mean, n_resamples=N_RESAMPLES, method=method, rng=np.random.default_rng(seed), batch=50
        ).confidence_interval
        if np.isfinite(interval.low) and np.isfinite(interval.high):
            break
    return Estimate(float(kept.mean()), float(interval.low), float(interval.high), kept.size)


def resampled_estimate(
    statistic: Callable[[np.ndarray], np.ndarray], n_units: int, seed: int, n_resamples: int = N_RESAMPLES
) -> Estimate:
    """A statistic of weighted units with a percentile bootstrap interval.

    Args:
        statistic: maps unit weights (b, n_units), how often each unit was drawn, to values (b,).
        n_units: number of units of resampling (users, documents, authors, sessions, days).
        seed: seed of the draws.
        n_resamples: number of draws.
    """
    value = float(statistic(np.ones((1, n_units)))[0])
    generator = np.random.default_rng(seed)
    share = np.full(n_units, 1.0 / n_units)
    block = max(1, min(n_resamples, 20_000_000 // max(n_units, 1)))
    draws = [
        statistic(generator.multinomial(n_units, share, size=min(block, n_resamples - start)).astype(np.float64))
        for start in range(0, n_resamples, block)
    ]
    return percentile_estimate(value, np.concatenate(draws), n_units)


def percentile_estimate(value: float, draws: np.ndarray, n_units: int) -> Estimate:
    """A value with the interval of its draws (b,), those without a value left out; undefined without value or draws.

    >>> percentile_estimate(1.0, np.array([np.nan, 1.0, 1.0]), 5)
    Estimate(value=1.0, lower=1.0, upper=1.0, n=5)
    """
    kept = draws[~np.isnan(draws)]
    if np.isnan(value) or kept.size == 0:
        return Estimate.undefined(n_units)
    lower, upper = np.percentile(kept, [2.5, 97.5])
    return Estimate(value, float(lower), float(upper), n_units)


def paired_difference(a: np.ndarray, b: np.ndarray, seed: int) -> tuple[Estimate, float]:
    """Mean of `a - b` per unit with its interval, and the two-sided sign-flip p-value.

    Args:
        a: (n,) metric of system A per unit; NaN where undefined.
        b: (n,) metric of system B on the same units.

    Raises:
        ValueError: the arrays differ in shape.
    """
    if a.shape != b.shape:
        raise ValueError(f"paired values need equal shapes, got {a.shape} and {b.shape}")
    difference = a - b
    difference = difference[~np.isnan(difference)]
    estimate = mean_estimate(difference, seed)
    if difference.size == 0 or np.all(difference == 0):
        return estimate, 1.0
    return estimate, _sign_flip_p(difference, seed)


def _sign_flip_p(difference: np.ndarray, seed: int) -> float:
    """Two-sided p-value of a mean of zero, from random signs (`scipy.stats.permutation_test`, but as one product)."""
    generator = np.random.default_rng(seed)
    observed, n_extreme = abs(difference.sum()), 0
    block = max(1, 5_000_000 // difference.size)
    for start in range(0, N_RESAMPLES, block):
        size = (min(block, N_RESAMPLES - start), difference.size)
        flipped = difference.sum() - 2.0 * (generator.integers(0, 2, size, dtype=np.int8) @ difference)
        n_extreme += int((np.abs(flipped) >= observed * (1 - 1e-12)).sum())
    return (n_extreme + 1) / (N_RESAMPLES + 1)


def leaderboard_rows(
    *,
    stage: str,
    model: str,
    is_baseline: bool,
    estimates: Mapping[str, Estimate],
    split: str,
    protocol: str,
    seed: int,
    dataset: str,
) -> pd.DataFrame:
    """One leaderboard row a metric, in the columns that every report is cut from (`run_id` is added at save)."""
    rows: Sequence[Mapping[str, Any]] = [
        {
            "stage": stage,
            "model": model,
            "is_baseline": is_baseline,
            "metric": metric,
            "value": estimate.value,
            "lower": estimate.lower,
            "upper": estimate.upper,
            "n": estimate.n,
            "split": split,
            "protocol": protocol,
            "seed": seed,
            "dataset": dataset,
        }
        for metric, estimate in estimates.items()
    ]
    return pd.DataFrame(rows, columns=list(LEADERBOARD_COLUMNS))
