"""Attention over the order of events and a linear model over their set, heard as one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from pydantic import Field
from scipy.special import logsumexp

from affectlens.models.checkpoint import Checkpoint
from affectlens.models.recommender.histories import Histories
from affectlens.models.recommender.tuning import Recommender
from affectlens.params import Params

BLEND = "blend"


class BlendParams(Params):
    """What joins the attention model, and how loud it may be."""

    linear: Literal["ease", "item_knn"]
    weights: list[float] = Field(min_length=1, description="of the linear scores; every one is tried on validation")


@dataclass(frozen=True)
class Blend:
    """score(u, i) = log softmax_i(attention) + weight * linear(u, i).

    Attributes:
        attention: the network; its scores are logits.
        linear: its scores are what they are.
        weight: of the linear scores, not negative.
    """

    attention: Recommender
    linear: Recommender
    weight: float

    def score(self, histories: Histories) -> np.ndarray:
        """Scores (n, n_items), float32."""
        return blended(self.attention.score(histories), self.linear.score(histories), self.weight)


def blend_checkpoint(attention: Checkpoint, linear: Checkpoint, weight: float, **metadata: Any) -> Checkpoint:
    """Both models and the weight at rest."""
    params = {"item_ids": attention.params["item_ids"], "weight": weight}
    return Checkpoint.holding(BLEND, {"attention": attention, "linear": linear}, params, **metadata)


def blended(logits: np.ndarray, linear: np.ndarray, weight: float) -> np.ndarray:
    """The two scores (n, n_items) as one; a row without candidates, all of it minus infinity, stays one.

    >>> blended(np.log([[1.0, 3.0]]), np.array([[0.5, 0.0]]), 2.0).round(3).tolist()    # ln 1/4 + 1, ln 3/4
    [[-0.386, -0.288]]
    >>> blended(np.array([[-np.inf, -np.inf]]), np.array([[0.5, 0.0]]), 2.0).tolist()
    [[-inf, -inf]]
    """
    total = logsumexp(logits, axis=1, keepdims=True)
    scores: np.ndarray = logits - np.where(np.isfinite(total), total, 0.0) + weight * linear
    return scores
