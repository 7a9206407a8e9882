from __future__ import annotations

import numpy as np
import pytest
from sklearn.mixture import GaussianMixture

from affectlens.models.gan.mixture_em import Mixture, fit_mixture_by_em

FLOOR = 0.01


def three_groups(n_rows: int = 3000) -> np.ndarray:
    draws = np.random.default_rng(0)
    centers = np.array([[-4.0, 0.0, 0.0], [4.0, 0.0, 1.0], [0.0, 5.0, -1.0]])
    return centers[draws.integers(3, size=n_rows)] + draws.normal(size=(n_rows, 3)) * [0.5, 1.0, 2.0]


def test_densities_are_those_of_scikit_learn() -> None:
    vectors = three_groups()
    peer = GaussianMixture(3, random_state=0).fit(vectors)
    mixture = Mixture(peer.weights_, peer.means_, peer.covariances_)
    assert mixture.mean_log_density(vectors) == pytest.approx(peer.score(vectors), abs=1e-9)


def test_em_ends_where_that_of_scikit_learn_does() -> None:
    vectors = three_groups()
    peer = GaussianMixture(3, reg_covar=FLOOR, random_state=0).fit(vectors)
    mixture = fit_mixture_by_em(vectors, 3, FLOOR, seed=0)
    mine, theirs = mixture.means[:, :2].argsort(axis=0)[:, 0], peer.means_[:, :2].argsort(axis=0)[:, 0]
    np.testing.assert_allclose(mixture.weights[mine], peer.weights_[theirs], atol=0.01)
    np.testing.assert_allclose(mixture.means[mine], peer.means_[theirs], atol=0.05)
    np.testing.assert_allclose(mixture.covariances[mine], peer.covariances_[theirs], atol=0.1)
    assert mixture.mean_log_density(vectors) == pytest.approx(peer.score(vectors), abs=1e-3)


def test_rows_in_many_blocks_are_fitted_as_in_one(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = three_groups(700)
    whole = fit_mixture_by_em(vectors, 3, FLOOR, seed=1)
    monkeypatch.setattr("affectlens.models.gan.mixture_em._ROWS_AT_ONCE", 64)
    parted = fit_mixture_by_em(vectors, 3, FLOOR, seed=1)
    np.testing.assert_allclose(parted.covariances, whole.covariances, atol=1e-9)


def test_a_component_of_equal_vectors_keeps_the_floor_as_variance() -> None:
    vectors = np.concatenate([np.zeros((50, 2)), np.random.default_rng(0).normal(9.0, 1.0, (50, 2))])
    mixture = fit_mixture_by_em(vectors, 2, FLOOR, seed=0)
    still = mixture.covariances[np.abs(mixture.means).sum(axis=1).argmin()]
    np.testing.assert_allclose(still, FLOOR * np.eye(2), atol=1e-9)
    assert mixture.weights.sum() == pytest.approx(1.0)
