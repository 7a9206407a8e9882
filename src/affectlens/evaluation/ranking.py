"""Ranking metrics over the whole catalogue: one value a user, from the ranks of the relevant items.

Every candidate is ranked, none is sampled (Krichene & Rendle 2020, "On Sampled Metrics for Item Recommendation").
Definitions: a user's relevant items are those that were consumed later; a user without any is NaN in every metric.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

_PAIRS_AT_ONCE = 1024


@dataclass(frozen=True)
class RelevantRanks:
    """Where the relevant items of n users ended up.

    Attributes:
        rank: (p,) rank of each relevant item among the user's candidates, 1 is the top; not whole within ties.
        owner: (p,) row of the user.
        n_users: number of users, those without a relevant item included.
    """

    rank: np.ndarray
    owner: np.ndarray
    n_users: int

    @property
    def n_relevant(self) -> np.ndarray:
        """(n_users,) relevant items of each user."""
        return np.bincount(self.owner, minlength=self.n_users)

    def only(self, kept: np.ndarray) -> RelevantRanks:
        """The same ranks, with only some of the relevant items counted as such; kept: (p,) booleans."""
        return dataclasses.replace(self, rank=self.rank[kept], owner=self.owner[kept])

    def total(self, values: np.ndarray) -> np.ndarray:
        """(n_users,) sum over each user's relevant items of values (p,); NaN without a relevant item."""
        sums = np.bincount(self.owner, weights=values, minlength=self.n_users)
        return np.where(self.n_relevant > 0, sums, np.nan)


def ranks_of(scores: np.ndarray, owner: np.ndarray, item: np.ndarray) -> np.ndarray:
    """Rank of each relevant item by counting greater scores, shape (p,).

    Relevant items spread evenly through the tie that they are in: alone among m equals, one gets the middle rank, so a
    constant score earns what chance earns and the order of storage earns nothing.

    Args:
        scores: (n, n_items), minus infinity for items that are no candidates.
        owner: (p,) row of each relevant item.
        item: (p,) its column; each pair once.

    Raises:
        ValueError: a score is NaN, or a relevant item is no candidate.

    >>> ranks_of(np.array([[0.3, 0.1, 0.3, 0.3]]), np.array([0, 0]), np.array([1, 2])).tolist()
    [4.0, 2.0]
    """
    target = scores[owner, item]
    if np.isnan(scores).any() or np.isneginf(target).any():
        faults = int(np.isnan(scores).sum()), int(np.isneginf(target).sum())
        raise ValueError(f"{faults[0]} scores are NaN and {faults[1]} relevant items are no candidates; expected none")
    n_greater, n_equal = np.zeros(len(item), dtype=np.int64), np.zeros(len(item), dtype=np.int64)
    for start in range(0, len(item), _PAIRS_AT_ONCE):
        pairs = slice(start, start + _PAIRS_AT_ONCE)
        rows = scores[owner[pairs]]
        n_greater[pairs] = np.count_nonzero(rows > target[pairs, None], axis=1)
        n_equal[pairs] = np.count_nonzero(rows == target[pairs, None], axis=1)
    ties = pd.DataFrame({"owner": owner, "target": target}).groupby(["owner", "target"])["owner"]
    place, n_relevant = ties.cumcount().to_numpy() + 1, ties.transform("size").to_numpy()
    ranks: np.ndarray = n_greater + place * (n_equal + 1) / (n_relevant + 1)
    return ranks


def top_items(scores: np.ndarray, k: int) -> np.ndarray:
    """The k best candidates of each user, best first, as columns (n, k); -1 where there are fewer candidates.

    Listed equals stand in the order of their columns; which of the equals at the end of a list enters it is arbitrary,
    but always the same.

    >>> top_items(np.array([[0.2, 0.9, -np.inf], [0.1, 0.1, 0.5]]), 3).tolist()
    [[1, 0, -1], [2, 0, 1]]
    """
    n_listed = min(k, scores.shape[1])
    listed = np.full((len(scores), k), -1, dtype=np.int64)
    if n_listed == 0:
        return listed
    columns = np.sort(np.argpartition(-scores, n_listed - 1, axis=1)[:, :n_listed], axis=1)
    values = np.take_along_axis(scores, columns, axis=1)
    order = np.argsort(-values, axis=1, kind="stable")
    best = np.take_along_axis(columns, order, axis=1)
    best[np.isneginf(np.take_along_axis(values, order, axis=1))] = -1
    listed[:, :n_listed] = best
    return listed


def rank_in_blocks(
    scores_of: Callable[[np.ndarray], np.ndarray],
    owner: np.ndarray,
    item: np.ndarray,
    *,
    n_users: int,
    k: int,
    block: int,
) -> tuple[RelevantRanks, np.ndarray]:
    """Ranks of all relevant items and the top k of all users, a block of users at a time.

    Args:
        scores_of: rows of users (b,) -> scores (b, n_items), minus infinity for items that are no candidates.
        owner: (p,) row of each relevant item, ascending.
        item: (p,) its column.
        n_users: number of users.
        k: length of the lists; 0 makes none.
        block: users at a time.

    Returns:
        The ranks, and the lists (n_users, k).
    """
    ranks, tops = np.empty(len(item)), np.empty((n_users, k), dtype=np.int64)
    for start in range(0, n_users, block):
        rows = np.arange(start, min(start + block, n_users))
        scores = scores_of(rows)
        pairs = slice(*np.searchsorted(owner, [start, start + len(rows)]))
        ranks[pairs] = ranks_of(scores, owner[pairs] - start, item[pairs])
        if k > 0:
            tops[rows] = top_items(scores, k)
    return RelevantRanks(ranks, owner, n_users), tops


def ranks_in_lists(lists: np.ndarray, owner: np.ndarray, item: np.ndarray) -> RelevantRanks:
    """Ranks of the relevant items within given lists (n_users, k); an item that is not listed is at infinity.

    >>> ranks_in_lists(np.array([[4, 2], [1, -1]]), np.array([0, 1]), np.array([2, 3])).rank.tolist()
    [2.0, inf]
    """
    hits = lists[owner] == item[:, None]
    rank = np.where(hits.any(axis=1), hits.argmax(axis=1) + 1.0, np.inf)
    return RelevantRanks(rank, owner, len(lists))


def hit_rate(ranks: RelevantRanks, k: int) -> np.ndarray:
    """1 where a relevant item is among the first k, else 0, shape (n_users,).

    >>> hit_rate(RelevantRanks(np.array([1.0, 4.0, 11.0]), np.array([0, 0, 1]), 3), 10).tolist()
    [1.0, 0.0, nan]
    """
    found: np.ndarray = np.minimum(ranks.total(ranks.rank <= k), 1.0)
    return found


def recall(ranks: RelevantRanks, k: int) -> np.ndarray:
    """Share of the relevant items that are among the first k, shape (n_users,).

    >>> recall(RelevantRanks(np.array([1.0, 4.0, 11.0]), np.array([0, 0, 0]), 1), 3).round(4).tolist()
    [0.3333]
    """
    return _divided(ranks.total(ranks.rank <= k), ranks.n_relevant)


def recall_of_possible(ranks: RelevantRanks, k: int) -> np.ndarray:
    """Share of as many relevant items as k places can hold that are among the first k, shape (n_users,).

    >>> recall_of_possible(RelevantRanks(np.array([1.0, 4.0, 11.0]), np.array([0, 0, 0]), 1), 2).tolist()
    [0.5]
    """
    return _divided(ranks.total(ranks.rank <= k), np.minimum(ranks.n_relevant, k))


def ndcg(ranks: RelevantRanks, k: int) -> np.ndarray:
    """Discounted gain 1 / log2(1 + rank) of the first k, divided by that of a perfect list, shape (n_users,).

    Source: Järvelin & Kekäläinen 2002, with binary gains.

    >>> ndcg(RelevantRanks(np.array([3.0]), np.array([0]), 1), 10).tolist()
    [0.5]
    >>> ndcg(RelevantRanks(np.array([1.0, 3.0]), np.array([0, 0]), 1), 10).round(4).tolist()  # 1.5 / 1.6309
    [0.9197]
    """
    gain = np.where(ranks.rank <= k, 1.0 / np.log2(1.0 + ranks.rank), 0.0)
    ideal = np.concatenate([[0.0], np.cumsum(1.0 / np.log2(np.arange(2, k + 2)))])
    return _divided(ranks.total(gain), ideal[np.minimum(ranks.n_relevant, k)])


def reciprocal_rank(ranks: RelevantRanks, k: int) -> np.ndarray:
    """1 / rank of the first relevant item, 0 if it is not among the first k, shape (n_users,).

    >>> reciprocal_rank(RelevantRanks(np.array([4.0, 2.0]), np.array([0, 0]), 1), 10).tolist()
    [0.5]
    """
    first = np.full(ranks.n_users, np.inf)
    np.minimum.at(first, ranks.owner, ranks.rank)
    return np.where(ranks.n_relevant > 0, np.where(first <= k, 1.0 / first, 0.0), np.nan)


def average_precision(ranks: RelevantRanks, k: int) -> np.ndarray:
    """Mean precision at the ranks of the relevant items within k, over min(k, number of relevant), shape (n_users,).

    >>> average_precision(RelevantRanks(np.array([1.0, 4.0]), np.array([0, 0]), 1), 10).tolist()  # (1/1 + 2/4) / 2
    [0.75]
    """
    order = np.lexsort((ranks.rank, ranks.owner))
    owner, rank = ranks.owner[order], ranks.rank[order]
    starts = np.cumsum(ranks.n_relevant) - ranks.n_relevant
    n_found = np.arange(len(rank)) - starts[owner] + 1
    precision = np.where(rank <= k, n_found / rank, 0.0)
    totals = RelevantRanks(rank, owner, ranks.n_users).total(precision)
    return _divided(totals, np.minimum(ranks.n_relevant, k))


RANKING_METRICS: Mapping[str, Callable[[RelevantRanks, int], np.ndarray]] = {
    "hr": hit_rate,
    "recall": recall,
    "recall_min": recall_of_possible,
    "ndcg": ndcg,
    "mrr": reciprocal_rank,
    "map": average_precision,
}


def ranking_metrics(ranks: RelevantRanks, k: int) -> dict[str, np.ndarray]:
    """Every metric of `RANKING_METRICS` at k, by its name in the leaderboard ("ndcg@10"), one value a user."""
    return {f"{name}@{k}": metric(ranks, k) for name, metric in RANKING_METRICS.items()}


def _divided(totals: np.ndarray, parts: np.ndarray) -> np.ndarray:
    quotient: np.ndarray = totals / np.maximum(parts, 1e-12)
    return quotient
