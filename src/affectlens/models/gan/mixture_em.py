"""A Gaussian mixture with full covariances by EM, in matrix products.

A log density of a Gaussian is linear in the products of the numbers of a vector, so that each step of EM (Dempster,
Laird & Rubin 1977) is one matrix product over all components; scikit-learn goes from one to the next (decision 074).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp
from sklearn.cluster import kmeans_plusplus

_ROWS_AT_ONCE = 2048
_TOLERANCE = 1e-3  # nats a vector; as in scikit-learn
_MAX_STEPS = 100


@dataclass(frozen=True)
class Mixture:
    """J Gaussians over d numbers.

    Attributes:
        weights: (J,) they sum to 1.
        means: (J, d).
        covariances: (J, d, d).
    """

    weights: np.ndarray
    means: np.ndarray
    covariances: np.ndarray

    def mean_log_density(self, vectors: np.ndarray) -> float:
        """Mean log density of vectors (n, d), nats."""
        coefficients = self._coefficients()
        joint = (coefficients @ _products(vectors[rows]) for rows in _blocks(len(vectors)))  # (J, n of a block) each
        return float(sum(logsumexp(each, axis=0).sum() for each in joint) / len(vectors))

    def _coefficients(self) -> np.ndarray:
        """What turns the products of a vector into its log density under each component (J, D)."""
        size = self.means.shape[1]
        precision = np.linalg.inv(self.covariances)
        pulled = np.einsum("jab,jb->ja", precision, self.means)
        constant = (
            np.log(self.weights)
            - 0.5 * (np.linalg.slogdet(self.covariances)[1] + size * np.log(2.0 * np.pi))
            - 0.5 * (pulled * self.means).sum(axis=1)
        )
        first, second = np.triu_indices(size)
        squares = -precision[:, first, second] * np.where(first == second, 0.5, 1.0)
        return np.concatenate([squares, pulled, constant[:, None]], axis=1)


def fit_mixture_by_em(vectors: np.ndarray, n_components: int, floor: float, seed: int) -> Mixture:
    """The mixture at which EM, from centres far apart, stops gaining.

    Args:
        vectors: (n, d).
        n_components: J.
        floor: added to every variance.
        seed: of the centres.
    """
    exact = vectors.astype(np.float64)
    centers, _ = kmeans_plusplus(exact, n_components, random_state=seed)
    nearest = (exact @ centers.T - 0.5 * (centers**2).sum(axis=1)).argmax(axis=1)
    sums = np.zeros((n_components, len(_products(exact[:1]))))
    for rows in _blocks(len(exact)):
        sums += np.eye(n_components)[:, nearest[rows]] @ _products(exact[rows]).T
    mixture, reached = _maximised(sums, floor), -np.inf
    for _ in range(_MAX_STEPS):
        before = reached
        sums, reached = _expected(mixture, exact)
        mixture = _maximised(sums, floor)
        if reached - before < _TOLERANCE:
            break
    return mixture


def _expected(mixture: Mixture, vectors: np.ndarray) -> tuple[np.ndarray, float]:
    """Sums over vectors of responsibility times products (J, D), and the mean log density."""
    coefficients = mixture._coefficients()
    sums, total = np.zeros(coefficients.shape), 0.0
    for rows in _blocks(len(vectors)):
        products = _products(vectors[rows])
        joint = coefficients @ products
        highest = joint.max(axis=0)
        shares = np.exp(joint - highest)
        whole = shares.sum(axis=0)
        sums += (shares / whole) @ products.T
        total += float((highest + np.log(whole)).sum())
    return sums, total / len(vectors)


def _maximised(sums: np.ndarray, floor: float) -> Mixture:
    """Weights, means and covariances from sums of products (J, D)."""
    size = int((np.sqrt(8 * sums.shape[1] + 1) - 3) / 2)
    counts = sums[:, -1] + 10 * np.finfo(float).eps  # a component may have lost all its vectors
    means = sums[:, -1 - size : -1] / counts[:, None]
    first, second = np.triu_indices(size)
    covariances = np.empty((len(sums), size, size))
    covariances[:, first, second] = covariances[:, second, first] = sums[:, : len(first)] / counts[:, None]
    covariances -= means[:, :, None] * means[:, None, :]
    covariances[:, np.arange(size), np.arange(size)] += floor
    return Mixture(counts / counts.sum(), means, covariances)


def _products(vectors: np.ndarray) -> np.ndarray:
    """Products of every pair of numbers in the order of `np.triu_indices`, the numbers, and 1 (D, n)."""
    numbers = np.ascontiguousarray(vectors.T, dtype=np.float64)
    size, filled = len(numbers), 0
    products = np.ones((size * (size + 1) // 2 + size + 1, len(vectors)))
    for place in range(size):
        np.multiply(numbers[place], numbers[place:], out=products[filled : filled + size - place])
        filled += size - place
    products[filled:-1] = numbers
    return products


def _blocks(n_rows: int) -> list[slice]:
    return [slice(start, start + _ROWS_AT_ONCE) for start in range(0, n_rows, _ROWS_AT_ONCE)]
