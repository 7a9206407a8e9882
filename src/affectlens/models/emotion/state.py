"""E_t: what a user's utterances up to now say together, the latest ones loudest."""

# Shapes: n utterances, D numbers an utterance (C probabilities, then d_e of its emotion code).
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from pydantic import Field

from affectlens.models.checkpoint import Checkpoint
from affectlens.params import Params

_SECONDS_A_DAY = 86_400.0


class EmotionStateParams(Params):
    """Candidates for the two numbers of the pooling; validation picks one of each."""

    half_lives_d: tuple[float, ...] = Field(min_length=1, description="days after which an utterance counts one half")
    prior_strengths: tuple[float, ...] = Field(
        min_length=1, description="how many fresh utterances the train prior counts for"
    )


@dataclass(frozen=True)
class RecencyPooling:
    """Exponentially weighted mean of a user's own past, shrunk to what is usual.

    Attributes:
        half_life_d: days after which an utterance counts one half.
        prior_strength: weight of the prior, in fresh utterances.
        prior: (C,) share of each label among training texts.
        hidden_prior: (d_e,) mean emotion code of training texts.
    """

    half_life_d: float
    prior_strength: float
    prior: np.ndarray
    hidden_prior: np.ndarray

    def states(self, users: np.ndarray, occurred_at: pd.Series, values: np.ndarray) -> np.ndarray:
        """The state (n, D) of a user right after each of his utterances, which it includes; the future never enters.

        Args:
            users: (n,) user of each utterance; the utterances of a user stand together, in order of time.
            occurred_at: (n,) UTC; between utterances without a time nothing fades.
            values: (n, D) probabilities and emotion code, side by side.
        """
        position = positions_in_runs(users)
        gap_d = occurred_at.diff().dt.total_seconds().to_numpy() / _SECONDS_A_DAY
        fading = np.where(np.isfinite(gap_d), 0.5 ** (np.maximum(gap_d, 0.0) / self.half_life_d), 1.0)
        total = np.column_stack([np.ones(len(values)), np.asarray(values, dtype=np.float64)])
        for rows in rows_by_position(position)[1:]:
            total[rows] += fading[rows, None] * total[rows - 1]
        prior = np.concatenate([self.prior, self.hidden_prior])
        return np.asarray((self.prior_strength * prior + total[:, 1:]) / (self.prior_strength + total[:, :1]))

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form, kept in the metadata of `emotion_checkpoint`."""
        return {
            "half_life_d": self.half_life_d,
            "prior_strength": self.prior_strength,
            "prior": np.asarray(self.prior).tolist(),
            "hidden_prior": np.asarray(self.hidden_prior).tolist(),
        }

    @classmethod
    def from_dict(cls, facts: Mapping[str, Any]) -> RecencyPooling:
        """Inverse of `to_dict`."""
        prior, hidden_prior = np.asarray(facts["prior"]), np.asarray(facts["hidden_prior"])
        return cls(facts["half_life_d"], facts["prior_strength"], prior, hidden_prior)


def positions_in_runs(users: np.ndarray) -> np.ndarray:
    """How many rows of the same user stand directly before each row.

    >>> positions_in_runs(np.array([4, 4, 4, 2, 2])).tolist()
    [0, 1, 2, 0, 1]
    """
    index = np.arange(len(users))
    is_first = np.append(True, users[1:] != users[:-1])[: len(users)]
    return np.asarray(index - np.maximum.accumulate(np.where(is_first, index, 0)), dtype=np.int64)


def rows_by_position(position: np.ndarray) -> list[np.ndarray]:
    """Rows at position 0, at position 1, and so on; at least one entry."""
    order = np.argsort(position, kind="stable")
    return np.split(order, np.cumsum(np.bincount(position, minlength=1))[:-1])


def emotion_state(
    checkpoint: Checkpoint, probabilities: np.ndarray, hidden: np.ndarray, occurred_at: pd.Series
) -> tuple[np.ndarray, np.ndarray]:
    """E_t of one user after his last utterance: probabilities (C,) and emotion code (d_e,). Without any: the prior.

    Args:
        checkpoint: `emotion_checkpoint`; its metadata holds the pooling.
        probabilities: (k, C) calibrated probabilities of the user's utterances, oldest first.
        hidden: (k, d_e) their emotion codes.
        occurred_at: (k,) UTC times.
    """
    pooling = RecencyPooling.from_dict(checkpoint.metadata["state"])
    n_labels = len(pooling.prior)
    if len(probabilities) == 0:
        return pooling.prior, pooling.hidden_prior
    times = pd.Series(occurred_at).reset_index(drop=True)
    state = pooling.states(np.zeros(len(times), dtype=np.int64), times, np.concatenate([probabilities, hidden], axis=1))
    return state[-1, :n_labels], state[-1, n_labels:]
