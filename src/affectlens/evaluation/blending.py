"""How loud each member of a blend is, from validation rows."""

# Shapes: M members, n rows, C labels.
from __future__ import annotations

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from affectlens.evaluation.calibration import fit_platt
from affectlens.models.emotion.blend import Blend

_RIDGE = 1e-3


def fit_blend(scores: np.ndarray, truth: np.ndarray, ridge: float) -> Blend:
    """One weight a member, the same for all labels, that makes the labels of validation rows most likely.

    Each member's scores are Platt-scaled first. A label counts by the inverse of how often it occurs, as in a macro
    average; weights are not negative, and their common scale is left to the calibration that follows.

    Args:
        scores: (M, n, C) raw scores.
        truth: (n, C) 0/1.
        ridge: pull of Platt scaling towards the raw score.

    Raises:
        ValueError: scores and truth differ in shape.
    Source: Wolpert 1992, "Stacked generalization"; Breiman 1996, "Stacked regressions" (weights not negative).
    """
    if scores.shape[1:] != truth.shape:
        raise ValueError(f"scores of shape {scores.shape} do not fit truth of shape {truth.shape}")
    platt = [fit_platt(member, truth, ridge) for member in scores]
    slopes, intercepts = (np.stack(parts) for parts in zip(*platt, strict=True))
    scaled = scores * slopes[:, None] + intercepts[:, None]
    importance = 1.0 / np.maximum(truth.sum(axis=0), 1.0) / truth.shape[1]

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        blended = np.tensordot(weights, scaled, axes=1)
        per_label = (np.logaddexp(0.0, blended) - truth * blended).sum(axis=0)
        residual = (expit(blended) - truth) * importance
        gradient = np.tensordot(scaled, residual, axes=([1, 2], [0, 1]))
        off = weights - 1.0 / len(weights)
        return float(per_label @ importance + _RIDGE * off @ off), gradient + 2.0 * _RIDGE * off

    start = np.full(len(scores), 1.0 / len(scores))
    found = minimize(loss, start, jac=True, bounds=[(0.0, None)] * len(scores), method="L-BFGS-B")
    weights = found.x if found.x.sum() > 0 else start
    return Blend(slopes, intercepts, weights / weights.sum())
