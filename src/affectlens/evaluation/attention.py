"""How unequally attention is shared out: Gini, top shares, effective numbers, Lorenz and rank-size curves.

Attention is one non-negative number a unit (a content, an author, a user), units without any included. All formulas
take the distinct values and how often each occurs, since a bootstrap of units is exactly a multinomial draw of those
counts: 2000 resamples of a million units then cost as little as there are distinct values.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from affectlens.evaluation.estimate import Estimate

# Shapes: V distinct values, ascending; B resamples. counts (B, V) says how many units have each value.
_Statistic = Callable[[np.ndarray, np.ndarray], np.ndarray]
_BLOCK = 10_000_000


def gini(attention: np.ndarray) -> float:
    """Gini coefficient with the small-sample correction n / (n - 1); 0 is equality, 1 is one unit having all.

    Args:
        attention: (n,) non-negative attention, units without any included.

    Returns:
        The coefficient; NaN for fewer than two units or no attention at all.

    Raises:
        ValueError: a value is negative or not finite.

    Two units that share 1 and 3: G = (1·(−1) + 3·1) / (2·4) = 0.25, corrected by 2 / 1.

    >>> gini(np.array([3.0, 1.0]))
    0.5
    >>> gini(np.array([0.0, 0.0, 5.0]))
    1.0
    """
    values, counts = _distinct(attention)
    return float(_gini(values, counts[None, :])[0])


def top_share(attention: np.ndarray, share: float) -> float:
    """Part of all attention that the ceil(share · n) units with the most of it hold; NaN without attention.

    Args:
        attention: (n,) non-negative attention.
        share: part of the units, in (0, 1].

    >>> top_share(np.array([6.0, 2.0, 1.0, 1.0]), 0.25)
    0.6
    """
    values, counts = _distinct(attention)
    return float(_top_share(values, counts[None, :], share)[0])


def effective_number(attention: np.ndarray, order: int) -> float:
    """How many units of equal attention would be as diverse: exp(entropy) for order 1, 1 / Σp² for order 2.

    Depends on the number of units: compare at equal n only. NaN without attention.

    Args:
        attention: (n,) non-negative attention.
        order: 1 (Shannon) or 2 (Simpson).

    Raises:
        ValueError: the order is neither 1 nor 2.

    Source: Hill 1973, "Diversity and Evenness".

    >>> effective_number(np.array([1.0, 1.0, 2.0]), order=2)
    2.6666666666666665
    >>> round(effective_number(np.array([5.0, 5.0, 0.0]), order=1), 12)
    2.0
    """
    if order not in (1, 2):
        raise ValueError(f"order is {order}; expected 1 (Shannon) or 2 (Simpson)")
    values, counts = _distinct(attention)
    return float(_effective_number(values, counts[None, :], order)[0])


def lorenz_curve(attention: np.ndarray, n_points: int) -> tuple[np.ndarray, np.ndarray]:
    """Share of units, poorest first, against the share of attention that they hold together.

    Args:
        attention: (n,) non-negative attention.
        n_points: how many points of the curve to give, at least 2; they are evenly spaced in the share of units.

    Returns:
        Two arrays (n_points,) from (0, 0) to (1, 1); empty ones without attention.

    >>> [axis.tolist() for axis in lorenz_curve(np.array([1.0, 3.0]), 3)]
    [[0.0, 0.5, 1.0], [0.0, 0.25, 1.0]]
    """
    values, counts = _distinct(attention)
    total = float(values @ counts)
    if total == 0:
        return np.empty(0), np.empty(0)
    units = np.concatenate([[0.0], np.cumsum(counts) / counts.sum()])
    held = np.concatenate([[0.0], np.cumsum(values * counts) / total])
    shares = np.linspace(0.0, 1.0, n_points)
    return shares, np.interp(shares, units, held)


def rank_size_curve(attention: np.ndarray, n_points: int) -> tuple[np.ndarray, np.ndarray]:
    """Rank (1 = most attention) against attention, at ranks that are evenly spaced on a logarithmic axis.

    Units without attention have no place on that axis and are left out.

    >>> [axis.tolist() for axis in rank_size_curve(np.array([0.0, 2.0, 9.0, 5.0]), 10)]
    [[1, 2, 3], [9.0, 5.0, 2.0]]
    """
    sizes = np.sort(attention[attention > 0])[::-1].astype(np.float64)
    if sizes.size == 0:
        return np.empty(0, dtype=np.int64), np.empty(0)
    ranks = np.unique(np.geomspace(1, sizes.size, n_points).round().astype(np.int64))
    return ranks, sizes[ranks - 1]


def concentration(
    attention: np.ndarray, top_shares: Sequence[float], seed: int, n_resamples: int
) -> dict[str, Estimate]:
    """Every figure of concentration with a percentile bootstrap interval over units.

    Args:
        attention: (n,) non-negative attention.
        top_shares: parts of the units in (0, 1], each giving `top_<percent>_percent_share`.
        seed: seed of the draws.
        n_resamples: number of draws.

    Returns:
        `gini`, the top shares, `effective_number` (Shannon), `effective_number_simpson` and `zero_share`.
    """
    statistics: dict[str, _Statistic] = {"gini": _gini}
    for share in top_shares:
        statistics[f"top_{share * 100:g}_percent_share"] = partial(_top_share, share=share)
    statistics["effective_number"] = partial(_effective_number, order=1)
    statistics["effective_number_simpson"] = partial(_effective_number, order=2)
    statistics["zero_share"] = _zero_share
    n = int(attention.size)
    if n < 2 or not np.any(attention > 0):
        return {name: Estimate.undefined(n) for name in statistics}
    values, counts = _distinct(attention)
    draws = _resample(values, counts, statistics, seed, n_resamples)
    return {name: _percentile_estimate(found, values, counts, draws[name]) for name, found in statistics.items()}


def concentration_at_equal_n(attention: np.ndarray, n_units: int, seed: int, n_resamples: int) -> dict[str, Estimate]:
    """Gini and effective numbers as they would be among `n_units` of these units: comparable between groups.

    The value is the mean over draws without replacement (rarefaction: Hurlbert 1971, "The Nonconcept of Species
    Diversity"), the interval that of draws of the same size with replacement. `n` is the number of units drawn.

    Args:
        attention: (n,) non-negative attention.
        n_units: at most n.
        seed: seed of the draws.
        n_resamples: number of draws of either kind.

    Raises:
        ValueError: there are fewer units than should be drawn.

    Four equal units are four, and any two of them are two:

    >>> equal = concentration_at_equal_n(np.ones(4), 2, seed=0, n_resamples=20)
    >>> equal["effective_number"].value, equal["gini"].value
    (2.0, 0.0)
    """
    if n_units > attention.size:
        raise ValueError(f"{n_units} units cannot be drawn from {attention.size}; compare at the smallest group's size")
    statistics: dict[str, _Statistic] = {
        "gini": _gini,
        "effective_number": partial(_effective_number, order=1),
        "effective_number_simpson": partial(_effective_number, order=2),
    }
    values, counts = _distinct(attention)
    generator = np.random.default_rng(seed)
    codes = np.repeat(np.arange(values.size), counts.astype(np.int64))
    without = np.stack(
        [
            np.bincount(generator.choice(codes, n_units, replace=False, shuffle=False), minlength=values.size)
            for _ in range(n_resamples)
        ]
    ).astype(np.float64)
    again = generator.multinomial(n_units, counts / counts.sum(), size=n_resamples).astype(np.float64)
    return {
        name: _around(statistic(values, without), statistic(values, again), n_units)
        for name, statistic in statistics.items()
    }


def _around(inner: np.ndarray, outer: np.ndarray, n_units: int) -> Estimate:
    if np.isnan(inner).all():
        return Estimate.undefined(n_units)
    value = float(np.nanmean(inner))
    lower, upper = np.nanpercentile(outer, [2.5, 97.5])
    return Estimate(value, min(float(lower), value), max(float(upper), value), n_units)


def _distinct(attention: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    attention = np.asarray(attention, dtype=np.float64)
    if not np.all(np.isfinite(attention)) or np.any(attention < 0):
        raise ValueError("attention holds negative or non-finite values; give one count or duration a unit, 0 for none")
    values, counts = np.unique(attention, return_counts=True)
    return values, counts.astype(np.float64)


def _resample(
    values: np.ndarray,
    counts: np.ndarray,
    statistics: dict[str, _Statistic],
    seed: int,
    n_resamples: int,
) -> dict[str, np.ndarray]:
    """Each statistic of `n_resamples` bootstrap samples of the units, shape (n_resamples,)."""
    generator = np.random.default_rng(seed)
    n, size = int(counts.sum()), max(1, min(n_resamples, _BLOCK // values.size))
    draws: dict[str, list[np.ndarray]] = {name: [] for name in statistics}
    for start in range(0, n_resamples, size):
        block = generator.multinomial(n, counts / n, size=min(size, n_resamples - start)).astype(np.float64)
        for name, statistic in statistics.items():
            draws[name].append(statistic(values, block))
    return {name: np.concatenate(parts) for name, parts in draws.items()}


def _percentile_estimate(statistic: _Statistic, values: np.ndarray, counts: np.ndarray, draws: np.ndarray) -> Estimate:
    value = float(statistic(values, counts[None, :])[0])
    kept = draws[~np.isnan(draws)]
    lower, upper = np.percentile(kept, [2.5, 97.5]) if kept.size else (np.nan, np.nan)
    return Estimate(value, float(lower), float(upper), int(counts.sum()))


def _gini(values: np.ndarray, counts: np.ndarray) -> np.ndarray:
    n, total = counts.sum(axis=1), counts @ values
    # A value that fills the ranks r+1 .. r+c adds value · Σ(2·rank − n − 1) = value · c · (2(r + c) − c − n).
    weight = counts * (2 * np.cumsum(counts, axis=1) - counts - n[:, None])
    return _ratio(weight @ values, total * (n - 1))


def _zero_share(values: np.ndarray, counts: np.ndarray) -> np.ndarray:
    return _ratio(counts[:, values == 0].sum(axis=1), counts.sum(axis=1))


def _top_share(values: np.ndarray, counts: np.ndarray, share: float) -> np.ndarray:
    descending = counts[:, ::-1]
    # The tolerance keeps 0.1 · 30 from counting as 3.0000000000000004 units.
    n_top = np.ceil(share * counts.sum(axis=1) - 1e-9)
    above = np.cumsum(descending, axis=1) - descending
    taken = np.clip(n_top[:, None] - above, 0.0, descending)
    return _ratio(taken @ values[::-1], counts @ values)


def _effective_number(values: np.ndarray, counts: np.ndarray, order: int) -> np.ndarray:
    values = values / values.max(initial=np.finfo(np.float64).tiny)  # so that no square leaves the range of numbers
    total = counts @ values
    if order == 2:
        return _ratio(total**2, counts @ values**2)
    logarithms = np.log(values, out=np.zeros_like(values), where=values > 0)
    # −Σ p ln p with p = x / total, written without dividing a matrix.
    with np.errstate(divide="ignore"):
        entropy = np.log(total) - _ratio(counts @ (values * logarithms), total)
    return np.where(total > 0, np.exp(entropy), np.nan)


def _ratio(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    undefined = np.full_like(denominator, np.nan, dtype=np.float64)
    quotient: np.ndarray = np.divide(numerator, denominator, out=undefined, where=denominator > 0)
    return quotient
