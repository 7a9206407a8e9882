"""How calibration is fitted on validation rows; how it is measured stands in `calibration`."""

# Shapes: n rows, C labels.
from __future__ import annotations

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from affectlens.evaluation.calibration import fit_platt
from affectlens.models.emotion.decision import Calibration, competition


def fit_calibration(logits: np.ndarray, truth: np.ndarray, ridge: float) -> Calibration:
    """Platt scaling per label, then the competition of the other labels, then a scale for the highest score.

    Labels of a text compete, which scores of independent labels do not know: one factor for a label's own score, one
    for the competition and a summand are fitted for all labels together, and Platt scaling per label once more. The
    highest score of a text is high partly by chance: its own slope and intercept take that back, so that the
    confidence in the strongest label is what its accuracy is.

    Args:
        logits: (n, C) raw scores.
        truth: (n, C) 0/1.
        ridge: pull of Platt scaling towards the score it is given.

    Raises:
        ValueError: the shapes differ or there are no rows.
    """
    slope, intercept = fit_platt(logits, truth, ridge)
    plain = Calibration.plain(slope, intercept)
    scaled = plain.log_odds(logits)
    own, others, shift = _logistic(np.stack([scaled, competition(scaled)]), truth, ridge)
    again, moved = fit_platt(own * scaled + others * competition(scaled) + shift, truth, ridge)
    calibration = Calibration(slope, intercept, again * own, again * others, again * shift + moved, 1.0, 0.0)
    log_odds = calibration.log_odds(logits)
    rows, top = np.arange(len(truth)), log_odds.argmax(axis=1)
    top_slope, top_intercept = _logistic(log_odds[rows, top][None], truth[rows, top], ridge)
    return Calibration(
        slope, intercept, calibration.own, calibration.others, calibration.shift, float(top_slope), float(top_intercept)
    )


def _logistic(features: np.ndarray, truth: np.ndarray, ridge: float) -> np.ndarray:
    """Coefficients of features (k, ...) and a summand (k + 1,) that fit truth (...) best; drawn to (1, 0, ..., 0)."""
    identity = np.zeros(len(features) + 1)
    identity[0] = 1.0

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        scores = np.tensordot(weights[:-1], features, axes=1) + weights[-1]
        residual, off = expit(scores) - truth, weights - identity
        axes = tuple(range(1, features.ndim))
        gradient = np.append((features * residual).sum(axis=axes), residual.sum())
        value = (np.logaddexp(0.0, scores) - truth * scores).sum() + 0.5 * ridge * off @ off
        return float(value), gradient + ridge * off

    return np.asarray(minimize(loss, identity, jac=True, method="BFGS").x)
