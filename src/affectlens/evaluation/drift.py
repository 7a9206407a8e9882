"""How far a mix of forms or emotions has moved from where it began."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import xlogy

_N_DRAWS = 20  # subsamples whose mean is the distance at equal n


@dataclass(frozen=True)
class Drift:
    """Distance of each window's mix from the first one's.

    Attributes:
        distance: (W,) Jensen-Shannon divergence in bits at equal n; 0 for the first window.
        p_value: (W,) probability of so large a largest distance if the order of the time blocks meant nothing.
        n_posts: posts drawn from each window.
    """

    distance: np.ndarray
    p_value: np.ndarray
    n_posts: int


def jensen_shannon(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """Divergence in bits between mixes on the last axis, in [0, 1].

    >>> jensen_shannon(np.array([1.0, 0.0]), np.array([0.0, 1.0])).item()
    1.0
    >>> jensen_shannon(np.array([0.5, 0.5]), np.array([0.5, 0.5])).item()
    0.0
    """
    middle = 0.5 * (p + q)
    entropy = -(xlogy(p, p) + xlogy(q, q)).sum(axis=-1) / 2 + xlogy(middle, middle).sum(axis=-1)
    bits: np.ndarray = np.maximum(-entropy / np.log(2), 0.0)
    return bits


def drift(counts: np.ndarray, windows: np.ndarray, seed: int, n_permutations: int) -> Drift:
    """Distance of every window from the first, with p-values that permute blocks of time.

    All windows are cut to the number of posts of the smallest one, since small samples lie further apart.

    Args:
        counts: (b, K) whole numbers of posts of each kind in each block (a week, say), in order of time.
        windows: (b,) index of the window of each block, from 0, rising, each window holding a block.
        seed: seed of subsamples and permutations.
        n_permutations: permutations of the blocks.

    Two windows of one kind each are as far apart as can be; with two blocks, no permutation tells them apart.

    >>> found = drift(np.array([[30, 0], [0, 30]]), np.array([0, 1]), seed=0, n_permutations=19)
    >>> found.distance.tolist(), found.p_value.tolist(), found.n_posts
    ([0.0, 1.0], [1.0, 1.0], 30)
    """
    generator = np.random.default_rng(seed)
    n_windows = int(windows.max()) + 1
    observed = _window_counts(counts, windows, n_windows)
    n_posts = int(observed.sum(axis=1).min())
    if n_windows < 2 or n_posts == 0:
        return Drift(np.zeros(n_windows), np.ones(n_windows), n_posts)
    distance = np.mean([_distances(observed, n_posts, generator) for _ in range(_N_DRAWS)], axis=0)
    largest = np.empty(n_permutations)
    for turn in range(n_permutations):
        permuted = _window_counts(counts[generator.permutation(len(counts))], windows, n_windows)
        largest[turn] = _distances(permuted, min(n_posts, int(permuted.sum(axis=1).min())), generator).max()
    as_large = (largest[:, None] >= distance - 1e-12).sum(axis=0)
    return Drift(distance, (1 + as_large) / (1 + n_permutations), n_posts)


def _window_counts(counts: np.ndarray, windows: np.ndarray, n_windows: int) -> np.ndarray:
    table = np.zeros((n_windows, counts.shape[1]), dtype=np.int64)
    np.add.at(table, windows, counts)
    return table


def _distances(table: np.ndarray, n_posts: int, generator: np.random.Generator) -> np.ndarray:
    """Divergence of the mixes of equal samples from the first window's; a window that gives none is not apart."""
    if n_posts == 0:
        return np.zeros(len(table))
    drawn = np.stack([generator.multivariate_hypergeometric(row, n_posts) for row in table]) / n_posts
    distances = jensen_shannon(drawn, drawn[:1])
    distances[0] = 0.0
    return distances
