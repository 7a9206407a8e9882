"""What lists do besides being right: how much of the catalogue they show, how popular, how new, how varied it is.

Lists are columns of items (n_users, k), -1 where a list is short.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import stats

from affectlens.evaluation.attention import gini
from affectlens.evaluation.estimate import Estimate
from affectlens.models.recommender.calibrated import mixture_divergence

UNSEEN_POPULARITY = 0.5  # what an item that nobody consumed in training counts as in `novelty`


def exposures(lists: np.ndarray, n_items: int) -> np.ndarray:
    """How often each item is listed, shape (n_items,).

    >>> exposures(np.array([[0, 2], [2, -1]]), 4).tolist()
    [1, 0, 2, 0]
    """
    return np.bincount(lists[lists >= 0], minlength=n_items)


def catalogue_coverage(lists: np.ndarray, n_items: int) -> float:
    """Share of the catalogue that is in at least one list; it grows with the number of lists.

    >>> catalogue_coverage(np.array([[0, 2], [2, -1]]), 4)
    0.5
    """
    return float(np.count_nonzero(exposures(lists, n_items)) / n_items) if n_items else float("nan")


def exposure_gini(lists: np.ndarray, n_items: int) -> float:
    """Gini coefficient of the exposures, items that are never listed included; NaN if nothing is listed.

    0: every item is listed equally often; 1: one item has all the exposure.

    >>> exposure_gini(np.array([[0, 1], [2, 3]]), 4), exposure_gini(np.array([[1], [1]]), 4)
    (0.0, 1.0)
    """
    return gini(exposures(lists, n_items).astype(np.float64))


def popularity_lift(lists: np.ndarray, popularity: np.ndarray, history_popularity: np.ndarray) -> np.ndarray:
    """How much more popular a list is than its user's history: mean ratio minus 1, shape (n_users,).

    Args:
        lists: (n_users, k).
        popularity: (n_items,) training users of each item.
        history_popularity: (n_users,) mean of it over the user's history; NaN or 0 makes the lift NaN.

    >>> popularity_lift(np.array([[0, 1]]), np.array([6, 2]), np.array([2.0])).tolist()
    [1.0]
    """
    mean = _mean_of_listed(lists, popularity.astype(np.float64))
    lift: np.ndarray = mean / np.where(history_popularity > 0, history_popularity, np.nan) - 1.0
    return lift


def novelty(lists: np.ndarray, popularity: np.ndarray, n_train_users: int) -> np.ndarray:
    """Mean inverse user frequency -log2(popularity / n_train_users) of each list, in bits, shape (n_users,).

    An item that nobody consumed counts as consumed by half a user. Source: Castells, Hurley & Vargas 2015.

    >>> novelty(np.array([[0, 1]]), np.array([4, 1]), 4).tolist()  # (0 + 2) / 2
    [1.0]
    """
    surprise = -np.log2(np.maximum(popularity, UNSEEN_POPULARITY) / max(n_train_users, 1))
    return _mean_of_listed(lists, surprise)


def intra_list_diversity(lists: np.ndarray, vectors: np.ndarray, has_vector: np.ndarray) -> np.ndarray:
    """Mean cosine distance over all pairs of each list, shape (n_users,); NaN with fewer than two known vectors.

    Args:
        lists: (n_users, k).
        vectors: (n_items, d) frozen content vectors, not the model's own.
        has_vector: (n_items,) items that have one; the others, and vectors of zeros, are left out.

    >>> vectors = np.array([[1.0, 0.0], [0.0, 2.0], [-1.0, 0.0]])
    >>> intra_list_diversity(np.array([[0, 1, 2]]), vectors, np.ones(3, dtype=bool)).round(4).tolist()  # (1+2+1) / 3
    [1.3333]
    """
    length = np.linalg.norm(vectors, axis=1)
    unit = vectors / np.where(length > 0, length, 1.0)[:, None]
    known = (lists >= 0) & (has_vector & (length > 0))[np.maximum(lists, 0)]
    n_known = known.sum(axis=1)
    total = np.where(known[:, :, None], unit[np.maximum(lists, 0)], 0.0).sum(axis=1)
    n_pairs = n_known * (n_known - 1.0)
    similarity = (total**2).sum(axis=1) - n_known
    return np.where(n_pairs > 0, 1.0 - similarity / np.where(n_pairs > 0, n_pairs, 1.0), np.nan)


def serendipity(
    lists: np.ndarray, is_relevant: np.ndarray, has_relevant: np.ndarray, popularity: np.ndarray
) -> np.ndarray:
    """How much higher relevant items stand than their popularity alone would put them, mean over k, shape (n_users,).

    An item at place r of N counts (N + 1 - r) / N, less the same of its place by popularity, if that is less. NaN for a
    user without relevant items.

    Args:
        lists: (n_users, k), best first; the places of a short list count zero.
        is_relevant: (n_users, k) whether the item at that place is relevant.
        has_relevant: (n_users,) whether any item, listed or not, is.
        popularity: (N,) training users of each item; equals share their mean place.

    Source: the definition of RecTools' `Serendipity`, after Kaminskas & Bridge 2016.

    >>> lists, hits = np.array([[2, 0], [2, 0]]), np.array([[True, True], [False, False]])
    >>> serendipity(lists, hits, np.array([True, False]), np.array([9, 5, 1])).round(4).tolist()
    [0.3333, nan]
    """
    n_items = len(popularity)
    usual = (n_items + 1 - stats.rankdata(-popularity)) / max(n_items, 1)
    here = (n_items + 1 - np.arange(1, lists.shape[1] + 1)) / max(n_items, 1)
    gain = np.maximum(here[None, :] - usual[np.maximum(lists, 0)], 0.0) if n_items else np.zeros(lists.shape)
    surprise = np.where(is_relevant & (lists >= 0), gain, 0.0).mean(axis=1)
    return np.where(has_relevant, surprise, np.nan)


def miscalibration(lists: np.ndarray, attributes: np.ndarray, history: np.ndarray, alpha: float = 0.01) -> np.ndarray:
    """Divergence KL(p || (1 - alpha) q + alpha p) of a list's mix q of attributes from the history's p, (n_users,).

    Args:
        lists: (n_users, k).
        attributes: (n_items, G) shares of each item (topics, emotions), rows sum to 1; NaN unknown.
        history: (n_users, G) the mean of them over what the user consumed; NaN unknown.
        alpha: share of p that keeps the divergence finite.

    Returns:
        Nats; NaN for a user without a known history, or where no listed item is known.

    Source: Steck 2018, "Calibrated Recommendations".

    >>> topics = np.array([[1.0, 0.0], [0.0, 1.0]])
    >>> miscalibration(np.array([[0, 1], [0, 0]]), topics, np.array([[0.5, 0.5], [1.0, 0.0]])).round(4).tolist()
    [0.0, 0.0]
    >>> miscalibration(np.array([[0]]), topics, np.array([[0.5, 0.5]])).round(4).tolist()  # 0.5 ln(0.5 / 0.995) + ...
    [1.9585]
    """
    return mixture_divergence(history, mean_attributes(lists, attributes), alpha)


def mean_attributes(lists: np.ndarray, attributes: np.ndarray) -> np.ndarray:
    """Mean attributes of each list (n_users, G), unknown items left out; NaN where none is known."""
    known = (lists >= 0) & ~np.isnan(attributes[np.maximum(lists, 0)]).any(axis=2)
    total = np.where(known[:, :, None], attributes[np.maximum(lists, 0)], 0.0).sum(axis=1)
    n_known = known.sum(axis=1)[:, None]
    return np.where(n_known > 0, total / np.maximum(n_known, 1), np.nan)


def set_estimate(
    statistic: Callable[[np.ndarray], float], n_users: int, *, n_groups: int, seed: int, level: float = 0.95
) -> Estimate:
    """A share in [0, 1] of all lists together (coverage, Gini) with a delete-a-group jackknife interval.

    The bootstrap is not used here: it repeats users, and a repeated list shows nothing new, so coverage is biased down
    and its interval misses the value. Source: Kott 2001, "The delete-a-group jackknife".

    Args:
        statistic: rows of users -> value.
        n_users: number of users.
        n_groups: random groups of users, each left out once.
        seed: seed of the grouping.
        level: probability that the interval is meant to cover.
    """
    everyone = np.arange(n_users)
    if n_users < n_groups:
        return Estimate.undefined(n_users)
    value = statistic(everyone)
    group = np.random.default_rng(seed).permutation(n_users) % n_groups
    left_out = np.array([statistic(everyone[group != number]) for number in range(n_groups)])
    error = np.sqrt((n_groups - 1) / n_groups * ((left_out - left_out.mean()) ** 2).sum())
    margin = float(stats.t.ppf(0.5 + level / 2, n_groups - 1) * error)
    return Estimate(value, max(value - margin, 0.0), min(value + margin, 1.0), n_users)


def _mean_of_listed(lists: np.ndarray, values: np.ndarray) -> np.ndarray:
    listed = lists >= 0
    total = np.where(listed, values[np.maximum(lists, 0)], 0.0).sum(axis=1)
    n_listed = listed.sum(axis=1)
    return np.where(n_listed > 0, total / np.maximum(n_listed, 1), np.nan)
