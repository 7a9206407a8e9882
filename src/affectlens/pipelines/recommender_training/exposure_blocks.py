"""What may be read of an exposure: of the user just before it, and of the item."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from affectlens.models.recommender.catalogue import users_of
from affectlens.models.recommender.exposures import (
    Exposures,
    fresh_utterance,
    item_factors,
    latest,
    rates_before,
    rows_before,
    running_means,
)
from affectlens.models.recommender.histories import Histories, histories_of
from affectlens.models.recommender.ladder import (
    CONTENT,
    GENERATED,
    LEARNED,
    NOTHING,
    OF_ANOTHER,
    Material,
    following_users,
)

MOOD = "mood"
_TRUE_MOOD = ["valence", "arousal", "dominance"]


@dataclass(frozen=True)
class Signals:
    """What was expressed, utterance by utterance; and what the embedded world knows of moods, empty elsewhere."""

    emotion_signals: pd.DataFrame
    simulated_truth: pd.DataFrame


@dataclass(frozen=True)
class ExposureBlocks:
    """Everything that a step of the exposure ladder may read.

    Attributes:
        exposures: what was shown.
        material: blocks of the items, dated vectors of the users.
        signals: what was expressed.
        histories: all events of all users.
        before: (n,) the user's last event before each exposure, -1 where none is.
        factors: (N, d) what stands for the ids of items.
        rates: (n, 4) how often the item, and the user, did it so far.
        decay: of the histories.
        fresh_hours: age at which the last utterance counts half.
        seed: of the exchange of users.
    """

    exposures: Exposures
    material: Material
    signals: Signals
    histories: Histories
    before: np.ndarray
    factors: np.ndarray
    rates: np.ndarray
    decay: float
    fresh_hours: float
    seed: int

    @classmethod
    def of(
        cls,
        exposures: Exposures,
        sequences: pd.DataFrame,
        material: Material,
        signals: Signals,
        *,
        decay: float,
        fresh_hours: float,
        n_factors: int,
        seed: int,
    ) -> ExposureBlocks:
        """Join exposures with what came before them."""
        users = users_of(sequences)
        histories = histories_of(sequences, users, material.catalogue, NOTHING)
        before = rows_before(exposures, users[histories.owner], histories.time)
        first = next(iter(exposures.outcomes.values()))
        groups = exposures.item, pd.factorize(exposures.user_ids)[0]
        rates = np.hstack([rates_before(group, exposures.time, first) for group in groups]).astype(np.float32)
        factors = item_factors(exposures, material.catalogue.n_items, n_factors, seed)
        return cls(exposures, material, signals, histories, before, factors, rates, decay, fresh_hours, seed)

    @property
    def more_parts(self) -> set[str]:
        """Parts beside those of the material."""
        return set() if self.signals.simulated_truth.empty else {MOOD}

    def pairs(self, parts: Sequence[str]) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """Blocks of users, one row an exposure, and of items, one row an item, in pairs.

        Args:
            parts: of a step; without any, it reads how often an item was chosen so far.
        """
        one = np.ones((self.material.catalogue.n_items, 1), dtype=np.float32)
        if not parts:
            return [self.rates[:, :2]], [one]
        found = [(self.rates, one), (self._mean_of_history(self.factors), self.factors)]
        found += [self._pair(part) for part in parts if part in self.material.parts | self.more_parts]
        users, items = zip(*found, strict=True)
        return list(users), list(items)

    def _pair(self, part: str) -> tuple[np.ndarray, np.ndarray]:
        blocks, plain = self.material.blocks, part.removesuffix(OF_ANOTHER)
        if part in blocks:
            return self._mean_of_history(blocks[part]), blocks[part]
        if part == MOOD:
            return self._true_mood, blocks[LEARNED]
        asked = self._of_another if part.endswith(OF_ANOTHER) else self.exposures
        if plain == GENERATED:
            return latest(self.material.generated, asked).astype(np.float32), blocks[CONTENT]
        said = fresh_utterance(self.signals.emotion_signals, asked, self.fresh_hours)
        return np.hstack([latest(self.material.states, asked), said]).astype(np.float32), blocks[LEARNED]

    def _mean_of_history(self, block: np.ndarray) -> np.ndarray:
        means = running_means(self.histories, block[self.histories.item], self.decay).astype(np.float32)
        if len(means) == 0:
            return np.zeros((len(self.before), block.shape[1]), dtype=np.float32)
        return np.where(self.before[:, None] >= 0, means[np.maximum(self.before, 0)], np.float32(0.0))

    @cached_property
    def _of_another(self) -> Exposures:
        following = following_users(self.exposures.user_ids, self.seed)
        asked = np.array([following[user] for user in self.exposures.user_ids], dtype=object)
        return dataclasses.replace(self.exposures, user_ids=asked)

    @cached_property
    def _true_mood(self) -> np.ndarray:
        truth = self.signals.simulated_truth.set_index("interaction_id")[_TRUE_MOOD]
        return truth.reindex(self.exposures.exposure_ids).fillna(0.0).to_numpy(dtype=np.float32)
