"""The baseline that knows no user: how often each item was consumed, lately counting more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from pydantic import Field

from affectlens.models.checkpoint import Checkpoint
from affectlens.models.recommender.crowd import SECONDS_A_DAY
from affectlens.models.recommender.histories import Histories
from affectlens.params import Params


class PopularityParams(Params):
    """The settings that are tried on validation data."""

    half_lives_days: list[float | None] = Field(
        min_length=1, description="age at which an event counts half; null: all events count alike"
    )


@dataclass(frozen=True)
class Popularity:
    """Users who ask on the same day get the same scores.

    Attributes:
        popularity: (n_items,) weighted number of training events; the scores where times are not known.
        half_life_days: with one, a request is scored by all that was consumed before its day, older events counting
            less; without one, by the training events.
    """

    popularity: np.ndarray
    half_life_days: float | None

    def score(self, histories: Histories) -> np.ndarray:
        """Scores (n, n_items), float32."""
        scores = np.tile(self.popularity.astype(np.float32), (histories.n_users, 1))
        if self.half_life_days is not None and not histories.crowd.is_empty:
            timed = ~np.isnan(histories.request_time)
            scores[timed] = histories.crowd.heat(histories.request_time[timed], self.half_life_days)
        return scores

    def checkpoint(self, item_ids: Sequence[str], **metadata: Any) -> Checkpoint:
        """The model at rest."""
        params = {"item_ids": list(item_ids), "half_life_days": self.half_life_days}
        return Checkpoint("popularity", params, {"popularity": self.popularity}, metadata)

    @classmethod
    def from_checkpoint(cls, checkpoint: Checkpoint) -> Popularity:
        """The model that was saved."""
        return cls(checkpoint.weights["popularity"], checkpoint.params["half_life_days"])


def fit_popularity(train: Histories, n_items: int, half_life_days: float | None) -> Popularity:
    """Count the training events of each item; with a half-life, an event that is d days old counts 2^(-d/half-life).

    An event without a time counts as if it were as old as the oldest one.
    """
    if half_life_days is None or np.isnan(train.time).all():
        return Popularity(np.bincount(train.item, minlength=n_items).astype(np.float64), half_life_days)
    times = np.where(np.isnan(train.time), np.nanmin(train.time), train.time)
    weight = np.exp2((times - times.max()) / (half_life_days * SECONDS_A_DAY))
    return Popularity(np.bincount(train.item, weights=weight, minlength=n_items), half_life_days)


def popularity_trials(params: PopularityParams) -> list[Mapping[str, Any]]:
    """Every setting that is tried."""
    return [{"half_life_days": half_life} for half_life in params.half_lives_days]
