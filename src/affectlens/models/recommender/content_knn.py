"""Content nearest neighbours: what resembles the contents that a user consumed, new or old, known to others or not.

Source: Rocchio 1971 for the profile; Pazzani & Billsus 2007, "Content-Based Recommendation Systems". Departs from them
in the recency of the profile and in what the moment adds: in a feed, what resembles but is gone cannot be consumed.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from pydantic import Field

from affectlens.models.checkpoint import Checkpoint
from affectlens.models.recommender.catalogue import Catalogue
from affectlens.models.recommender.histories import Histories
from affectlens.params import Params

_HEAT_FLOOR = 0.05


class ContentKnnParams(Params):
    """The settings that are tried on validation data: every combination."""

    decays: list[float] = Field(min_length=1, description="weight of an event that is one step older, in (0, 1]")
    heat_weights: list[float] = Field(
        min_length=1, description="weight of the log of what others consumed lately beside the cosine; 0: content alone"
    )
    half_life_days: float = Field(gt=0, description="age at which what others consumed counts half")


@dataclass(frozen=True)
class ContentKnn:
    """score(u, i) = cosine of i and the user's recency-weighted mean content, plus a share of log heat_i.

    Attributes:
        unit: (n_items, d) content vectors of length 1; zero where an item has none.
        decay: weight of an event that is one step older.
        heat_weight: weight of the log heat; where times are not known it says nothing.
        half_life_days: of the heat.
    """

    unit: np.ndarray
    decay: float
    heat_weight: float
    half_life_days: float

    def score(self, histories: Histories) -> np.ndarray:
        """Scores (n, n_items), float32. A user without a history has no profile: only heat speaks."""
        profile = histories.weights(len(self.unit), self.decay) @ self.unit
        scores: np.ndarray = _of_length_one(profile) @ self.unit.T
        if self.heat_weight > 0:
            heat = histories.crowd.heat(histories.request_time, self.half_life_days)
            scores = scores + np.float32(self.heat_weight) * np.log(heat + np.float32(_HEAT_FLOOR))
        return scores

    def checkpoint(self, item_ids: Sequence[str], **metadata: Any) -> Checkpoint:
        """The model at rest."""
        params = {
            "item_ids": list(item_ids),
            "decay": self.decay,
            "heat_weight": self.heat_weight,
            "half_life_days": self.half_life_days,
        }
        return Checkpoint("content_knn", params, {"unit": self.unit}, metadata)

    @classmethod
    def from_checkpoint(cls, checkpoint: Checkpoint) -> ContentKnn:
        """The model that was saved."""
        params = checkpoint.params
        return cls(checkpoint.weights["unit"], params["decay"], params["heat_weight"], params["half_life_days"])


def fit_content_knn(catalogue: Catalogue, *, decay: float, heat_weight: float, half_life_days: float) -> ContentKnn:
    """Nothing is learnt: the content vectors are frozen."""
    return ContentKnn(_of_length_one(catalogue.vectors), decay, heat_weight, half_life_days)


def content_knn_trials(params: ContentKnnParams) -> list[Mapping[str, Any]]:
    """Every setting that is tried."""
    fixed = {"half_life_days": params.half_life_days}
    return [
        {"decay": decay, "heat_weight": weight, **fixed}
        for decay, weight in itertools.product(params.decays, params.heat_weights)
    ]


def _of_length_one(vectors: np.ndarray) -> np.ndarray:
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: np.ndarray = (vectors / np.where(length > 0, length, 1.0)).astype(np.float32)
    return unit
