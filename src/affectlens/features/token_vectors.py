"""Vectors of tokens from the company that they keep: nothing but the train texts themselves."""

# Shapes: V tokens, D dimensions.
from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from scipy.sparse.linalg import svds

from affectlens.features.text import PADDING_INDEX

_SMOOTHING = 0.75


def token_vectors(ids: np.ndarray, offsets: np.ndarray, n_tokens: int, size: int, reach: int) -> np.ndarray:
    """Vectors (V, D) that factorise the positive pointwise mutual information of tokens near each other.

    They have mean zero and standard deviation one over all tokens; padding is zero. A text's tokens count for each
    other by one over their distance.

    Args:
        ids: tokens of all texts, flat.
        offsets: (n + 1,) text i owns ids[offsets[i]:offsets[i + 1]].
        n_tokens: V.
        size: D; dimensions that the texts do not fill are zero.
        reach: largest distance that counts.
    Source: Levy, Goldberg & Dagan 2015, "Improving distributional similarity with lessons learned".
    """
    information = _positive_information(_neighbours(ids, offsets, n_tokens, reach))
    vectors = np.zeros((n_tokens, size))
    n_found = min(size, n_tokens - 1, information.nnz)
    if n_found < 1:
        return vectors
    left, strength, _ = svds(information, k=n_found, random_state=0)
    signs = np.sign(left[np.abs(left).argmax(axis=0), np.arange(n_found)])
    vectors[:, :n_found] = left * signs * np.sqrt(strength)
    vectors -= vectors.mean(axis=0)
    vectors /= max(float(vectors.std()), 1e-12)
    vectors[PADDING_INDEX] = 0.0
    return vectors


def _neighbours(ids: np.ndarray, offsets: np.ndarray, n_tokens: int, reach: int) -> sp.csr_matrix:
    """How often two tokens stand near each other (V, V), by one over their distance."""
    text = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    counts = sp.csr_matrix((n_tokens, n_tokens))
    for distance in range(1, reach + 1):
        is_same = text[distance:] == text[:-distance]
        first, second = ids[:-distance][is_same], ids[distance:][is_same]
        near = sp.csr_matrix((np.full(len(first), 1.0 / distance), (first, second)), shape=counts.shape)
        counts = counts + near + near.T
    return counts


def _positive_information(counts: sp.csr_matrix) -> sp.csr_matrix:
    """Positive pointwise mutual information, frequent neighbours counting less."""
    pairs, total = counts.tocoo(), np.asarray(counts.sum(axis=1)).ravel()
    smoothed = total**_SMOOTHING
    information = np.log(pairs.data * smoothed.sum() / (total[pairs.row] * smoothed[pairs.col]))
    is_kept = information > 0
    kept = (information[is_kept], (pairs.row[is_kept], pairs.col[is_kept]))
    return sp.csr_matrix(kept, shape=counts.shape)
