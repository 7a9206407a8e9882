"""How the form of expression shifts over time: shares of forms, length of texts, use of emoji, with intervals.

People who post much would make every interval too narrow if posts were resampled one by one, so whole units (the
author or user of a post) are drawn.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

import emoji
import numpy as np
import pandas as pd
from scipy import sparse

from affectlens.evaluation.estimate import Estimate

# Shapes: n posts, U units, P periods, K categories a period, B resamples.
_BLOCK = 10_000_000
_SPACES = "\x0b\x1c-\x1f\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"  # beyond those of ASCII


def token_counts(texts: pd.Series) -> np.ndarray:
    """Number of tokens between white space in each text, shape (n,); languages without spaces count as one token.

    >>> token_counts(pd.Series(["so  happy 🎉", ""])).tolist()
    [3, 0]
    """
    return _matches(texts, f"[^\\s{_SPACES}]+")


def emoji_counts(texts: pd.Series) -> np.ndarray:
    """Number of emoji in each text, shape (n,); a joined sequence (a family, a flag, a skin tone) counts once.

    >>> emoji_counts(pd.Series(["no", "👍🏽 yes", "👩‍👩‍👧 🎉🎉"])).tolist()
    [0, 1, 3]
    """
    return _matches(texts, _emoji_pattern())


def shares_by_period(
    periods: np.ndarray, categories: np.ndarray, units: np.ndarray, seed: int, n_resamples: int
) -> dict[tuple[int, int], Estimate]:
    """Share of each category among the posts of each period, with an interval over units.

    Args:
        periods: (n,) index of the period of each post, from 0.
        categories: (n,) index of the category of each post, from 0.
        units: (n,) index of the author of each post, from 0.
        seed: seed of the draws.
        n_resamples: number of bootstrap samples of units.

    Returns:
        (period, category) -> estimate, whose `n` is the number of posts in the period; no period without posts.

    >>> two = shares_by_period(np.array([0, 0, 1]), np.array([0, 1, 1]), np.array([0, 1, 2]), seed=0, n_resamples=9)
    >>> two[0, 0].value, two[1, 1].value, two[0, 0].n
    (0.5, 1.0, 2)
    """
    if periods.size == 0:
        return {}
    n_categories = int(categories.max()) + 1
    tables, draws = _period_tables(periods, categories, units, _shares, seed, n_resamples)
    return {
        (period, category): _estimate(tables[0, period, category], draws[:, period, category], n_posts)
        for period, n_posts in enumerate(np.bincount(periods).tolist())
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

    tables, draws = _period_tables(periods, categories, units, lengths, seed, n_resamples)
    return {
        period: _estimate(tables[0, period], draws[:, period], n_posts)
        for period, n_posts in enumerate(np.bincount(periods).tolist())
        if n_posts
    }


def _period_tables(
    periods: np.ndarray,
    categories: np.ndarray,
    units: np.ndarray,
    statistic: Callable[[np.ndarray], np.ndarray],
    seed: int,
    n_resamples: int,
) -> tuple[np.ndarray, np.ndarray]:
    """The statistic of the counts (1, P, K) and of `n_resamples` bootstrap samples of them (B, P, K)."""
    n_periods, n_categories, n_units = int(periods.max()) + 1, int(categories.max()) + 1, int(units.max()) + 1
    cells = periods.astype(np.int64) * n_categories + categories
    counts = sparse.coo_array((np.ones(cells.size), (cells, units)), shape=(n_periods * n_categories, n_units)).tocsr()
    generator, share = np.random.default_rng(seed), np.full(n_units, 1.0 / n_units)
    size = max(1, min(n_resamples, _BLOCK // max(n_units, n_periods * n_categories)))

    def cut(weights: np.ndarray) -> np.ndarray:
        return statistic((counts @ weights.T).T.reshape(len(weights), n_periods, n_categories))

    draws = [
        cut(generator.multinomial(n_units, share, size=min(size, n_resamples - start)).astype(np.float64))
        for start in range(0, n_resamples, size)
    ]
    return cut(np.ones((1, n_units))), np.concatenate(draws)


def _shares(counts: np.ndarray) -> np.ndarray:
    total = np.broadcast_to(counts.sum(axis=2, keepdims=True), counts.shape)
    shares: np.ndarray = np.divide(counts, total, out=np.full(counts.shape, np.nan), where=total > 0)
    return shares


def _estimate(value: float, draws: np.ndarray, n: int) -> Estimate:
    kept = draws[~np.isnan(draws)]
    lower, upper = np.percentile(kept, [2.5, 97.5])
    return Estimate(float(value), float(lower), float(upper), n)


def _matches(texts: pd.Series, pattern: str) -> np.ndarray:
    """How often a pattern matches, by Arrow's engine: it decides on a large set of characters at once."""
    arrow = texts.astype(pd.StringDtype("pyarrow", na_value=np.nan))
    counts: np.ndarray = arrow.str.count(pattern).to_numpy(dtype=np.int64)
    return counts


@cache
def _emoji_pattern() -> str:
    """One emoji: a flag, a keycap, or characters joined by U+200D, each with its variation, skin tone or tag.

    Written by the grammar of Unicode TS 51 over the characters that the `emoji` package lists: an alternation of its
    five thousand sequences finds the same but takes a hundred times as long.
    """
    modifiers, flags, keys = "\U0001f3fb-\U0001f3ff", "\U0001f1e6-\U0001f1ff", "#*0-9"
    starts = {sequence[0] for sequence in emoji.EMOJI_DATA}
    character = "".join(sorted(c for c in starts if not re.match(f"[{flags}{keys}]", c)))
    one = f"[{character}](?:\ufe0f|[{modifiers}])?[\U000e0020-\U000e007f]*"
    return f"[{flags}]{{2}}|[{keys}]\ufe0f?\u20e3|{one}(?:\u200d{one})*"
