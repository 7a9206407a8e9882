"""Standardised contexts with an intercept: the input of every linear model over contexts."""

from __future__ import annotations

import numpy as np

_SMALLEST_SCALE = 1e-9


def context_scale(contexts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of each context feature, both (d,); a constant feature gets scale 1."""
    scale = contexts.std(axis=0)
    return contexts.mean(axis=0), np.where(scale > _SMALLEST_SCALE, scale, 1.0)


def design_matrix(contexts: np.ndarray, mean: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Contexts (n, d) standardised by `mean` and `scale` (d,), with a last column of ones: (n, d + 1).

    >>> design_matrix(np.array([[3.0]]), np.array([1.0]), np.array([2.0])).tolist()
    [[1.0, 1.0]]
    """
    return np.hstack([(contexts - mean) / scale, np.ones((len(contexts), 1))])
