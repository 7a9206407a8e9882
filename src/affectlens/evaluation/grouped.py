"""Many means over the same users at once, for groups of users and of items: one set of resamples for all."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from affectlens.evaluation.estimate import N_RESAMPLES, Estimate

_BLOCK_CELLS = 20_000_000


def mean_estimates(columns: Mapping[str, np.ndarray], seed: int) -> dict[str, Estimate]:
    """Mean of each column of one value a user, with percentile bootstrap intervals.

    Users are drawn once for all columns, so that differences between columns are those of the same users.

    Args:
        columns: name -> (n,); NaN where undefined: left out, and `n` counts the rest.
        seed: seed of the draws.

    >>> estimates = mean_estimates({"a": np.array([1.0, 0.0, np.nan])}, seed=0)
    >>> estimates["a"].value, estimates["a"].n
    (0.5, 2)
    """
    if not columns:
        return {}
    values = np.column_stack(list(columns.values()))
    draws, n_known = resampled_means(values, seed), (~np.isnan(values)).sum(axis=0)
    with np.errstate(invalid="ignore"):
        means = np.where(n_known > 0, np.nansum(values, axis=0) / np.maximum(n_known, 1), np.nan)
    found = zip(columns, means, draws.T, n_known, strict=True)
    return {name: _estimate(float(mean), drawn, int(n)) for name, mean, drawn, n in found}


def resampled_means(values: np.ndarray, seed: int, n_resamples: int = N_RESAMPLES) -> np.ndarray:
    """Column means (B, m) of values (n, m) over resampled rows; NaN cells are left out of their column."""
    n = len(values)
    known, filled = (~np.isnan(values)).astype(np.float64), np.nan_to_num(values)
    generator, share, means = np.random.default_rng(seed), np.full(n, 1.0 / max(n, 1)), []
    block = max(1, min(n_resamples, _BLOCK_CELLS // max(n, 1)))
    for start in range(0, n_resamples, block):
        drawn = generator.multinomial(n, share, size=min(block, n_resamples - start)).astype(np.float64)
        with np.errstate(invalid="ignore", divide="ignore"):
            means.append((drawn @ filled) / (drawn @ known))
    return np.concatenate(means)


def ratio_estimate(after: np.ndarray, before: np.ndarray, seed: int) -> Estimate:
    """Mean of `after` over mean of `before`, users with both, with a percentile bootstrap interval over users.

    >>> ratio_estimate(np.array([1.0, 2.0]), np.array([2.0, 4.0]), seed=0).value
    0.5
    """
    both = ~np.isnan(after) & ~np.isnan(before)
    values = np.column_stack([after[both], before[both]])
    if len(values) == 0 or values[:, 1].mean() == 0:
        return Estimate.undefined(int(both.sum()))
    draws = resampled_means(values, seed)
    drawn = np.divide(draws[:, 0], draws[:, 1], out=np.full(len(draws), np.nan), where=draws[:, 1] > 0)
    return _estimate(float(values[:, 0].mean() / values[:, 1].mean()), drawn, len(values))


def group_gap(values: np.ndarray, group: np.ndarray, min_users: int, seed: int) -> Estimate:
    """Largest minus smallest group mean, with a percentile bootstrap interval over users.

    Args:
        values: (n,) one value a user; NaN undefined.
        group: (n,) group of each user, -1 for none.
        min_users: groups with fewer defined users are merged into one, which is left out if it has fewer too.
        seed: seed of the draws.

    Returns:
        NaN with fewer than two groups; `n` counts the users of those compared. The gap of groups that do not differ is
        above zero: compare its lower end with that of a shuffled grouping before calling it one.

    >>> gap = group_gap(np.array([1.0, 1.0, 0.0, 0.0]), np.array([0, 0, 1, 1]), 1, seed=0)
    >>> gap.value, gap.n
    (1.0, 4)
    """
    defined = ~np.isnan(values) & (group >= 0)
    sizes = np.bincount(group[defined], minlength=1)
    merged = np.where(sizes[np.maximum(group, 0)] >= min_users, group, len(sizes))
    names, n_users = np.unique(merged[defined], return_counts=True)
    names, n = names[n_users >= min_users], int(n_users[n_users >= min_users].sum())
    if len(names) < 2:
        return Estimate.undefined(n)
    table = np.column_stack([np.where(defined & (merged == name), values, np.nan) for name in names])
    means, draws = np.nanmean(table, axis=0), resampled_means(table, seed)
    return _estimate(float(means.max() - means.min()), draws.max(axis=1) - draws.min(axis=1), n)


def _estimate(value: float, drawn: np.ndarray, n: int) -> Estimate:
    drawn = drawn[~np.isnan(drawn)]
    if n == 0 or drawn.size == 0:
        return Estimate.undefined(n)
    lower, upper = np.percentile(drawn, [2.5, 97.5])
    return Estimate(value, float(lower), float(upper), n)
