"""Item-based nearest neighbours with shrinkage and recency.

Source: Sarwar et al. 2001, "Item-based collaborative filtering recommendation algorithms"; shrinkage after Bell &
Koren 2007. Departs from them in the input: an event that is k steps old weighs decay^k.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from pydantic import Field
from scipy import sparse

from affectlens.models.recommender.histories import Histories
from affectlens.models.recommender.item_to_item import ItemToItem, binary_interactions, item_popularity
from affectlens.params import Params

Similarity = Literal["cosine", "jaccard"]


class ItemKnnParams(Params):
    """The settings that are tried on validation data: every combination."""

    similarities: list[Similarity] = Field(min_length=1)
    shrinkages: list[float] = Field(min_length=1, description="added to the denominator; damps rare pairs")
    neighbours: list[int | None] = Field(min_length=1, description="most similar items kept of each item; null: all")
    decays: list[float] = Field(min_length=1, description="weight of an event that is one step older, in (0, 1]")


def item_knn_trials(params: ItemKnnParams) -> list[Mapping[str, Any]]:
    """Every combination of settings; those that share a matrix stand together."""
    combinations = itertools.product(params.similarities, params.shrinkages, params.neighbours, params.decays)
    names = ("similarity", "shrinkage", "neighbours", "decay")
    return [dict(zip(names, combination, strict=True)) for combination in combinations]


def co_occurrence(train: Histories, n_items: int) -> sparse.csr_matrix:
    """(n_items, n_items) number of users who consumed both; the diagonal holds each item's users."""
    interactions = binary_interactions(train, n_items)
    together: sparse.csr_matrix = (interactions.T @ interactions).tocsr()
    return together


def fit_item_knn(
    train: Histories, together: sparse.csr_matrix, *, similarity: Similarity, shrinkage: float, neighbours: int | None
) -> ItemToItem:
    """Similarity of each item to its nearest neighbours, with decay 1.

    Args:
        train: training events.
        together: `co_occurrence` of them.
        similarity: cosine = n_ij / (sqrt(n_i n_j) + shrinkage), jaccard = n_ij / (n_i + n_j - n_ij + shrinkage).
        shrinkage: see there.
        neighbours: how many are kept in each row; None keeps all.
    """
    n_items = together.shape[0]
    users = together.diagonal()
    pairs = together.tocoo()
    apart = pairs.row != pairs.col
    row, column, n_both = pairs.row[apart], pairs.col[apart], pairs.data[apart]
    product, total = users[row] * users[column], users[row] + users[column]
    denominator = np.sqrt(product) if similarity == "cosine" else total - n_both
    values = (n_both / (denominator + shrinkage)).astype(np.float32)
    if neighbours is not None:
        kept = _largest_of_each_row(row, values, neighbours)
        row, column, values = row[kept], column[kept], values[kept]
    weight = sparse.csr_matrix((values, (row, column)), shape=(n_items, n_items))
    return ItemToItem("item_knn", weight, 1.0, item_popularity(train, n_items))


def _largest_of_each_row(row: np.ndarray, values: np.ndarray, n_kept: int) -> np.ndarray:
    """Positions of the n_kept largest values of each row; equal values in the order of storage."""
    order = np.lexsort((-values, row))
    ordered = row[order]
    is_first = np.concatenate([[True], ordered[1:] != ordered[:-1]]) if len(ordered) else np.zeros(0, dtype=bool)
    start = np.flatnonzero(is_first)
    place = np.arange(len(ordered)) - np.repeat(start, np.diff(np.append(start, len(ordered))))
    kept: np.ndarray = order[place < n_kept]
    return kept
