"""E_t: what is known of a user's emotion after each thing that he expressed, saw or reacted to."""

# Shapes: n events, m questions, C emotions, S hidden state.
from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
from pydantic import Field

from affectlens.features.experience import UTTERANCE, Experience
from affectlens.models.checkpoint import Checkpoint
from affectlens.params import Params

DAY_S = 86_400.0


class RecencyParams(Params):
    """Candidates for the two numbers of the moving average; validation picks one of each."""

    kind: Literal["recency"]
    half_lives_d: tuple[float, ...] = Field(min_length=1, description="days after which an utterance counts one half")
    prior_strengths: tuple[float, ...] = Field(
        min_length=1, description="how many fresh utterances the train prior counts for"
    )


@dataclass(frozen=True)
class Questions:
    """What is asked of states: which emotion comes next?

    Attributes:
        row: (m,) the event after which the state stands.
        gap_s: (m,) seconds between that event and the moment of the question.
        has_content: (m,) whether a content is at hand.
        seen: (m, C) its emotion, 0 without one.
    """

    row: np.ndarray
    gap_s: np.ndarray
    has_content: np.ndarray
    seen: np.ndarray

    def __len__(self) -> int:
        return len(self.row)

    @classmethod
    def now(cls, events: Experience) -> Questions:
        """After each event: what does its user feel at this moment, with no content at hand?"""
        n = len(events)
        return cls(np.arange(n), np.zeros(n), np.zeros(n, dtype=bool), np.zeros_like(events.seen))

    def take(self, chosen: np.ndarray) -> Questions:
        """Some of the questions."""
        return Questions(self.row[chosen], self.gap_s[chosen], self.has_content[chosen], self.seen[chosen])


class StateModel(Protocol):
    """What turns the events of users into E_t."""

    def hidden(self, events: Experience) -> np.ndarray:
        """Hidden state (n, S) after each event; the future never enters."""
        ...

    def probabilities(self, hidden: np.ndarray, questions: Questions) -> np.ndarray:
        """Probability (m, C) that each emotion is expressed, by hidden states (n, S) of all events."""
        ...


@dataclass(frozen=True)
class RecencyPooling:
    """Exponentially weighted mean of what a user's own utterances said, shrunk to what is usual: a moving average.

    Attributes:
        half_life_d: days after which an utterance counts one half.
        prior_strength: weight of the prior, in fresh utterances.
        prior: (C,) share of each label among training texts.
    """

    half_life_d: float
    prior_strength: float
    prior: np.ndarray

    def hidden(self, events: Experience) -> np.ndarray:
        """Weight of all utterances up to each event, and their weighted sum, (n, 1 + C)."""
        fading = self._faded(events.gap_s)
        is_said = events.kind == UTTERANCE
        total = np.column_stack([is_said, np.where(is_said[:, None], events.said, 0.0)]).astype(np.float64)
        for rows in rows_by_position(positions_in_runs(events.users))[1:]:
            total[rows] += fading[rows, None] * total[rows - 1]
        return total

    def probabilities(self, hidden: np.ndarray, questions: Questions) -> np.ndarray:
        """The mean (m, C), the content at hand unseen."""
        total = hidden[questions.row] * self._faded(questions.gap_s)[:, None]
        return np.asarray((self.prior_strength * self.prior + total[:, 1:]) / (self.prior_strength + total[:, :1]))

    def _faded(self, gap_s: np.ndarray) -> np.ndarray:
        return np.asarray(0.5 ** (gap_s / (DAY_S * self.half_life_d)))

    def checkpoint(self, **metadata: Any) -> Checkpoint:
        """The pooling at rest."""
        params = {"half_life_d": self.half_life_d, "prior_strength": self.prior_strength}
        return Checkpoint("recency", params, {"prior": np.asarray(self.prior)}, metadata)

    @classmethod
    def from_checkpoint(cls, checkpoint: Checkpoint) -> RecencyPooling:
        """Inverse of `checkpoint`."""
        return cls(**checkpoint.params, prior=checkpoint.weights["prior"])


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
