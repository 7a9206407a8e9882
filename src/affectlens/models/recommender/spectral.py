"""Item vectors from the spectrum of the user-item matrix: where the item embeddings start.

Two items are close if the same users consumed them, so that the network starts as a neighbourhood model and learns
from there what the order of events adds. A few thousand steps of gradient descent are saved.
Source: Sarwar et al. 2000, "Application of Dimensionality Reduction in Recommender System", with the degrees of both
sides divided out as in Dhillon 2001, "Co-clustering documents and words using bipartite spectral graph partitioning".
"""

from __future__ import annotations

import numpy as np
from scipy import sparse
from sklearn.utils.extmath import randomized_svd

from affectlens.models.recommender.histories import Histories
from affectlens.models.recommender.item_to_item import binary_interactions

_POWER_ITERATIONS = 3


def spectral_items(train: Histories, n_items: int, width: int, seed: int) -> np.ndarray:
    """Unit vectors (n_items, width), float32; zeros for an item without an event, and beyond the rank of the matrix.

    Direction j is the right singular vector j of D_u^-1/2 X D_i^-1/2 times the square root of its singular value, where
    X is 1 where a user consumed an item and D holds the row and column sums.
    """
    vectors = np.zeros((n_items, width), dtype=np.float32)
    consumed = binary_interactions(train, n_items)
    n_directions = min(width, *(size - 1 for size in consumed.shape))
    if n_directions < 1:
        return vectors
    by_user, by_item = (np.asarray(consumed.sum(axis=axis)).ravel() for axis in (1, 0))
    scaled = _inverse_root(by_user) @ consumed @ _inverse_root(by_item)
    _, strength, direction = randomized_svd(scaled, n_directions, n_iter=_POWER_ITERATIONS, random_state=seed)
    found = direction.T * np.sqrt(strength)
    vectors[:, :n_directions] = found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-12)
    vectors[by_item == 0] = 0.0
    return vectors


def _inverse_root(degrees: np.ndarray) -> sparse.dia_array:
    return sparse.diags_array(1.0 / np.sqrt(np.maximum(degrees, 1.0)))
