"""How well people agree: the ceiling that stands beside every emotion model."""

# Shapes: n documents, r ratings (one annotator on one document), C labels.
from __future__ import annotations

import numpy as np

from affectlens.evaluation.documents import Statistic, bootstrap, row_mean
from affectlens.evaluation.emotion import counted_f1_statistic
from affectlens.evaluation.estimate import N_RESAMPLES, Estimate


def human_ceiling(
    documents: np.ndarray, ratings: np.ndarray, seed: int, n_resamples: int = N_RESAMPLES
) -> dict[str, Estimate]:
    """Leave-one-annotator-out macro-F1 and micro-F1, and Krippendorff's alpha, documents resampled.

    Each rating is scored as if it were a model, against the labels that at least half of the document's other
    annotators gave. Documents with fewer than two annotators are left out.

    Args:
        documents: (r,) document of each rating.
        ratings: (r, C) 0/1 labels that the annotator gave.
        seed: draws the resamples.
        n_resamples: number of resamples.

    Returns:
        macro_f1, micro_f1 and krippendorff_alpha (nominal, per label present or absent, mean over labels); empty if
        no document has two annotators.
    """
    votes, n_annotators, code = _votes(documents, ratings)
    is_shared = n_annotators >= 2
    if not is_shared.any():
        return {}
    kept = is_shared[code]
    f1 = leave_one_out_statistic(code[kept], ratings[kept], votes, n_annotators, is_shared)
    alpha = alpha_statistic(votes[is_shared], n_annotators[is_shared])
    found = bootstrap([f1, alpha], int(is_shared.sum()), seed, n_resamples)
    return {name: found[name] for name in ("macro_f1", "micro_f1", "krippendorff_alpha")}


def leave_one_out_statistic(
    code: np.ndarray, ratings: np.ndarray, votes: np.ndarray, n_annotators: np.ndarray, is_shared: np.ndarray
) -> Statistic:
    """F1 of each rating against the other annotators, as sums over documents."""
    others = (votes[code] - ratings) / (n_annotators[code] - 1)[:, None]
    reference = (others >= 0.5).astype(np.float64)
    sums = [_sum_by(code, part, len(votes))[is_shared] for part in (ratings * reference, reference, ratings)]
    return counted_f1_statistic(*sums)


def alpha_statistic(votes: np.ndarray, n_annotators: np.ndarray) -> Statistic:
    """Krippendorff's alpha of each label's presence, mean over labels that somebody gave and not everybody.

    Args:
        votes: (n, C) annotators who gave the label.
        n_annotators: (n,) annotators of the document, at least 2.
    Source: Krippendorff 2011, "Computing Krippendorff's alpha-reliability".
    """
    n = n_annotators[:, None].astype(np.float64)
    disagreement = 2.0 * votes * (n - votes) / (n - 1.0)

    def values(weights: np.ndarray) -> np.ndarray:
        yes, total = weights @ votes, weights @ n
        observed, expected = weights @ disagreement, 2.0 * yes * (total - yes) / (total - 1.0)
        with np.errstate(invalid="ignore", divide="ignore"):
            alpha = np.where(expected > 0, 1.0 - observed / expected, np.nan)
        return row_mean(alpha)[:, None]

    return Statistic(("krippendorff_alpha",), values)


def _votes(documents: np.ndarray, ratings: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Votes (n, C), annotators (n,) and the number of each rating's document (r,), by first appearance."""
    names, first, inverse = np.unique(documents, return_index=True, return_inverse=True)
    rank = np.empty(len(names), dtype=np.int64)
    rank[np.argsort(first)] = np.arange(len(names))
    code = rank[inverse]
    return _sum_by(code, ratings, len(names)), np.bincount(code, minlength=len(names)), code


def _sum_by(code: np.ndarray, values: np.ndarray, n: int) -> np.ndarray:
    sums = np.zeros((n, values.shape[1]))
    np.add.at(sums, code, values)
    return sums
