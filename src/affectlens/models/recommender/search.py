"""The best items of each request: by looking at all of them, or by an index that looks at some."""

# Shapes: n requests, N items, M width, k places, T items of the longest history.
from __future__ import annotations

from typing import Literal, Protocol

import numpy as np
from pydantic import Field

from affectlens.models.recommender.histories import Histories
from affectlens.params import Params


class SearchParams(Params):
    """How the best items are looked for."""

    kind: Literal["exact", "approximate"] = Field(description="approximate needs the extra `serving` (faiss)")
    links: int = Field(ge=2, description="of each item in the graph of the approximate index")
    breadth: int = Field(ge=1, description="items that the approximate index keeps in sight at a time")


class ItemSearch(Protocol):
    """Items as vectors, ready to be searched."""

    def best(self, requests: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
        """Items (b, n) of the largest inner products with requests (b, M), and these products, best first.

        Where there are fewer than n, the item is -1 and the product minus infinity.
        """
        ...


class ExactSearch:
    """Every item is looked at."""

    def __init__(self, items: np.ndarray, exists: np.ndarray) -> None:
        self._items, self._exists = items, exists

    def best(self, requests: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
        """See `ItemSearch`."""
        scores = requests @ self._items.T
        scores[:, ~self._exists] = -np.inf
        n = min(n, scores.shape[1])
        found = np.argpartition(-scores, n - 1, axis=1)[:, :n]
        values = np.take_along_axis(scores, found, axis=1)
        order = np.argsort(-values, axis=1, kind="stable")
        found, values = (np.take_along_axis(each, order, axis=1) for each in (found, values))
        return np.where(np.isneginf(values), -1, found), values


class ApproximateSearch:
    """A graph of neighbouring items is walked towards the request (HNSW, by faiss).

    Source: Malkov & Yashunin 2018, "Efficient and Robust Approximate Nearest Neighbor Search Using HNSW".
    """

    def __init__(self, items: np.ndarray, exists: np.ndarray, links: int, breadth: int) -> None:
        import faiss

        self._place = np.flatnonzero(exists)
        self._index = faiss.IndexHNSWFlat(items.shape[1], links, faiss.METRIC_INNER_PRODUCT)
        self._index.hnsw.efConstruction = breadth
        self._index.add(np.ascontiguousarray(items[self._place]))
        self._breadth = breadth

    def best(self, requests: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
        """See `ItemSearch`."""
        n = min(n, len(self._place))
        self._index.hnsw.efSearch = max(self._breadth, n)
        values, found = self._index.search(np.ascontiguousarray(requests), n)
        return np.where(found >= 0, self._place[np.maximum(found, 0)], -1), np.where(found >= 0, values, -np.inf)


def open_search(items: np.ndarray, exists: np.ndarray, params: SearchParams) -> ItemSearch:
    """The search that the parameters name."""
    if params.kind == "exact":
        return ExactSearch(items, exists)
    return ApproximateSearch(items, exists, params.links, params.breadth)


def new_to_the_user(
    search: ItemSearch, requests: np.ndarray, histories: Histories, k: int
) -> tuple[np.ndarray, np.ndarray]:
    """The k best items (n, k) that each user has not consumed, -1 where there are fewer, and their scores (n, k)."""
    longest = int(histories.lengths.max(initial=0))
    found, values = search.best(requests, k + longest)
    n_items = 1 + max(int(found.max(initial=0)), int(histories.item.max(initial=0)))
    rows = np.arange(len(found))[:, None] * n_items
    seen = np.isin(rows + found, histories.owner * n_items + histories.item)
    kept = np.argsort(seen | (found < 0), axis=1, kind="stable")[:, :k]
    lists, scores = (np.take_along_axis(each, kept, axis=1) for each in (found, values))
    is_new = ~np.take_along_axis(seen | (found < 0), kept, axis=1)
    return np.where(is_new, lists, -1), np.where(is_new, scores, -np.inf)
