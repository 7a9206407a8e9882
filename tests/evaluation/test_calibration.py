from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, log_loss

from affectlens.evaluation.calibration import (
    brier_score,
    expected_calibration_error,
    fit_platt,
    negative_log_likelihood,
)


def test_platt_finds_slope_and_intercept_of_scores_that_are_off() -> None:
    generator = np.random.default_rng(0)
    logits = generator.normal(size=(40_000, 2)) * 2
    truth = (generator.random(logits.shape) < expit(logits * [0.5, 2.0] + [1.0, -1.0])).astype(float)
    slope, intercept = fit_platt(logits, truth, ridge=1.0)
    assert slope == pytest.approx([0.5, 2.0], abs=0.06)
    assert intercept == pytest.approx([1.0, -1.0], abs=0.06)


def test_platt_agrees_with_a_logistic_regression() -> None:
    generator = np.random.default_rng(1)
    logits = generator.normal(size=(500, 1))
    truth = (generator.random((500, 1)) < expit(1.5 * logits - 1)).astype(float)
    slope, intercept = fit_platt(logits, truth, ridge=1e-6)
    other = LogisticRegression(C=1e6, tol=1e-10).fit(logits, truth[:, 0])
    assert (slope[0], intercept[0]) == pytest.approx((other.coef_[0, 0], other.intercept_[0]), abs=1e-3)


def test_a_label_without_positives_is_calibrated_to_almost_never() -> None:
    logits = np.random.default_rng(2).normal(size=(300, 1))
    slope, intercept = fit_platt(logits, np.zeros((300, 1)), ridge=1.0)
    assert expit(slope * logits + intercept).mean() < 0.05


@pytest.mark.parametrize("scale", [1.0, 50.0])
def test_perfectly_separated_scores_stay_finite(scale: float) -> None:
    logits = scale * np.array([[-2.0], [-1.0], [1.0], [2.0]])
    slope, intercept = fit_platt(logits, (logits > 0).astype(float), ridge=0.1)
    assert np.isfinite([slope, intercept]).all()
    assert slope[0] > 0


def test_perfect_confidence_has_no_calibration_error_and_perfect_overconfidence_has_one() -> None:
    assert expected_calibration_error(np.ones(5), np.ones(5)) == 0.0
    assert expected_calibration_error(np.ones(5), np.zeros(5)) == 1.0


@given(st.integers(0, 2**16))
def test_calibration_error_lies_between_zero_and_one(seed: int) -> None:
    generator = np.random.default_rng(seed)
    error = expected_calibration_error(generator.random(30), generator.integers(0, 2, 30))
    assert 0.0 <= error <= 1.0


def test_confidences_outside_the_unit_interval_are_refused() -> None:
    with pytest.raises(ValueError, match="within"):
        expected_calibration_error(np.array([1.2]), np.array([1]))


def test_brier_score_and_likelihood_agree_with_scikit_learn() -> None:
    generator = np.random.default_rng(4)
    truth, probabilities = generator.integers(0, 2, size=(40, 3)), generator.random((40, 3))
    labels = range(3)
    brier = sum(brier_score_loss(truth[:, label], probabilities[:, label]) for label in labels)
    nll = sum(log_loss(truth[:, label], probabilities[:, label], labels=[0, 1]) for label in labels)
    assert brier_score(truth, probabilities).mean() == pytest.approx(brier)
    assert negative_log_likelihood(truth, probabilities).mean() == pytest.approx(nll)


def test_an_impossible_truth_costs_much_but_not_infinity() -> None:
    assert 10 < negative_log_likelihood(np.array([[1]]), np.array([[0.0]]))[0] < 100
