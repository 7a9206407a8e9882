"""Sets of labels that hold a text's own labels with a stated probability."""

# Shapes: n rows, C labels.
from __future__ import annotations

import numpy as np

from affectlens.evaluation.documents import Statistic, row_mean


def conformal_threshold(probability: np.ndarray, coverage: float) -> float:
    """Largest threshold under which at least `coverage` of exchangeable new probabilities lie above or at it.

    The k-th smallest with k = floor((m + 1) * (1 - coverage)) of m calibration probabilities; 0 (everything is in the
    set) where m is too small.

    Args:
        probability: (m,) probability of a true label in each calibration row.
        coverage: in (0, 1).
    Source: Vovk, Gammerman & Shafer 2005, "Algorithmic learning in a random world"; split conformal, score 1 - p.

    >>> conformal_threshold(np.array([0.9, 0.8, 0.3, 0.6]), 0.8), conformal_threshold(np.array([0.9]), 0.8)
    (0.3, 0.0)
    """
    place = int(np.floor((len(probability) + 1) * (1.0 - coverage) + 1e-9))
    return float(np.sort(probability)[place - 1]) if place >= 1 else 0.0


def set_thresholds(probabilities: np.ndarray, truth: np.ndarray, coverage: float, min_rows: int) -> np.ndarray:
    """Threshold per label (C,) of conformal sets: class-conditional, pooled for labels of few calibration rows.

    Args:
        probabilities: (n, C) calibrated.
        truth: (n, C) 0/1.
        coverage: share of true labels that the sets are to hold, for each label.
        min_rows: rows that a label needs for a threshold of its own; the others share one, from their rows together.
    """
    is_true = truth > 0
    is_rare = is_true.sum(axis=0) < min_rows
    pooled = probabilities[:, is_rare][is_true[:, is_rare]]
    shared = conformal_threshold(pooled, coverage)
    return np.array(
        [
            shared if rare else conformal_threshold(probability[present], coverage)
            for probability, present, rare in zip(probabilities.T, is_true.T, is_rare, strict=True)
        ]
    )


def set_statistic(truth: np.ndarray, sets: np.ndarray) -> Statistic:
    """Coverage of true labels, of the worst label, mean size, and the share of empty and of one-label sets.

    Args:
        truth: (n, C) 0/1.
        sets: (n, C) 0/1.
    """
    size = sets.sum(axis=1)
    hits, present = (truth * sets).astype(np.float32), truth.astype(np.float32)
    shares = np.column_stack([size, size == 0, size == 1]).astype(np.float32)

    def values(weights: np.ndarray) -> np.ndarray:
        n_hits, n_present = weights @ hits, weights @ present
        with np.errstate(invalid="ignore", divide="ignore"):
            per_label = np.where(n_present > 0, n_hits / n_present, np.nan)
            overall = n_hits.sum(axis=1) / n_present.sum(axis=1)
        worst = np.fmin.reduce(per_label, axis=1)
        means = weights @ shares / weights.sum(axis=1, keepdims=True)
        return np.column_stack([overall, row_mean(per_label), worst, means])

    names = ("set_coverage", "set_label_coverage", "set_worst_coverage", "set_size", "set_empty", "set_singleton")
    return Statistic(names, values)


def risk_statistic(confidence: np.ndarray, is_correct: np.ndarray, shares: tuple[float, ...]) -> Statistic:
    """Error of the surest answers at each share of texts that is answered, and the area under that curve (AURC).

    Answers of equal confidence count with their mean error, so that the order of rows decides nothing.

    Args:
        confidence: (n,) of each answer.
        is_correct: (n,) 0/1.
        shares: in (0, 1]; risk_at_<percent> each.
    Source: Geifman & El-Yaniv 2017, "Selective classification for deep neural networks".
    """
    order = np.argsort(-confidence, kind="stable")
    wrong = 1.0 - np.asarray(is_correct, dtype=np.float32)[order]
    begins = np.flatnonzero(np.diff(confidence[order], prepend=np.inf))
    block = np.repeat(np.arange(len(begins)), np.diff(begins, append=len(order)))

    def values(weights: np.ndarray) -> np.ndarray:
        drawn = weights[:, order]
        n, n_wrong = (np.add.reduceat(each, begins, axis=1) for each in (drawn, drawn * wrong))
        error = np.divide(n_wrong, n, out=np.zeros_like(n_wrong), where=n > 0)[:, block]
        answered = np.cumsum(drawn, axis=1)
        risk = np.cumsum(drawn * error, axis=1) / np.maximum(answered, 1.0)
        last = [(answered < share * answered[:, -1:]).sum(axis=1).clip(max=len(order) - 1) for share in shares]
        at = np.stack([np.take_along_axis(risk, place[:, None], axis=1)[:, 0] for place in last], axis=1)
        area = (risk * drawn).sum(axis=1) / drawn.sum(axis=1)
        return np.column_stack([area, at])

    return Statistic(("aurc", *(f"risk_at_{round(100 * share)}" for share in shares)), values)
