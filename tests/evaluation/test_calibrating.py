from __future__ import annotations

import numpy as np
from scipy.special import expit

from affectlens.evaluation.blending import fit_blend
from affectlens.evaluation.calibrating import fit_calibration
from affectlens.evaluation.calibration import expected_calibration_error
from affectlens.models.emotion.decision import Calibration


def top_error(probabilities: np.ndarray, truth: np.ndarray) -> float:
    rows, top = np.arange(len(truth)), probabilities.argmax(axis=1)
    return expected_calibration_error(probabilities[rows, top], truth[rows, top])


def noisy(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Scores of one true label among eight, three times too sure of themselves."""
    generator = np.random.default_rng(seed)
    label = generator.integers(8, size=n)
    truth = np.eye(8)[label]
    return 3.0 * (truth * 1.5 + generator.normal(size=truth.shape)), truth


def test_confidence_in_the_strongest_label_is_its_accuracy_on_new_rows() -> None:
    calibration = fit_calibration(*noisy(3000, 0), ridge=1.0)
    logits, truth = noisy(3000, 1)
    assert top_error(calibration.probabilities(logits), truth) < 0.03
    assert top_error(expit(logits), truth) > 0.2


def test_competition_makes_the_truth_more_likely_than_platt_scaling_alone() -> None:
    logits, truth = noisy(3000, 2)
    full = fit_calibration(logits, truth, ridge=1.0)
    plain = Calibration.plain(full.slope, full.intercept)
    new, answers = noisy(3000, 3)

    def loss(one: Calibration) -> float:
        p = np.clip(one.probabilities(new), 1e-9, 1 - 1e-9)
        return float(-(answers * np.log(p) + (1 - answers) * np.log1p(-p)).mean())

    assert loss(full) < loss(plain)


def test_calibration_keeps_the_strongest_label() -> None:
    logits, truth = noisy(500, 4)
    calibration = fit_calibration(logits, truth, ridge=1.0)
    assert np.array_equal(calibration.log_odds(logits).argmax(axis=1), calibration.probabilities(logits).argmax(axis=1))


def test_a_blend_hears_the_member_that_knows_and_not_the_one_that_guesses() -> None:
    generator = np.random.default_rng(5)
    truth = (generator.random((800, 3)) < 0.3).astype(float)
    knows, guesses = truth * 2 - 1 + generator.normal(size=truth.shape), generator.normal(size=truth.shape)
    blend = fit_blend(np.stack([knows, guesses]), truth, ridge=1.0)
    assert blend.weights[0] > 0.9
    _, kept = blend.without_silent(0.5)
    assert kept == [0]
