"""How the form of expression shifts over time: shares, means and quantiles by period, with intervals.

People who post much would make every interval too narrow if posts were resampled one by one, so whole units (the
author or user of a post) are drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache

import numpy as np
from scipy import sparse

from affectlens.evaluation.estimate import Estimate

# Shapes: n posts, U units, P periods, K categories a period, B resamples.
_BLOCK = 10_000_000


def shares_by_period(
    periods: np.ndarray,
    categories: np.ndarray,
    units: np.ndarray,
    seed: int,
    n_resamples: int,
    weights: np.ndarray | None = None,
) -> dict[tuple[int, int], Estimate]:
    """Share of each category among the posts of each period, with an interval over units.

    Args:
        periods: (n,) index of the period of each post, from 0.
        categories: (n,) index of the category of each post, from 0.
        units: (n,) index of the author of each post, from 0.
        seed: seed of the draws.
        n_resamples: number of bootstrap samples of units.
        weights: (n,) how many posts each row stands for; one if not given.

    Returns:
        (period, category) -> estimate, whose `n` is the number of posts in the period; no period without posts.

    >>> two = shares_by_period(np.array([0, 0, 1]), np.array([0, 1, 1]), np.array([0, 1, 2]), seed=0, n_resamples=9)
    >>> two[0, 0].value, two[1, 1].value, two[0, 0].n
    (0.5, 1.0, 2)
    """
    if periods.size == 0:
        return {}
    n_categories = int(categories.max()) + 1
    weights = np.ones(periods.size) if weights is None else weights
    tables, draws = _period_tables(periods, categories, units, _shares, seed, n_resamples, weights)
    return {
        (period, category): _estimate(tables[0, period, category], draws[:, period, category], int(n_posts))
        for period, n_posts in enumerate(np.bincount(periods, weights=weights).tolist())
        for category in range(n_categories)
        if n_posts
    }


def quantile_by_period(
    periods: np.ndarray, values: np.ndarray, units: np.ndarray, quantile: float, seed: int, n_resamples: int
) -> dict[int, Estimate]:
    """A quantile of whole-number values (text lengths) in each period, with an interval over units.

    Args:
        periods: (n,) index of the period of each post, from 0.
        values: (n,) whole numbers of at least 0.
        units: (n,) index of the author of each post, from 0.
        quantile: in (0, 1); the result is the smallest value that at least this share of posts does not exceed.
        seed: seed of the draws.
        n_resamples: number of bootstrap samples of units.

    >>> quantile_by_period(np.zeros(4, int), np.array([2, 3, 9, 40]), np.arange(4), 0.5, seed=0, n_resamples=9)[0].value
    3.0
    """
    if periods.size == 0:
        return {}
    distinct, categories = np.unique(values, return_inverse=True)

    def lengths(counts: np.ndarray) -> np.ndarray:
        reached = np.cumsum(_shares(counts), axis=2) >= quantile - 1e-12
        found: np.ndarray = np.where(counts.sum(axis=2) > 0, distinct[reached.argmax(axis=2)], np.nan)
        return found

    tables, draws = _period_tables(periods, categories, units, lengths, seed, n_resamples, np.ones(periods.size))
    return {
        period: _estimate(tables[0, period], draws[:, period], n_posts)
        for period, n_posts in enumerate(np.bincount(periods).tolist())
        if n_posts
    }


def means_by_period(
    periods: np.ndarray, values: np.ndarray, units: np.ndarray, seed: int, n_resamples: int
) -> dict[int, Estimate]:
    """Mean of one value a post in each period, with an interval over units.

    Args:
        periods: (n,) index of the period of each post, from 0.
        values: (n,) of each post; posts without one (NaN) are left out.
        units: (n,) index of the author of each post, from 0.
        seed: seed of the draws.
        n_resamples: number of bootstrap samples of units.

    Returns:
        Period -> estimate, whose `n` is the number of posts with a value; no period without any.

    >>> means_by_period(np.array([0, 0, 1]), np.array([1.0, 3.0, np.nan]), np.arange(3), seed=0, n_resamples=9)[0].value
    2.0
    """
    has_value = ~np.isnan(values)
    values = np.where(has_value, values, 0.0)
    return ratios_by_period(periods, values, has_value.astype(np.float64), units, seed, n_resamples)


def ratios_by_period(
    periods: np.ndarray, above: np.ndarray, below: np.ndarray, units: np.ndarray, seed: int, n_resamples: int
) -> dict[int, Estimate]:
    """Sum of one column over the sum of another in each period (likes a view), with an interval over units.

    Args:
        periods: (n,) index of the period of each row, from 0.
        above: (n,) numerator.
        below: (n,) non-negative denominator, whose sum is the `n` of the estimate.
        units: (n,) index of the unit of each row, from 0.
        seed: seed of the draws.
        n_resamples: number of bootstrap samples of units.

    >>> ratios_by_period(np.zeros(2, int), np.array([1.0, 2]), np.array([4.0, 8]), np.arange(2), seed=0, n_resamples=9)
    {0: Estimate(value=0.25, lower=0.25, upper=0.25, n=12)}
    """
    if periods.size == 0:
        return {}
    top, bottom = (_by_unit(periods, units, column) for column in (above, below))
    draws = [
        _ratio((top @ weights.T).T, (bottom @ weights.T).T)
        for weights in _weights(top.shape[1], top.shape[0], seed, n_resamples)
    ]
    sums = [np.bincount(periods, weights=column) for column in (above, below)]
    values, drawn = _ratio(*sums), np.concatenate(draws)
    return {
        period: _estimate(values[period], drawn[:, period], int(n)) for period, n in enumerate(sums[1].tolist()) if n
    }


def log_odds(share: np.ndarray, n: np.ndarray) -> np.ndarray | None:
    """Shares on the scale on which they can move evenly; half a post more on either side keeps every window finite.

    A share that falls towards nothing draws a bow on its own scale, and a straight line beside it hides a jump down.

    Args:
        share: (n,) one a window; outside [0, 1] (what is left without the effects of authors) it counts as the end.
        n: (n,) posts of each window.

    Returns:
        None where a window has less than half a post with or without: the step from nothing to little, as after a
        button's first day, would outweigh every other.

    Source: Cox 1970, "Analysis of Binary Data" (empirical logits).

    >>> log_odds(np.array([0.1, 0.5, 0.9]), np.array([10, 10, 10])).round(2).tolist()
    [-1.85, 0.0, 1.85]
    >>> log_odds(np.array([0.0, 0.5, 0.9]), np.array([10, 10, 10])) is None
    True
    """
    yes = n * np.clip(share, 0.0, 1.0)
    no = n - yes
    if min(yes.min(), no.min()) < 0.5:
        return None
    found: np.ndarray = np.log((yes + 0.5) / (no + 0.5))
    return found


def _ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    quotient: np.ndarray = np.divide(above, below, out=np.full(above.shape, np.nan), where=below > 0)
    return quotient


def _by_unit(cells: np.ndarray, units: np.ndarray, weights: np.ndarray) -> sparse.csr_array:
    """Sum of the weights in each cell (row) and unit (column)."""
    shape = (int(cells.max()) + 1, int(units.max()) + 1)
    return sparse.coo_array((weights, (cells, units)), shape=shape).tocsr()


def _weights(n_units: int, n_cells: int, seed: int, n_resamples: int) -> Iterable[np.ndarray]:
    """How often each unit is drawn, in blocks (b, U) that together are `n_resamples` bootstrap samples."""
    size = max(1, min(n_resamples, _BLOCK // max(n_units, n_cells)))
    return _drawn(n_units, seed, n_resamples) if size == n_resamples else _draw(n_units, size, seed, n_resamples)


@lru_cache(maxsize=2)
def _drawn(n_units: int, seed: int, n_resamples: int) -> tuple[np.ndarray, ...]:
    """One block that fits into memory, kept: the statistics of one table draw the same units."""
    return tuple(_draw(n_units, n_resamples, seed, n_resamples))


def _draw(n_units: int, size: int, seed: int, n_resamples: int) -> Iterator[np.ndarray]:
    generator, share = np.random.default_rng(seed), np.full(n_units, 1.0 / n_units)
    for start in range(0, n_resamples, size):
        yield generator.multinomial(n_units, share, size=min(size, n_resamples - start)).astype(np.float64)


def _period_tables(
    periods: np.ndarray,
    categories: np.ndarray,
    units: np.ndarray,
    statistic: Callable[[np.ndarray], np.ndarray],
    seed: int,
    n_resamples: int,
    posts: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """The statistic of the counts (1, P, K) and of `n_resamples` bootstrap samples of them (B, P, K)."""
    n_periods, n_categories = int(periods.max()) + 1, int(categories.max()) + 1
    counts = _by_unit(periods.astype(np.int64) * n_categories + categories, units, posts)
    n_missing = n_periods * n_categories - counts.shape[0]
    counts = sparse.vstack([counts, sparse.csr_array((n_missing, counts.shape[1]))]).tocsr()

    def cut(weights: np.ndarray) -> np.ndarray:
        return statistic((counts @ weights.T).T.reshape(len(weights), n_periods, n_categories))

    n_units = counts.shape[1]
    draws = [cut(weights) for weights in _weights(n_units, counts.shape[0], seed, n_resamples)]
    return cut(np.ones((1, n_units))), np.concatenate(draws)


def _shares(counts: np.ndarray) -> np.ndarray:
    total = np.broadcast_to(counts.sum(axis=2, keepdims=True), counts.shape)
    shares: np.ndarray = np.divide(counts, total, out=np.full(counts.shape, np.nan), where=total > 0)
    return shares


def _estimate(value: float, draws: np.ndarray, n: int) -> Estimate:
    kept = draws[~np.isnan(draws)]
    lower, upper = np.percentile(kept, [2.5, 97.5])
    return Estimate(float(value), float(lower), float(upper), n)
