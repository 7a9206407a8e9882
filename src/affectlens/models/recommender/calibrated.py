"""Lists whose mix of topics or emotions follows the user's own: greedy re-ranking.

Source: Steck 2018, "Calibrated Recommendations". Departs from it in what is calibrated (emotion, too) and in the scale
of relevance: 1 for a user's best candidate, 0 for the last one that is considered.
"""

# Shapes: n users, M candidates, G attributes, k places.
from __future__ import annotations

import numpy as np
from pydantic import Field

from affectlens.params import Params


class CalibrationParams(Params):
    """How lists are re-ranked, and which strengths are tried."""

    strengths: list[float] = Field(min_length=1, description="lambda in [0, 1): weight of the divergence")
    n_candidates: int = Field(ge=1, description="best candidates that are re-ranked")
    tolerance: float = Field(ge=0, description="share of validation NDCG that may be paid for calibration")
    alpha: float = Field(gt=0, lt=1, description="share of the history that keeps the divergence finite")
    max_requests: int = Field(ge=2, description="users of each split whose lists are re-ranked")


def relevance_of(scores: np.ndarray) -> np.ndarray:
    """Scores of candidates (n, M), best first, on a scale from 1 to 0; minus infinity (no candidate) becomes -inf.

    >>> relevance_of(np.array([[4.0, 3.0, 2.0], [5.0, 5.0, -np.inf]])).tolist()
    [[1.0, 0.5, 0.0], [1.0, 1.0, -inf]]
    """
    finite = np.isfinite(scores)
    low = np.where(finite, scores, np.inf).min(axis=1, keepdims=True)
    high = np.where(finite, scores, -np.inf).max(axis=1, keepdims=True)
    span = np.where(high > low, high - low, 1.0)
    scaled = np.where(high > low, (np.where(finite, scores, 0.0) - low) / span, 1.0)
    return np.where(finite, scaled, -np.inf)


def mixture_divergence(p: np.ndarray, q: np.ndarray, alpha: float) -> np.ndarray:
    """KL(p || (1 - alpha) q + alpha p) over the last axis; NaN where p or q is."""
    mixed = (1.0 - alpha) * q + alpha * p
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(p > 0, p * np.log(p / mixed), np.where(np.isnan(p + q), np.nan, 0.0))
    divergence: np.ndarray = terms.sum(axis=-1)
    return divergence


def calibrated_lists(
    candidates: np.ndarray,
    relevance: np.ndarray,
    attributes: np.ndarray,
    history: np.ndarray,
    *,
    k: int,
    strength: float,
    alpha: float,
) -> np.ndarray:
    """The k candidates that gain most, chosen one after the other, in the order of their relevance.

    Their mix does not depend on their order, so the most relevant may stand first.

    The gain is (1 - strength) relevance - strength KL(history || mix of the list with the candidate).

    Args:
        candidates: (n, M) items, best first; -1 where there are fewer.
        relevance: (n, M) as `relevance_of` gives it.
        attributes: (n_items, G) shares of each item; NaN unknown: such an item changes no mix.
        history: (n, G) the user's own mix; NaN unknown: that user's list stays as it is.
        k: places.
        strength: lambda in [0, 1).
        alpha: see `CalibrationParams`.

    Returns:
        (n, k) items, -1 where candidates ran out.
    """
    shares = attributes[np.maximum(candidates, 0)]  # (n, M, G)
    known = ~np.isnan(shares).any(axis=2) & (candidates >= 0)
    shares = np.where(known[:, :, None], shares, 0.0)
    is_followed = ~np.isnan(history).any(axis=1)
    wanted = np.where(is_followed[:, None], history, 1.0 / max(history.shape[1], 1))[:, None, :]
    total, count = np.zeros((len(candidates), 1, shares.shape[2])), np.zeros((len(candidates), 1))
    open_, rows = np.where(candidates >= 0, relevance, -np.inf), np.arange(len(candidates))
    chosen = np.zeros(candidates.shape, dtype=bool)
    for _ in range(min(k, candidates.shape[1])):
        mix = (total + shares) / np.maximum(count + known, 1.0)[:, :, None]
        distance = np.where(count + known > 0, mixture_divergence(wanted, mix, alpha), 0.0)
        gain = (1.0 - strength) * open_ - strength * np.where(is_followed[:, None], distance, 0.0)
        best = gain.argmax(axis=1)
        taken = np.isfinite(open_[rows, best])
        chosen[rows[taken], best[taken]] = True
        total += np.where(taken[:, None], shares[rows, best], 0.0)[:, None, :]
        count += (taken & known[rows, best])[:, None]
        open_[rows, best] = -np.inf
    lists = np.full((len(candidates), k), -1, dtype=np.int64)
    row, column = np.nonzero(chosen)  # candidates stand best first
    lists[row, (np.cumsum(chosen, axis=1) - 1)[row, column]] = candidates[row, column]
    return lists
