"""How good generated vectors are: fidelity, coverage, condition and memory (N real, M generated rows, width d)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial.distance import cdist, pdist
from scipy.stats import rankdata

from affectlens.evaluation.emotion import f1_statistic


def frechet_distance(real: np.ndarray, fake: np.ndarray) -> float:
    """Frechet distance between the Gaussians that fit two samples: `|mu_x - mu_y|² + Tr(S_x + S_y - 2 (S_x S_y)^½)`.

    It is biased upwards by small samples and many dimensions: compare rows of equal N only, and beside real-vs-real.

    Args:
        real: (N, d).
        fake: (M, d).

    Raises:
        ValueError: the widths differ, or a sample has fewer than two rows.

    Source: Heusel et al. 2017, "GANs Trained by a Two Time-Scale Update Rule", arXiv:1706.08500.

    >>> round(frechet_distance(np.array([[0.0], [2.0]]), np.array([[3.0], [7.0]])), 6)  # (5-1)² + (√8 - √2)²
    18.0
    """
    _check_pair(real, fake)
    moments = [weighted_moments(sample, np.ones((1, len(sample)))) for sample in (real, fake)]
    return float(frechet_of_moments(*moments[0], *moments[1])[0])


def weighted_moments(sample: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Means (b, d) and unbiased covariances (b, d, d) of rows (n, d) counted `weights` (b, n) times."""
    totals = weights.sum(axis=1)[:, None]
    means = weights @ sample / totals
    products = np.stack([(sample * row[:, None]).T @ sample for row in weights])
    outer = means[:, :, None] * means[:, None, :] * totals[:, :, None]
    return means, (products - outer) / (totals[:, :, None] - 1.0)


def frechet_of_moments(
    mean_x: np.ndarray, covariance_x: np.ndarray, mean_y: np.ndarray, covariance_y: np.ndarray
) -> np.ndarray:
    """Frechet distances (b,) of Gaussians given by means (b, d) and covariances (b, d, d); eigenvalues clipped at 0."""
    values, vectors = np.linalg.eigh(covariance_x)
    root = (vectors * np.sqrt(np.clip(values, 0.0, None))[:, None, :]) @ np.swapaxes(vectors, 1, 2)
    cross = np.sqrt(np.clip(np.linalg.eigvalsh(root @ covariance_y @ root), 0.0, None)).sum(axis=1)
    traces = np.trace(covariance_x, axis1=1, axis2=2) + np.trace(covariance_y, axis1=1, axis2=2)
    distances: np.ndarray = ((mean_x - mean_y) ** 2).sum(axis=1) + traces - 2.0 * cross
    return distances


def median_distance(real: np.ndarray) -> float:
    """Median distance between two real vectors, the bandwidth of the kernel; 1 if they all coincide."""
    median = float(np.median(pdist(real))) if len(real) > 1 else 0.0
    return median if median > 0 else 1.0


def mmd2(real: np.ndarray, fake: np.ndarray, bandwidth: float | None = None) -> float:
    """Unbiased squared maximum mean discrepancy with the kernel `exp(-|x - y|² / 2 s²)`; below 0 by chance only.

    Args:
        real: (N, d).
        fake: (M, d).
        bandwidth: s; the median distance between real rows if not given.

    Raises:
        ValueError: the widths differ, or a sample has fewer than two rows.

    Source: Gretton et al. 2012, "A Kernel Two-Sample Test".

    >>> same, far = np.zeros((2, 1)), np.full((2, 1), 1000.0)
    >>> mmd2(same, far, bandwidth=1.0)  # 1 + 1 - 2·0
    2.0
    """
    _check_pair(real, fake)
    width = median_distance(real) if bandwidth is None else bandwidth
    kernel = rbf_kernel(np.concatenate([real, fake]), width)
    from_real = np.arange(len(kernel)) < len(real)
    return float(
        mmd2_of_kernel(kernel, from_real[None, :].astype(np.float64), (~from_real)[None, :].astype(np.float64))[0]
    )


class LocalMmd2:
    """Unbiased MMD² to a real sample at half its median distance: blind to little, and so what training watches.

    At the full median distance a single Gaussian already passes for a mixture of clusters. What only the real sample
    decides is computed once.

    >>> LocalMmd2(np.array([[0.0], [1.0]]))(np.array([[0.0], [1.0]]))  # (e⁻² + e⁻² - 2 (1 + e⁻²) / 2)
    -0.8646647167633872
    """

    def __init__(self, real: np.ndarray) -> None:
        self._real = np.asarray(real, dtype=np.float64)
        self._bandwidth = median_distance(self._real) / 2.0
        self._within = _mean_off_diagonal(rbf_kernel(self._real, self._bandwidth))

    def __call__(self, fake: np.ndarray) -> float:
        """The distance of a generated sample (M, d).

        Raises:
            ValueError: the widths differ, or a sample has fewer than two rows.
        """
        _check_pair(self._real, fake)
        within = _mean_off_diagonal(rbf_kernel(fake, self._bandwidth))
        return self._within + within - 2.0 * float(rbf_kernel(self._real, self._bandwidth, fake).mean())


def _mean_off_diagonal(kernel: np.ndarray) -> float:
    n = len(kernel)
    return float((kernel.sum() - np.trace(kernel)) / (n * (n - 1)))


def rbf_kernel(vectors: np.ndarray, bandwidth: float, others: np.ndarray | None = None) -> np.ndarray:
    """``exp(-|x - y|² / 2 s²)`` between rows (n, d) and others (m, d), or among the rows: (n, m) or (n, n)."""
    left = np.asarray(vectors, dtype=np.float64)
    right = left if others is None else np.asarray(others, dtype=np.float64)
    # By matrix product: several times faster than scipy's cdist, and exact enough for a kernel of bounded slope.
    squared = (left**2).sum(axis=1)[:, None] + (right**2).sum(axis=1) - 2.0 * left @ right.T
    kernel: np.ndarray = np.exp(-np.clip(squared, 0.0, None) / (2.0 * bandwidth**2))
    return kernel


def mmd2_of_kernel(kernel: np.ndarray, real: np.ndarray, fake: np.ndarray) -> np.ndarray:
    """Unbiased MMD² (b,) from a kernel matrix (n, n) and how often each row is counted as real and as fake, (b, n)."""
    n_real, n_fake = real.sum(axis=1), fake.sum(axis=1)
    within_real = (np.einsum("bi,bi->b", real @ kernel, real) - n_real) / (n_real * (n_real - 1.0))
    within_fake = (np.einsum("bi,bi->b", fake @ kernel, fake) - n_fake) / (n_fake * (n_fake - 1.0))
    between = np.einsum("bi,bi->b", real @ kernel, fake) / (n_real * n_fake)
    distances: np.ndarray = within_real + within_fake - 2.0 * between
    return distances


@dataclass(frozen=True)
class Neighbourhood:
    """One value a unit; the mean of each is the metric.

    Attributes:
        precision: (M,) 1 if a generated row lies in the k-ball of some real row.
        recall: (N,) 1 if a real row lies in the k-ball of some generated row.
        density: (M,) number of real k-balls around a generated row, over k.
        coverage: (N,) 1 if some generated row lies in the k-ball of a real row.
    """

    precision: np.ndarray
    recall: np.ndarray
    density: np.ndarray
    coverage: np.ndarray


def neighbourhood(real: np.ndarray, fake: np.ndarray, k: int) -> Neighbourhood:
    """Precision, recall, density and coverage with balls that reach to the k-th neighbour.

    Raises:
        ValueError: the widths differ, or a sample has no k neighbours.

    Source: Naeem et al. 2020, "Reliable Fidelity and Diversity Metrics for Generative Models", arXiv:2002.09797.

    >>> found = neighbourhood(np.array([[0.0], [1.0], [3.0]]), np.array([[0.5], [9.0], [9.5]]), k=1)
    >>> found.precision.tolist(), found.coverage.tolist()
    ([1.0, 0.0, 0.0], [1.0, 1.0, 0.0])
    """
    _check_pair(real, fake)
    if min(len(real), len(fake)) <= k:
        raise ValueError(f"{len(real)} real and {len(fake)} generated rows have no {k} neighbours each; lower k")
    between = cdist(real, fake)
    near_real = between < nearest_distance(real, k)[:, None]
    near_fake = between < nearest_distance(fake, k)[None, :]
    return Neighbourhood(
        precision=np.asarray(near_real.any(axis=0), dtype=np.float64),
        recall=np.asarray(near_fake.any(axis=1), dtype=np.float64),
        density=near_real.sum(axis=0) / k,
        coverage=np.asarray(near_real.any(axis=1), dtype=np.float64),
    )


def nearest_distance(vectors: np.ndarray, k: int) -> np.ndarray:
    """Distance (n,) of each row to its k-th nearest other row."""
    blocks = [
        np.partition(cdist(vectors[start : start + 1024], vectors), k, axis=1)[:, k]
        for start in range(0, len(vectors), 1024)
    ]
    return np.concatenate(blocks)


def authenticity_values(fake: np.ndarray, train: np.ndarray) -> np.ndarray:
    """1 for each generated row (M,) that is farther from its nearest training row than that row is from its own.

    A sampler that copies scores 0. Unseen real data do not score 0.5: read the value beside theirs.

    Raises:
        ValueError: the widths differ, or there are fewer than two rows of either.

    Source: Alaa et al. 2022, "How Faithful is your Synthetic Data?", arXiv:2102.08921.

    >>> authenticity_values(np.array([[0.0], [5.0]]), np.array([[0.0], [1.0]])).tolist()
    [0.0, 1.0]
    """
    _check_pair(train, fake)
    nearest, distance = nearest_row(fake, train)
    own = np.partition(cdist(train[nearest], train), 1, axis=1)[:, 1]
    values: np.ndarray = (distance > own).astype(np.float64)
    return values


def copy_values(fake: np.ndarray, train: np.ndarray, held_out: np.ndarray) -> np.ndarray:
    """1 for each generated row (M,) as close to a training row as the closest 1 % of the held-out real rows are.

    More than 1 % of ones is memorising.

    >>> copy_values(np.array([[0.1], [7.0]]), np.array([[0.0], [1.0]]), np.array([[0.5], [1.5]])).tolist()
    [1.0, 0.0]
    """
    threshold = np.quantile(nearest_row(held_out, train)[1], 0.01)
    values: np.ndarray = (nearest_row(fake, train)[1] <= threshold).astype(np.float64)
    return values


def nearest_row(vectors: np.ndarray, among: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each row of `vectors` the index of the nearest row of `among`, and the distance; both (n,)."""
    blocks = [cdist(vectors[start : start + 1024], among) for start in range(0, len(vectors), 1024)]
    index = np.concatenate([block.argmin(axis=1) for block in blocks])
    return index, np.concatenate([block.min(axis=1) for block in blocks])


def weighted_macro_f1(
    labels: np.ndarray, predicted: np.ndarray, weights: np.ndarray, among: np.ndarray | None = None
) -> np.ndarray:
    """Macro-F1 (b,) over the classes in `labels`, or those of them `among` some; row i counts `weights[:, i]` times.

    A class of which no row counts is left out of the mean, which is NaN without any.

    >>> weighted_macro_f1(np.array([0, 0, 1]), np.array([0, 1, 1]), np.ones((1, 3))).round(4).tolist()
    [0.6667]
    """
    classes = np.unique(labels) if among is None else np.intersect1d(labels, among)
    return f1_statistic(labels[:, None] == classes, predicted[:, None] == classes).of(weights)[:, 0]


def dose_correlation(levels: np.ndarray, responses: np.ndarray) -> np.ndarray:
    """Spearman correlation (n,) between asked intensities (L,) and responses (n, L) of each unit; NaN if constant.

    >>> dose_correlation(np.array([0.0, 0.5, 1.0]), np.array([[0.1, 0.2, 0.9], [3.0, 2.0, 1.0]])).round(6).tolist()
    [1.0, -1.0]
    """
    asked = rankdata(levels) - (len(levels) + 1) / 2
    ranks = rankdata(responses, axis=1)
    ranks = ranks - ranks.mean(axis=1, keepdims=True)
    norms = np.sqrt((asked**2).sum() * (ranks**2).sum(axis=1))
    correlations: np.ndarray = np.divide(ranks @ asked, norms, out=np.full(len(ranks), np.nan), where=norms > 0)
    return correlations


def _check_pair(real: np.ndarray, fake: np.ndarray) -> None:
    if real.ndim != 2 or fake.ndim != 2 or real.shape[1] != fake.shape[1] or min(len(real), len(fake)) < 2:
        raise ValueError(
            f"two samples need two rows or more of the same width; got {real.shape} real and {fake.shape} generated"
        )
