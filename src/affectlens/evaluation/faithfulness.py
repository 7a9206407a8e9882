"""Does an explanation name what the answer rests on? Take the named parts away, or leave nothing else."""

# Shapes: n rows, T parts (tokens or regions), K fractions.
from __future__ import annotations

from collections.abc import Callable

import numpy as np

FRACTIONS = (0.01, 0.05, 0.1, 0.2, 0.5)
Probability = Callable[[np.ndarray], np.ndarray]


def top_parts(ranking: np.ndarray, is_part: np.ndarray, fraction: float) -> np.ndarray:
    """The highest-ranked share of the parts of each row, at least one, (n, T) of bool.

    Args:
        ranking: (n, T) higher is more important.
        is_part: (n, T) False for padding.
        fraction: share of a row's parts, rounded up.

    >>> top_parts(np.array([[0.3, 0.9, 0.1]]), np.array([[True, True, False]]), 0.5).tolist()
    [[False, True, False]]
    """
    n_top = np.maximum(np.ceil(fraction * is_part.sum(axis=1)), 1)
    order = np.argsort(-np.where(is_part, ranking, -np.inf), axis=1, kind="stable")
    rank = np.argsort(order, axis=1, kind="stable")
    return np.asarray((rank < n_top[:, None]) & is_part)


def comprehensiveness(ranking: np.ndarray, is_part: np.ndarray, without: Probability) -> np.ndarray:
    """Loss of probability when the top parts are taken away, mean over `FRACTIONS`, (n,); higher is more faithful.

    Args:
        ranking: (n, T) importance of each part.
        is_part: (n, T) False for padding.
        without: hidden parts (n, T) -> probability (n,) of the explained answer.

    Source: DeYoung et al. 2020, "ERASER", arXiv:1911.03429 (AOPC).

    >>> lost = lambda hidden: np.where(hidden[:, 0], 0.2, 0.8)              # the first part carries the answer
    >>> part = np.ones((1, 2), dtype=bool)
    >>> comprehensiveness(np.array([[9.0, 1.0]]), part, lost).round(4).tolist()
    [0.6]
    """
    full = without(np.zeros_like(is_part))
    drops = [full - without(top_parts(ranking, is_part, fraction)) for fraction in FRACTIONS]
    return np.asarray(np.mean(drops, axis=0))


def sufficiency(ranking: np.ndarray, is_part: np.ndarray, without: Probability) -> np.ndarray:
    """Loss of probability when only the top parts are left, mean over `FRACTIONS`, (n,); lower is more faithful.

    >>> lost = lambda hidden: np.where(hidden[:, 0], 0.2, 0.8)
    >>> sufficiency(np.array([[9.0, 1.0]]), np.ones((1, 2), dtype=bool), lost).round(4).tolist()
    [0.0]
    """
    full = without(np.zeros_like(is_part))
    drops = [full - without(is_part & ~top_parts(ranking, is_part, fraction)) for fraction in FRACTIONS]
    return np.asarray(np.mean(drops, axis=0))
