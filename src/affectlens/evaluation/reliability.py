"""How often what is stated with some probability is true, and which label is taken for which."""

# Shapes: n documents, C labels, B bins.
from __future__ import annotations

import numpy as np
import pandas as pd

from affectlens.evaluation.calibration import N_BINS
from affectlens.evaluation.documents import Statistic, bootstrap
from affectlens.evaluation.estimate import N_RESAMPLES


def reliability(
    truth: np.ndarray, probabilities: np.ndarray, seed: int, n_bins: int = N_BINS, n_resamples: int = N_RESAMPLES
) -> pd.DataFrame:
    """Rows of a reliability diagram, all labels together: one for each bin of equal width that holds anything.

    Args:
        truth: (n, C) 0/1.
        probabilities: (n, C) in [0, 1].
        seed: draws the documents that the intervals come from.
        n_bins: number of bins.
        n_resamples: number of draws.

    Returns:
        `stated` (mean probability), `observed` (share that is true) with `lower` and `upper`, and `n` statements.

    Raises:
        ValueError: the shapes differ, or a probability lies outside [0, 1].

    >>> said, true = np.array([[0.8, 0.3], [0.9, 0.3]]), np.array([[1, 0], [1, 1]])
    >>> reliability(true, said, 0, n_bins=2)[["stated", "observed", "n"]].round(2).values.tolist()
    [[0.3, 0.5, 2.0], [0.85, 1.0, 2.0]]
    """
    if truth.shape != probabilities.shape:
        raise ValueError(f"truth is {truth.shape} and probabilities are {probabilities.shape}, expected one shape")
    if probabilities.size and not 0.0 <= probabilities.min() <= probabilities.max() <= 1.0:
        raise ValueError(f"probabilities lie in [{probabilities.min()}, {probabilities.max()}], expected within [0, 1]")
    bins = np.minimum((probabilities * n_bins).astype(np.int64), n_bins - 1)
    cells = np.arange(len(truth))[:, None] * n_bins + bins
    kept = np.unique(bins)
    said, hits, mass = (
        np.bincount(cells.ravel(), weights=values.ravel(), minlength=len(truth) * n_bins)
        .reshape(-1, n_bins)[:, kept]
        .astype(np.float32)
        for values in (np.ones(truth.shape), truth, probabilities)
    )

    def observed(weights: np.ndarray) -> np.ndarray:
        with np.errstate(invalid="ignore"):
            return np.asarray((weights @ hits) / (weights @ said), dtype=np.float64)

    names = tuple(map(str, kept))
    found = bootstrap([Statistic(names, observed)], len(truth), seed, n_resamples)
    estimates = [found[name] for name in names]
    return pd.DataFrame(
        {
            "stated": mass.sum(axis=0, dtype=np.float64) / said.sum(axis=0, dtype=np.float64),
            "observed": [each.value for each in estimates],
            "lower": [each.lower for each in estimates],
            "upper": [each.upper for each in estimates],
            "n": said.sum(axis=0).astype(int),
        }
    )


def confusion(truth: np.ndarray, decisions: np.ndarray) -> np.ndarray:
    """Of the documents with label i the share that was given label j (C, C + 1); the last column: no label at all.

    On the diagonal this is the recall. Beside it only errors count: a document that has label j too is no confusion of
    i with j. NaN in the row of a label that no document has.

    Args:
        truth: (n, C) 0/1.
        decisions: (n, C) 0/1.

    >>> true, said = np.array([[1, 0], [1, 0], [1, 1], [0, 1]]), np.array([[1, 0], [0, 1], [1, 1], [0, 0]])
    >>> confusion(true, said).round(2).tolist()
    [[0.67, 0.33, 0.0], [0.0, 0.5, 0.5]]
    """
    true, said = np.asarray(truth, dtype=np.float64), np.asarray(decisions, dtype=np.float64)
    wrong = said * (1.0 - true)
    given = true.T @ wrong + np.diag((true * said).sum(axis=0))
    nothing = true.T @ (said.sum(axis=1) == 0)
    n = true.sum(axis=0)
    counts = np.column_stack([given, nothing])
    return np.asarray(np.divide(counts, n[:, None], out=np.full(counts.shape, np.nan), where=n[:, None] > 0))
