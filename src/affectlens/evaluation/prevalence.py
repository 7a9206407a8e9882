"""How common an emotion is, from a classifier that errs: counting, adjusted counting, expectation-maximisation."""

from __future__ import annotations

import numpy as np
from scipy.optimize import nnls

# Shapes: n posts, C emotions.
_SUM_WEIGHT = 1e4  # of the row that makes shares add up to 1, against rows that are probabilities
_N_STEPS = 1000
_TOLERANCE = 1e-6


def counted(decided: np.ndarray, n_classes: int) -> np.ndarray:
    """Share of each class among the classifier's decisions (n,), shape (C,); NaN without posts.

    >>> counted(np.array([0, 0, 2, 1]), 3).tolist()
    [0.5, 0.25, 0.25]
    """
    counts = np.bincount(decided, minlength=n_classes).astype(np.float64)
    return counts / counts.sum() if counts.sum() else np.full(n_classes, np.nan)


def confusion_of(truth: np.ndarray, decided: np.ndarray, n_classes: int) -> np.ndarray:
    """P(decided | true), shape (C, C), rows of true classes summing to 1.

    Args:
        truth: (n, C) share of each class in the truth of a labelled post, rows summing to 1.
        decided: (n,) what the classifier said.
        n_classes: C. A class that no label names keeps its own row: nothing is known of its errors.

    >>> confusion_of(np.array([[1, 0], [1, 0], [0, 1.0]]), np.array([0, 1, 1]), 2).tolist()
    [[0.5, 0.5], [0.0, 1.0]]
    """
    return mean_readings(truth, np.eye(n_classes)[decided])


def mean_readings(truth: np.ndarray, posteriors: np.ndarray) -> np.ndarray:
    """What the classifier thinks of each true class on average, shape (C, C), rows summing to 1.

    Like `confusion_of`, of posteriors in the place of decisions: no post is wholly one class, so shares of few posts
    scatter less.

    Args:
        truth: (n, C) share of each class in the truth of a labelled post, rows summing to 1.
        posteriors: (n, C) rows summing to 1.

    Source: Bella, Ferri, Hernandez-Orallo & Ramirez-Quintana 2010, "Quantification via Probability Estimators".

    >>> mean_readings(np.array([[1, 0], [1, 0], [0, 1.0]]), np.array([[0.9, 0.1], [0.5, 0.5], [0.2, 0.8]])).tolist()
    [[0.7, 0.3], [0.2, 0.8]]
    """
    table: np.ndarray = truth.T @ posteriors
    total = table.sum(axis=1, keepdims=True)
    return np.where(total > 0, np.divide(table, total, out=np.zeros_like(table), where=total > 0), np.eye(len(table)))


def adjusted(counts: np.ndarray, confusion: np.ndarray) -> np.ndarray:
    """The shares (C,) that, seen through the classifier's confusion, come closest to what was counted.

    Solves confusion^T p = counts for p on the simplex by non-negative least squares.

    Args:
        counts: (C,) shares among the decisions, or mean posteriors.
        confusion: (C, C) P(decided | true), or the mean posterior of each true class.

    Source: Saerens, Latinne & Decaestecker 2002; on the simplex: Bunse 2022, "Unification of algorithms for
    quantification and unfolding". Forman 2008 for two classes.

    A tenth of class 0 is read as 1, a fifth of 1 as 0; of half and half one counts 0.55 and 0.45, and finds back:

    >>> adjusted(np.array([0.55, 0.45]), np.array([[0.9, 0.1], [0.2, 0.8]])).round(6).tolist()
    [0.5, 0.5]
    """
    if np.isnan(counts).any():
        return np.full(counts.shape, np.nan)
    rows = np.vstack([confusion.T, np.full((1, len(counts)), _SUM_WEIGHT)])
    shares, _ = nnls(rows, np.append(counts, _SUM_WEIGHT))
    total: np.ndarray = shares / shares.sum()
    return total


def expectation_maximised(posteriors: np.ndarray, prior: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The shares under which the classifier's posteriors, freed of their own prior, are likeliest (EMQ).

    Args:
        posteriors: (n, C) calibrated P(class | post) under `prior`, rows summing to 1.
        prior: (C,) shares in the sample on which the posteriors were calibrated.
        weights: (B, n) how often each post counts, in B samples.

    Returns:
        (B, C); NaN without posts. A post that has no likelihood under any class with a share counts for nothing.

    Source: Saerens, Latinne & Decaestecker 2002, "Adjusting the Outputs of a Classifier to New a Priori Probabilities".

    A classifier that is always sure is believed; one that always says its prior leaves it standing.

    >>> expectation_maximised(np.array([[1.0, 0], [0, 1], [0, 1]]), np.full(2, 0.5), np.ones((1, 3))).round(4).tolist()
    [[0.3333, 0.6667]]
    >>> expectation_maximised(np.full((4, 2), 0.5), np.full(2, 0.5), np.ones((1, 4))).tolist()
    [[0.5, 0.5]]
    """
    if posteriors.size == 0:
        return np.full((len(weights), prior.size), np.nan)
    likelihood = posteriors / np.maximum(prior, 1e-12)
    shares = np.tile(prior, (len(weights), 1))
    for _ in range(_N_STEPS):
        mixture = shares @ likelihood.T
        counts = np.divide(weights, mixture, out=np.zeros_like(mixture), where=mixture > 0) @ likelihood * shares
        n = counts.sum(axis=1, keepdims=True)
        new = np.divide(counts, n, out=np.full_like(counts, np.nan), where=n > 0)
        done = np.nan_to_num(np.abs(new - shares)).max() < _TOLERANCE
        shares = new
        if done:
            break
    return shares
