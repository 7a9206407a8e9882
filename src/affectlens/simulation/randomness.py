"""Named streams of random numbers, and draws that numpy does not offer row by row."""

import zlib

import numpy as np


def stream(seed: int, name: str) -> np.random.Generator:
    """A generator of its own for each named part of the world, so that one part's draws never shift another's.

    >>> bool(stream(1, "catalogue").random() == stream(1, "catalogue").random())
    True
    >>> bool(stream(1, "catalogue").random() == stream(1, "population").random())
    False
    """
    return np.random.default_rng([seed, zlib.crc32(name.encode())])


def draw_categories(weights: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """One category a row, drawn in proportion to non-negative weights.

    Args:
        weights: (n, K); each row needs a positive sum.
        rng: source of the draws.

    Returns:
        (n,) positions in 0..K-1.

    >>> draw_categories(np.array([[0.0, 1.0], [3.0, 0.0]]), np.random.default_rng(0)).tolist()
    [1, 0]
    """
    upper = np.cumsum(weights, axis=1, dtype=np.float64)
    level = rng.random(len(weights)) * upper[:, -1]
    drawn: np.ndarray = np.minimum((upper <= level[:, None]).sum(axis=1), weights.shape[1] - 1)
    return drawn


def mixture(weights: np.ndarray) -> np.ndarray:
    """Rows of non-negative weights (n, K) scaled to sum to 1."""
    scaled: np.ndarray = weights / weights.sum(axis=1, keepdims=True)
    return scaled
