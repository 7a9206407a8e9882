"""What may be read of an exposure: of the user just before it, and of the item."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from affectlens.features.splits import TRAIN
from affectlens.models.recommender.catalogue import GeneratedContent, emotion_states_of, users_of
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
from affectlens.models.recommender.ladder import LEARNED, NOTHING, STATE, Material, block_of_dated, state_placebos

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
        seed: of the placebos.
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
        groups, is_train = (exposures.item, pd.factorize(exposures.user_ids)[0]), exposures.split == TRAIN
        rates = [rates_before(group, exposures.time, first, is_train) for group in groups]
        factors = item_factors(exposures, material.catalogue.n_items, n_factors, seed)
        joined = np.hstack(rates).astype(np.float32)
        return cls(exposures, material, signals, histories, before, factors, joined, decay, fresh_hours, seed)

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
        blocks = self.material.blocks
        if part in blocks:
            return self._mean_of_history(blocks[part]), blocks[part]
        if part == MOOD:
            return self._true_mood, blocks[LEARNED]
        known = latest(self.material.dated[part], self.exposures)
        if part.startswith(STATE):
            said = self._said.get(part.removeprefix(STATE), NOTHING)
            known = np.hstack([known, fresh_utterance(said, self.exposures, self.fresh_hours)])
        return known.astype(np.float32), blocks[block_of_dated(part)]

    def _mean_of_history(self, block: np.ndarray) -> np.ndarray:
        means = running_means(self.histories, block[self.histories.item], self.decay).astype(np.float32)
        if len(means) == 0:
            return np.zeros((len(self.before), block.shape[1]), dtype=np.float32)
        return np.where(self.before[:, None] >= 0, means[np.maximum(self.before, 0)], np.float32(0.0))

    @cached_property
    def _said(self) -> dict[str, GeneratedContent]:
        """Utterances as dated vectors, and their placebos by suffix: a random one is as fresh as what it replaces."""
        written = self.signals.emotion_signals.dropna(subset=["user_id", "occurred_at"])
        return state_placebos(emotion_states_of(written), self.material.following, self.seed)

    @cached_property
    def _true_mood(self) -> np.ndarray:
        truth = self.signals.simulated_truth.set_index("interaction_id")[_TRUE_MOOD]
        return truth.reindex(self.exposures.exposure_ids).fillna(0.0).to_numpy(dtype=np.float32)
