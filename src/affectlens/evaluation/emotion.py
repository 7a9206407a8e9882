"""How good an emotion model is: the metrics of a leaderboard, each with its interval over documents."""

# Shapes: n documents, C labels, b resamples of documents, m metrics.
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from affectlens.evaluation.average_precision import average_precision_statistic
from affectlens.evaluation.calibration import N_BINS, bin_gaps, brier_score, negative_log_likelihood
from affectlens.evaluation.conformal import risk_statistic, set_statistic
from affectlens.evaluation.documents import BLOCK_CELLS, Statistic, bootstrap, row_mean
from affectlens.evaluation.estimate import N_RESAMPLES, Estimate
from affectlens.features.taxonomy import labels_of
from affectlens.models.emotion.decision import in_taxonomies

ANSWERED = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)


@dataclass(frozen=True)
class ScoredTexts:
    """What a model said about documents, and what is true.

    Attributes:
        taxonomy: taxonomy of `truth` and `probabilities`.
        truth: (n, C) 0/1.
        probabilities: (n, C) calibrated.
        decisions: taxonomy -> (n, C_taxonomy) which labels the model calls present.
        sets: (n, C) which labels it cannot rule out.
    """

    taxonomy: str
    truth: np.ndarray
    probabilities: np.ndarray
    decisions: Mapping[str, np.ndarray]
    sets: np.ndarray


def f1_scores(truth: np.ndarray, decisions: np.ndarray) -> np.ndarray:
    """F1 of each label (C,); NaN for a label that no document has.

    Args:
        truth: (n, C) 0/1.
        decisions: (n, C) 0/1.

    >>> f1_scores(np.array([[1, 0], [1, 0]]), np.array([[1, 1], [0, 0]])).round(4).tolist()     # 2*1 / (1 + 2)
    [0.6667, nan]
    """
    return f1_statistic(truth, decisions).of(np.ones((1, len(truth))))[0, 2:]


def macro_f1(truth: np.ndarray, decisions: np.ndarray) -> float:
    """Mean F1 over the labels that occur in `truth`; NaN if none does.

    >>> round(macro_f1(np.array([[1, 0], [0, 1]]), np.array([[1, 0], [1, 0]])), 4)   # (2/3 + 0) / 2
    0.3333
    """
    return float(f1_statistic(truth, decisions).of(np.ones((1, len(truth))))[0, 0])


def f1_statistic(truth: np.ndarray, decisions: np.ndarray, names: Sequence[str] | None = None) -> Statistic:
    """Macro-F1, micro-F1 and the F1 of each label, in this order, from sums over documents.

    Args:
        truth: (n, C) 0/1.
        decisions: (n, C) 0/1.
        names: metric names, C + 2 of them.
    """
    present, decided = np.asarray(truth, dtype=np.float32), np.asarray(decisions, dtype=np.float32)
    return counted_f1_statistic(present * decided, present, decided, names)


def counted_f1_statistic(
    hits: np.ndarray, present: np.ndarray, decided: np.ndarray, names: Sequence[str] | None = None
) -> Statistic:
    """As `f1_statistic`, from how often each document (row) was hit, has and was given each label (n, C)."""
    columns = np.concatenate([hits, present, decided], axis=1).astype(np.float32)  # whole numbers: sums are exact
    n_labels = present.shape[1]

    def values(weights: np.ndarray) -> np.ndarray:
        sums = np.asarray(weights @ columns, dtype=np.float64).reshape(len(weights), 3, n_labels)
        with np.errstate(invalid="ignore", divide="ignore"):
            per_label = np.where(sums[:, 1] > 0, 2.0 * sums[:, 0] / (sums[:, 1] + sums[:, 2]), np.nan)
            micro = 2.0 * sums[:, 0].sum(axis=1) / sums[:, 1:].sum(axis=(1, 2))
        return np.column_stack([row_mean(per_label), micro, per_label])

    default = ("macro_f1", "micro_f1", *(f"f1:{column}" for column in range(n_labels)))
    return Statistic(tuple(names or default), values)


def calibration_statistics(truth: np.ndarray, probabilities: np.ndarray) -> list[Statistic]:
    """ECE of the highest-scored label, mean ECE over labels, Brier score and NLL."""
    n, n_labels = truth.shape
    top = probabilities.argmax(axis=1)
    rows = np.arange(n)
    top_gaps = bin_gaps(probabilities[rows, top], truth[rows, top], N_BINS)
    label_gaps = np.concatenate([bin_gaps(p, y, N_BINS) for p, y in zip(probabilities.T, truth.T, strict=True)], axis=1)
    losses = np.column_stack([brier_score(truth, probabilities), negative_log_likelihood(truth, probabilities)])

    def eces(weights: np.ndarray) -> np.ndarray:
        total = weights.sum(axis=1)
        of_top = np.abs(weights @ top_gaps.astype(weights.dtype)).sum(axis=1) / total
        of_labels = np.abs(weights @ label_gaps.astype(weights.dtype)).sum(axis=1) / total / n_labels
        return np.column_stack([of_top, of_labels])

    def means(weights: np.ndarray) -> np.ndarray:
        return np.asarray(weights @ losses.astype(weights.dtype) / weights.sum(axis=1, keepdims=True))

    return [
        Statistic(("ece_top", "ece_label"), eces, is_shifted=True),
        Statistic(("brier", "nll"), means),
    ]


def emotion_estimates(scored: ScoredTexts, seed: int, n_resamples: int = N_RESAMPLES) -> dict[str, Estimate]:
    """Every metric of an emotion leaderboard with its interval.

    macro_f1 (primary), micro_f1, f1:<label>, map, ece_top, ece_label, brier, nll, macro_f1_at_half (threshold 0.5
    everywhere), <coarser taxonomy>_macro_f1, set_* (conformal sets), and aurc and risk_at_<percent> (error of the
    strongest label where only the surest texts are answered). A label that no document has is left out of every mean
    and listed as f1:<label> = NaN; the n of f1:<label> is the number of documents that have it.

    Args:
        scored: what the model said.
        seed: draws the resamples; the same seed pairs the intervals of several models on the same documents.
        n_resamples: number of resamples.
    """
    labels = labels_of(scored.taxonomy)
    names = ("macro_f1", "micro_f1", *(f"f1:{label}" for label in labels))
    rows, top = np.arange(len(scored.truth)), scored.probabilities.argmax(axis=1)
    top_confidence, top_is_true = scored.probabilities[rows, top], scored.truth[rows, top]
    statistics = [
        f1_statistic(scored.truth, scored.decisions[scored.taxonomy], names),
        average_precision_statistic(scored.truth, scored.probabilities),
        *calibration_statistics(scored.truth, scored.probabilities),
        _macro_only(scored.truth, scored.probabilities >= 0.5, "macro_f1_at_half"),
        set_statistic(scored.truth, scored.sets),
        risk_statistic(top_confidence, top_is_true, ANSWERED),
    ]
    for coarse, truth in in_taxonomies(scored.truth, scored.taxonomy).items():
        if coarse != scored.taxonomy:
            statistics.append(_macro_only(truth, scored.decisions[coarse], f"{coarse}_macro_f1"))
    estimates = bootstrap(statistics, len(scored.truth), seed, n_resamples)
    support = dict(zip(names[2:], scored.truth.sum(axis=0).astype(int), strict=True))
    return {name: _with_n(estimate, int(support.get(name, estimate.n))) for name, estimate in estimates.items()}


def paired_macro_f1(
    truth: np.ndarray, a: np.ndarray, b: np.ndarray, seed: int, n_resamples: int = N_RESAMPLES
) -> tuple[Estimate, float]:
    """Macro-F1 of system A minus that of B on the same documents: difference, interval, two-sided p-value.

    The interval is a paired bootstrap; p comes from approximate randomisation: each document's two answers are
    swapped with probability one half (Noreen 1989; Yeh 2000 for F-measures).

    Args:
        truth: (n, C) 0/1.
        a: (n, C) decisions of system A.
        b: (n, C) decisions of system B.
        seed: draws resamples and swaps.
        n_resamples: number of each.
    """
    first, second = (f1_statistic(truth, decisions) for decisions in (a, b))
    gap = Statistic(("gap",), lambda weights: (first.of(weights) - second.of(weights))[:, :1])
    estimate = bootstrap([gap], len(truth), seed, n_resamples)["gap"]
    generator, n_as_large = np.random.default_rng(seed), 0
    both = f1_statistic(np.concatenate([truth, truth]), np.concatenate([a, b]))
    block = max(1, BLOCK_CELLS // len(truth))
    for start in range(0, n_resamples, block):
        keep = (generator.random((min(block, n_resamples - start), len(truth))) < 0.5).astype(np.float32)
        swapped = np.concatenate([keep, 1.0 - keep], axis=1)
        null_gap = both.of(swapped)[:, 0] - both.of(1.0 - swapped)[:, 0]
        n_as_large += int((np.abs(null_gap) >= abs(estimate.value) - 1e-9).sum())
    return estimate, (n_as_large + 1) / (n_resamples + 1)


def _macro_only(truth: np.ndarray, decisions: np.ndarray, name: str) -> Statistic:
    full = f1_statistic(truth, decisions)
    return Statistic((name,), lambda weights: full.of(weights)[:, :1])


def _with_n(estimate: Estimate, n: int) -> Estimate:
    return Estimate(estimate.value, estimate.lower, estimate.upper, n)
