"""EASE: the linear autoencoder over items that has a closed form.

Source: Steck 2019, "Embarrassingly Shallow Autoencoders for Sparse Data", arXiv:1905.03375. Departs from it in two
points: an event of the input that is k steps old weighs decay^k, and of a large catalogue only the largest weights of
each column are kept, so that the model that is scored is the model that is stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from pydantic import Field
from scipy import sparse
from scipy.linalg import lapack

from affectlens.models.recommender.histories import Histories
from affectlens.models.recommender.item_to_item import ItemToItem, binary_interactions, item_popularity
from affectlens.params import Params

_ROWS_AT_ONCE = 512


class EaseParams(Params):
    """The settings that are tried on validation data: every combination."""

    regularisations: list[float] = Field(min_length=1, description="lambda, the L2 penalty, above 0")
    decays: list[float] = Field(min_length=1, description="weight of an event that is one step older, in (0, 1]")
    stored_weights: int = Field(ge=1, description="largest weights of each column that are kept")
    dense_below: int = Field(ge=0, description="up to this many items with events, all weights are kept")


def ease_trials(regularisation: float, params: EaseParams) -> list[Mapping[str, Any]]:
    """Every setting that is tried with one fitted matrix: the recency of the input."""
    return [{"regularisation": regularisation, "decay": decay} for decay in params.decays]


def fit_ease(
    train: Histories, n_items: int, *, regularisation: float, stored_weights: int, dense_below: int
) -> ItemToItem:
    """B = I - P diag(1 / diag P) with P = (X'X + lambda I)^-1, decay 1.

    Args:
        train: training events; X is 1 where a user consumed an item.
        n_items: size of the catalogue.
        regularisation: lambda.
        stored_weights: largest weights of each column that are kept, by magnitude.
        dense_below: with at most this many items that have events, all are kept.
    """
    popularity = item_popularity(train, n_items)
    known = np.flatnonzero(popularity)  # an item without events has no weights: its rows and columns of B are zero
    n_kept = len(known) if len(known) <= dense_below else min(stored_weights, len(known))
    inverse = _inverse_gram(binary_interactions(train, n_items)[:, known], regularisation)
    found = _sparse_weights(inverse, n_kept).tocoo()
    entries = (found.data, (known[found.row], known[found.col]))
    return ItemToItem("ease", sparse.csr_matrix(entries, shape=(n_items, n_items)), 1.0, popularity)


def _inverse_gram(interactions: sparse.csr_matrix, regularisation: float) -> np.ndarray:
    """(X'X + lambda I)^-1, float32: Cholesky factor and inverse in place, one n_items^2 array in all.

    Only the upper triangle is valid.

    Raises:
        ValueError: the matrix is not positive definite.
    """
    gram: np.ndarray = (interactions.T @ interactions).toarray(order="F")
    if gram.shape[0] == 0:
        return gram
    gram[np.diag_indices_from(gram)] += regularisation
    fault: int
    gram, fault = lapack.spotrf(gram, lower=0, clean=0, overwrite_a=1)
    if fault == 0:
        gram, fault = lapack.spotri(gram, lower=0, overwrite_c=1)
    if fault != 0:
        raise ValueError(f"X'X + lambda I is singular with lambda {regularisation}; raise it")
    return gram


def _sparse_weights(inverse: np.ndarray, n_kept: int) -> sparse.csr_matrix:
    """B with the n_kept largest weights of each column, from the upper triangle of P."""
    n_items = len(inverse)
    diagonal = np.diagonal(inverse)
    blocks = []
    for start in range(0, n_items, _ROWS_AT_ONCE):
        columns = np.arange(start, min(start + _ROWS_AT_ONCE, n_items))
        upper = np.arange(n_items)[:, None] <= columns[None, :]
        column_block = np.where(upper, inverse[:, columns], inverse[columns, :].T)
        weights = np.ascontiguousarray((-column_block / diagonal[None, columns]).T)
        weights[np.arange(len(columns)), columns] = 0.0
        blocks.append(_largest(weights, n_kept))
    blocks = blocks or [sparse.csr_matrix(np.zeros((0, n_items), dtype=np.float32))]
    weights_by_row: sparse.csr_matrix = sparse.vstack(blocks, format="csr").T.tocsr()
    return weights_by_row


def _largest(rows: np.ndarray, n_kept: int) -> sparse.csr_matrix:
    """The n_kept values of largest magnitude in each row; the others become zero."""
    if n_kept < rows.shape[1]:
        dropped = np.argpartition(-np.abs(rows), n_kept - 1, axis=1)[:, n_kept:]
        np.put_along_axis(rows, dropped, 0.0, axis=1)
    return sparse.csr_matrix(rows)
