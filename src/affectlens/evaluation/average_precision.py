"""Average precision of label rankings, and of the same rankings under other document weights."""

# Shapes: n documents, C labels, b resamples of documents.
from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from affectlens.evaluation.documents import Statistic, row_mean


def macro_average_precision(truth: np.ndarray, scores: np.ndarray) -> float:
    """Mean over the labels that occur of the average precision of their ranking (steps, equal scores together).

    >>> macro_average_precision(np.array([[1], [0], [1]]), np.array([[0.9], [0.8], [0.1]])).__round__(4)  # (1 + 2/3)/2
    0.8333
    """
    return float(average_precision_statistic(truth, scores).of(np.ones((1, len(truth))))[0, 0])


def average_precision_statistic(truth: np.ndarray, scores: np.ndarray) -> Statistic:
    """Macro average precision. Documents are ranked once a label; a resample only changes their weights."""
    rankings = [_Ranking.of(y, s) for y, s in zip(truth.T, scores.T, strict=True) if y.sum() > 0]
    if not rankings:
        return Statistic(("map",), lambda weights: np.full((len(weights), 1), np.nan))
    accepted, hits = (
        sp.vstack([getattr(ranking, name) for ranking in rankings], format="csr", dtype=np.float32)
        for name in ("accepted", "hits")
    )
    ends = np.cumsum([ranking.hits.shape[0] for ranking in rankings])

    def values(weights: np.ndarray) -> np.ndarray:
        by_document = np.ascontiguousarray(weights.T)
        parts = zip(np.split(accepted @ by_document, ends[:-1]), np.split(hits @ by_document, ends[:-1]), strict=True)
        return row_mean(np.stack([_average_precision(*part) for part in parts], axis=1))[:, None]

    return Statistic(("map",), values, is_shifted=True)


def _average_precision(accepted: np.ndarray, hits: np.ndarray) -> np.ndarray:
    """Average precision (b,) from weight and positive weight (n_groups, b) of the groups of a ranking."""
    n_accepted, n_hits = np.cumsum(accepted, axis=0), np.cumsum(hits, axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        precision = np.where(n_accepted > 0, n_hits / n_accepted, 0.0)
        return np.asarray((hits * precision).sum(axis=0) / n_hits[-1])


@dataclass(frozen=True)
class _Ranking:
    """Documents by falling score, cut behind each group of equal scores that holds a positive one.

    Attributes:
        accepted: (n_groups, n) documents of each group.
        hits: (n_groups, n) positive ones among them.
    """

    accepted: sp.csr_matrix
    hits: sp.csr_matrix

    @classmethod
    def of(cls, is_present: np.ndarray, score: np.ndarray) -> _Ranking:
        order = np.argsort(-score, kind="stable")
        ranked = score[order]
        ties = np.cumsum(np.append(False, ranked[1:] != ranked[:-1]))
        positive = np.flatnonzero(is_present[order] > 0)
        ends = np.searchsorted(ties, np.unique(ties[positive]), side="right")
        cuts, shape = np.append(0, ends), (len(ends), len(score))
        accepted = sp.csr_matrix((np.ones(ends[-1]), order[: ends[-1]], cuts), shape=shape)
        first_hits = np.searchsorted(positive, cuts)
        return cls(accepted, sp.csr_matrix((np.ones(len(positive)), order[positive], first_hits), shape=shape))
