"""What item-kNN and EASE share: a sparse item-to-item matrix that a recency-weighted history is multiplied with."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from scipy import sparse

from affectlens.models.checkpoint import Checkpoint
from affectlens.models.recommender.histories import Histories


@dataclass(frozen=True)
class ItemToItem:
    """score(u, j) = sum over the history of decay^age(i) * weight(i, j).

    Attributes:
        architecture: "item_knn" or "ease".
        weight: (n_items, n_items) sparse, float32; row: item of the history, column: item to score.
        decay: weight of an event that is one step older, in (0, 1].
        popularity: (n_items,) training events; the scores of a user without a history.
    """

    architecture: str
    weight: sparse.csr_matrix
    decay: float
    popularity: np.ndarray

    def score(self, histories: Histories) -> np.ndarray:
        """Scores (n, n_items), float32."""
        scores: np.ndarray = (histories.weights(len(self.popularity), self.decay) @ self.weight).toarray()
        scores[histories.lengths == 0] = self.popularity
        return scores

    def with_decay(self, decay: float) -> Self:
        """The same matrix under another recency weight."""
        return dataclasses.replace(self, decay=decay)

    def checkpoint(self, item_ids: Sequence[str], **metadata: Any) -> Checkpoint:
        """The model at rest; the sparse matrix as data, indices and indptr."""
        weights: dict[str, np.ndarray] = {
            "data": self.weight.data.astype(np.float32),
            "indices": self.weight.indices.astype(np.int32),
            "indptr": self.weight.indptr.astype(np.int64),
            "popularity": self.popularity.astype(np.float32),
        }
        return Checkpoint(self.architecture, {"item_ids": list(item_ids), "decay": self.decay}, weights, metadata)

    @classmethod
    def from_checkpoint(cls, checkpoint: Checkpoint) -> Self:
        """The model that was saved."""
        weights = checkpoint.weights
        n_items = len(weights["popularity"])
        matrix = sparse.csr_matrix((weights["data"], weights["indices"], weights["indptr"]), shape=(n_items, n_items))
        return cls(checkpoint.architecture, matrix, float(checkpoint.params["decay"]), weights["popularity"])


def item_popularity(train: Histories, n_items: int) -> np.ndarray:
    """(n_items,) training events of each item, float32."""
    return np.bincount(train.item, minlength=n_items).astype(np.float32)


def binary_interactions(train: Histories, n_items: int) -> sparse.csr_matrix:
    """(n_users, n_items) float32, 1 where the user consumed the item in training."""
    return train.weights(n_items, 1.0)
