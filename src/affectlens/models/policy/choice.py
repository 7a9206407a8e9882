"""From numbers per arm to probabilities per arm. n contexts, A arms."""

from __future__ import annotations

import numpy as np


def epsilon_greedy(scores: np.ndarray, epsilon: float) -> np.ndarray:
    """The arm of the highest score (ties share), mixed with the uniform policy by `epsilon` so that no arm has 0.

    Args:
        scores: (n, A) any finite numbers.
        epsilon: share of the uniform policy in (0, 1].

    >>> epsilon_greedy(np.array([[0.1, 0.9], [0.5, 0.5]]), epsilon=0.2).tolist()
    [[0.1, 0.9], [0.5, 0.5]]
    """
    is_best = scores == scores.max(axis=1, keepdims=True)
    return with_uniform(is_best / is_best.sum(axis=1, keepdims=True), epsilon)


def with_uniform(probabilities: np.ndarray, epsilon: float) -> np.ndarray:
    """Mix distributions over arms (n, A) with the uniform one: (1 - epsilon) p + epsilon / A.

    >>> with_uniform(np.array([[1.0, 0.0]]), epsilon=0.5).tolist()
    [[0.75, 0.25]]
    """
    mixed: np.ndarray = (1.0 - epsilon) * probabilities + epsilon / probabilities.shape[1]
    return mixed
