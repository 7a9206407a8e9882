from __future__ import annotations

import contextlib
import io

import numpy as np
import pytest
from prdc import compute_prdc
from scipy.linalg import sqrtm
from scipy.stats import spearmanr
from sklearn.metrics import f1_score

from affectlens.evaluation.generation import (
    LocalMmd2,
    authenticity_values,
    copy_values,
    dose_correlation,
    frechet_distance,
    median_distance,
    mmd2,
    mmd2_of_kernel,
    neighbourhood,
    rbf_kernel,
    weighted_macro_f1,
    weighted_moments,
)


@pytest.fixture
def draws() -> np.random.Generator:
    return np.random.default_rng(0)


def test_frechet_distance_of_a_sample_to_itself_is_zero(draws: np.random.Generator) -> None:
    sample = draws.normal(size=(50, 4))
    assert frechet_distance(sample, sample[::-1]) == pytest.approx(0.0, abs=1e-6)


def test_frechet_distance_of_a_shifted_sample_is_the_squared_shift(draws: np.random.Generator) -> None:
    sample = draws.normal(size=(50, 3))
    assert frechet_distance(sample, sample + np.array([1.0, 2.0, 2.0])) == pytest.approx(9.0)


def test_frechet_distance_agrees_with_a_general_matrix_root(draws: np.random.Generator) -> None:
    real, fake = draws.normal(size=(60, 4)), draws.normal(size=(60, 4)) @ draws.normal(size=(4, 4)) + 0.5
    covariances = [np.cov(sample.T) for sample in (real, fake)]
    root = np.real(sqrtm(covariances[0] @ covariances[1]))
    shift = ((real.mean(axis=0) - fake.mean(axis=0)) ** 2).sum()
    assert frechet_distance(real, fake) == pytest.approx(shift + np.trace(covariances[0] + covariances[1] - 2 * root))


def test_frechet_distance_survives_singular_covariances() -> None:
    flat = np.array([[0.0, 0.0], [1.0, 0.0], [2.0, 0.0]])
    assert frechet_distance(flat, flat) == pytest.approx(0.0, abs=1e-6)


def test_weighted_moments_are_those_of_repeated_rows(draws: np.random.Generator) -> None:
    sample, counts = draws.normal(size=(6, 3)), np.array([2, 0, 1, 3, 0, 1])
    repeated = np.repeat(sample, counts, axis=0)
    means, covariances = weighted_moments(sample, counts[None, :].astype(float))
    np.testing.assert_allclose(means[0], repeated.mean(axis=0))
    np.testing.assert_allclose(covariances[0], np.cov(repeated.T), atol=1e-12)


def test_mmd_is_the_mean_over_pairs(draws: np.random.Generator) -> None:
    real, fake = draws.normal(size=(5, 2)), draws.normal(size=(4, 2)) + 1.0

    def kernel(left: np.ndarray, right: np.ndarray) -> float:
        return float(np.exp(-((left - right) ** 2).sum() / (2 * 0.7**2)))

    within_real = np.mean([kernel(real[i], real[j]) for i in range(5) for j in range(5) if i != j])
    within_fake = np.mean([kernel(fake[i], fake[j]) for i in range(4) for j in range(4) if i != j])
    between = np.mean([kernel(x, y) for x in real for y in fake])
    assert mmd2(real, fake, bandwidth=0.7) == pytest.approx(within_real + within_fake - 2 * between)


def test_mmd_of_equal_laws_is_zero_in_the_mean(draws: np.random.Generator) -> None:
    values = [mmd2(draws.normal(size=(40, 3)), draws.normal(size=(40, 3))) for _ in range(60)]
    assert abs(np.mean(values)) < 3 * np.std(values) / np.sqrt(60)
    assert mmd2(draws.normal(size=(40, 3)), draws.normal(size=(40, 3)) + 2.0) > 0.1


def test_mmd_of_a_resample_leaves_out_only_the_row_itself(draws: np.random.Generator) -> None:
    real, fake = draws.normal(size=(4, 2)), draws.normal(size=(4, 2))
    kernel = rbf_kernel(np.concatenate([real, fake]), 1.0)
    counts = np.array([[2.0, 1, 1, 0, 0, 0, 0, 0]]), np.array([[0.0, 0, 0, 0, 1, 1, 1, 1]])
    assert mmd2_of_kernel(kernel, *counts)[0] == pytest.approx(mmd2(real[[0, 0, 1, 2]], fake, bandwidth=1.0))


def test_the_local_mmd_sees_clusters_that_a_gaussian_fit_hides(draws: np.random.Generator) -> None:
    centres = 4.0 * draws.normal(size=(12, 6))
    real, other = (centres[draws.integers(12, size=400)] + 0.2 * draws.normal(size=(400, 6)) for _ in range(2))
    fit = draws.multivariate_normal(real.mean(axis=0), np.cov(real.T), size=400)
    distance = LocalMmd2(real)
    assert distance(fit) > 5 * abs(distance(other))


def test_the_local_mmd_is_the_mmd_at_half_the_median_distance(draws: np.random.Generator) -> None:
    real, fake = draws.normal(size=(30, 3)), draws.normal(size=(20, 3)) + 0.5
    assert LocalMmd2(real)(fake) == pytest.approx(mmd2(real, fake, bandwidth=median_distance(real) / 2.0))


def test_the_bandwidth_of_equal_rows_is_one() -> None:
    assert median_distance(np.zeros((5, 2))) == 1.0


def test_neighbourhood_agrees_with_the_prdc_package(draws: np.random.Generator) -> None:
    real, fake = draws.normal(size=(80, 3)), 1.3 * draws.normal(size=(80, 3)) + 0.3
    with contextlib.redirect_stdout(io.StringIO()):
        expected = compute_prdc(real, fake, nearest_k=5)
    found = neighbourhood(real, fake, k=5)
    for name, value in expected.items():
        assert getattr(found, name).mean() == pytest.approx(value), name


def test_coverage_of_equal_laws_is_the_known_expectation(draws: np.random.Generator) -> None:
    found = [neighbourhood(*draws.normal(size=(2, 200, 2)), k=5).coverage.mean() for _ in range(20)]
    expected = 1 - np.prod([(200 - j) / (400 - j) for j in range(1, 6)])
    assert np.mean(found) == pytest.approx(expected, abs=0.01)


def test_far_vectors_have_no_precision_density_or_coverage(draws: np.random.Generator) -> None:
    real = draws.normal(size=(30, 2))
    found = neighbourhood(real, real + 100.0, k=3)
    assert found.precision.sum() == found.recall.sum() == found.density.sum() == found.coverage.sum() == 0


def test_too_few_rows_for_k_neighbours_are_refused() -> None:
    with pytest.raises(ValueError, match="neighbours"):
        neighbourhood(np.zeros((5, 2)), np.zeros((9, 2)), k=5)


def test_copies_have_no_authenticity_and_far_vectors_have_all_of_it(draws: np.random.Generator) -> None:
    train = draws.normal(size=(60, 3))
    assert authenticity_values(train[:20], train).sum() == 0
    assert authenticity_values(train[:20] + 50.0, train).sum() == 20


def test_copies_are_counted_and_unseen_rows_are_not(draws: np.random.Generator) -> None:
    train, held_out = draws.normal(size=(200, 2)), draws.normal(size=(200, 2))
    assert copy_values(train[:50], train, held_out).mean() == 1.0
    assert copy_values(held_out, train, held_out).mean() == pytest.approx(0.01)


def test_macro_f1_agrees_with_scikit_learn(draws: np.random.Generator) -> None:
    labels, predicted = draws.integers(4, size=(2, 100))
    counts = draws.multinomial(100, np.full(100, 0.01))
    expected = f1_score(labels, predicted, average="macro")
    repeated = f1_score(np.repeat(labels, counts), np.repeat(predicted, counts), average="macro")
    weights = np.stack([np.ones(100), counts])
    np.testing.assert_allclose(weighted_macro_f1(labels, predicted, weights), [expected, repeated])


def test_a_class_of_which_no_row_was_drawn_is_left_out_of_macro_f1() -> None:
    labels, weights = np.array([0, 0, 1]), np.array([[1.0, 2.0, 0.0], [0.0, 0.0, 3.0], [0.0, 0.0, 0.0]])
    assert weighted_macro_f1(labels, labels, weights)[:2].tolist() == [1.0, 1.0]
    assert np.isnan(weighted_macro_f1(labels, labels, weights)[2])


def test_a_class_that_is_only_predicted_is_no_class_of_macro_f1() -> None:
    found = weighted_macro_f1(np.array([0, 0, 1]), np.array([0, 2, 1]), np.ones((1, 3)))
    assert found[0] == pytest.approx((2 / 3 + 1) / 2)


def test_dose_correlation_agrees_with_scipy(draws: np.random.Generator) -> None:
    levels, responses = np.array([0.0, 0.2, 0.6, 1.0]), draws.normal(size=(5, 4))
    expected = [spearmanr(levels, row).statistic for row in responses]
    np.testing.assert_allclose(dose_correlation(levels, responses), expected)
    assert np.isnan(dose_correlation(levels, np.ones((1, 4)))[0])


@pytest.mark.parametrize("metric", [frechet_distance, mmd2, authenticity_values])
def test_samples_of_different_width_are_refused(metric: object) -> None:
    assert callable(metric)
    with pytest.raises(ValueError, match="width"):
        metric(np.zeros((5, 2)), np.zeros((5, 3)))
