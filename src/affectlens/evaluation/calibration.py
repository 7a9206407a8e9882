"""Calibration of independent label probabilities: fitted by Platt scaling, measured by ECE, Brier score and NLL."""

from __future__ import annotations

import numpy as np
from scipy.special import expit

N_BINS = 15
_SMALLEST_PROBABILITY = 1e-7
_MAX_STEPS = 50
_TOLERANCE = 1e-8


def fit_platt(logits: np.ndarray, truth: np.ndarray, ridge: float) -> tuple[np.ndarray, np.ndarray]:
    """Slope and intercept (C,) each, per label, so that sigmoid(slope * logit + intercept) is the probability.

    Penalised maximum likelihood by Newton's method, all labels at once; slope and intercept are drawn to the label's
    own identity (1, 0), so that a label with few positives keeps nearly the score that it had.

    Args:
        logits: (n, C) raw scores.
        truth: (n, C) 0/1.
        ridge: strength of the pull, in units of observations' information; > 0.

    Raises:
        ValueError: the shapes differ or there are no rows.
    Source: Platt 1999, "Probabilistic outputs for support vector machines".
    """
    _check(logits, truth)
    raw = np.asarray(logits, dtype=np.float64)
    parameters = np.tile([1.0, 0.0], (raw.shape[1], 1))  # (C, 2)
    loss = _platt_loss(raw, truth, parameters, ridge)
    for _ in range(_MAX_STEPS):
        step = _newton_step(raw, truth, parameters, ridge)
        parameters, new_loss = _descend(raw, truth, parameters, step, loss, ridge)
        if np.all(loss - new_loss <= _TOLERANCE * (1.0 + np.abs(loss))):
            break
        loss = new_loss
    return parameters[:, 0], parameters[:, 1]


def _newton_step(raw: np.ndarray, truth: np.ndarray, parameters: np.ndarray, ridge: float) -> np.ndarray:
    probability = expit(raw * parameters[:, 0] + parameters[:, 1])
    residual, weight = probability - truth, probability * (1.0 - probability)
    gradient = np.stack([(residual * raw).sum(axis=0), residual.sum(axis=0)], axis=1)
    gradient += ridge * (parameters - [1.0, 0.0])
    mixed = (weight * raw).sum(axis=0)
    hessian = np.array([[(weight * raw**2).sum(axis=0) + ridge, mixed], [mixed, weight.sum(axis=0) + ridge]])
    step: np.ndarray = np.linalg.solve(hessian.transpose(2, 0, 1), gradient[:, :, None])[:, :, 0]
    return step


def _descend(
    raw: np.ndarray, truth: np.ndarray, parameters: np.ndarray, step: np.ndarray, loss: np.ndarray, ridge: float
) -> tuple[np.ndarray, np.ndarray]:
    """Take each label's step, halved until its loss does not grow."""
    scale = np.ones((len(parameters), 1))
    for _ in range(_MAX_STEPS):
        moved = parameters - scale * step
        new_loss = _platt_loss(raw, truth, moved, ridge)
        worse = new_loss > loss
        if not worse.any():
            return moved, new_loss
        scale[worse] /= 2.0
    return np.where(worse[:, None], parameters, moved), np.where(worse, loss, new_loss)


def _platt_loss(raw: np.ndarray, truth: np.ndarray, parameters: np.ndarray, ridge: float) -> np.ndarray:
    scores = raw * parameters[:, 0] + parameters[:, 1]
    fit = (np.logaddexp(0.0, scores) - truth * scores).sum(axis=0)
    loss: np.ndarray = fit + 0.5 * ridge * ((parameters - [1.0, 0.0]) ** 2).sum(axis=1)
    return loss


def bin_gaps(confidence: np.ndarray, is_correct: np.ndarray, n_bins: int) -> np.ndarray:
    """Matrix (n, n_bins) with correct - confidence in each row's bin, else 0: its column sums make the ECE."""
    gaps = np.zeros((len(confidence), n_bins))
    bins = np.minimum((confidence * n_bins).astype(np.int64), n_bins - 1)
    gaps[np.arange(len(confidence)), bins] = is_correct - confidence
    return gaps


def expected_calibration_error(confidence: np.ndarray, is_correct: np.ndarray, n_bins: int = N_BINS) -> float:
    """Mean over rows of `|share correct - mean confidence|` of the row's equal-width bin; in [0, 1], lower is better.

    Args:
        confidence: (n,) in [0, 1].
        is_correct: (n,) 0/1.
        n_bins: number of equal-width bins.

    Raises:
        ValueError: the shapes differ, or a confidence lies outside [0, 1].

    >>> round(expected_calibration_error(np.array([0.9, 0.9, 0.3]), np.array([1, 0, 0])), 4)   # 2/3 * 0.4 + 1/3 * 0.3
    0.3667
    """
    _check(confidence, is_correct)
    if confidence.min() < 0.0 or confidence.max() > 1.0:
        raise ValueError(f"confidences lie in [{confidence.min()}, {confidence.max()}], expected within [0, 1]")
    return float(np.abs(bin_gaps(confidence, is_correct, n_bins).sum(axis=0)).sum() / len(confidence))


def brier_score(truth: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Squared error summed over labels, one value per row (n,); lower is better.

    >>> brier_score(np.array([[1, 0]]), np.array([[0.5, 0.5]])).tolist()
    [0.5]
    """
    score: np.ndarray = ((probabilities - truth) ** 2).sum(axis=1)
    return score


def negative_log_likelihood(truth: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Negative log-likelihood of independent labels, in nats, summed over labels; one value per row (n,).

    >>> negative_log_likelihood(np.array([[1, 0]]), np.array([[0.5, 0.5]])).round(4).tolist()    # 2 ln 2
    [1.3863]
    """
    kept = np.clip(np.asarray(probabilities, dtype=np.float64), _SMALLEST_PROBABILITY, 1.0 - _SMALLEST_PROBABILITY)
    value: np.ndarray = -(truth * np.log(kept) + (1.0 - truth) * np.log1p(-kept)).sum(axis=1)
    return value


def _check(values: np.ndarray, truth: np.ndarray) -> None:
    if values.shape != truth.shape or len(values) == 0:
        raise ValueError(f"expected rows, and equal shapes, got {values.shape} and {truth.shape}")
