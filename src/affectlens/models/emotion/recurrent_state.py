"""E_t by a recurrent network over everything that a user expressed, saw and reacted to."""

# Shapes: B windows, T events, P questions, F features of an event, S state, Q features of a question, C emotions.
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from pydantic import Field
from scipy.special import expit
from torch import Tensor, nn

from affectlens.features.experience import EVENT_KINDS, Experience
from affectlens.models.checkpoint import Checkpoint
from affectlens.models.emotion.state import DAY_S, Questions, RecencyPooling, StateModel, positions_in_runs
from affectlens.params import Params

_FADES_D = (0.1, 1.0, 7.0, 30.0)  # days over which each gap feature fades to 1/e
_MINUTE_S = 60.0
_MEMORIES_D = (1.0, 7.0, 30.0, 365.0)  # half-lives of the averages of what was said that stand beside the GRU
N_GAP = 1 + len(_FADES_D)
_EVENTS_AT_ONCE = 65_536


class RecurrentStateParams(Params):
    """Sizes of a `RecurrentState`."""

    kind: Literal["gru"]
    state_size: int = Field(ge=1, description="what the GRU remembers of a user; averages stand beside it")
    question_size: int = Field(ge=1, description="units that weigh a state against a question")
    dropout: float = Field(ge=0, lt=1)


def event_features(events: Experience) -> np.ndarray:
    """What the network reads of each event, (n, F) float32: kind, emotions, attention and the gap before it."""
    kinds = np.eye(len(EVENT_KINDS))[events.kind]
    attention = np.log1p(events.dwell_s)[:, None] / 5.0
    parts = [kinds, events.said, events.seen, events.has_content[:, None], attention, gap_features(events.gap_s)]
    return np.concatenate([*parts, memories(events)], axis=1).astype(np.float32)


def memories(events: Experience) -> np.ndarray:
    """Averages of what was said, one a half-life, each with its weight on a logarithmic scale, (n, M (1 + C))."""
    found = []
    for half_life in _MEMORIES_D:
        total = RecencyPooling(half_life, 1.0, np.zeros(events.said.shape[1])).hidden(events)
        found += [np.log1p(total[:, :1]), total[:, 1:] / (1.0 + total[:, :1])]
    return np.concatenate(found, axis=1)


def question_features(questions: Questions) -> np.ndarray:
    """What the network reads of each question, (m, Q) float32."""
    parts = [gap_features(questions.gap_s), questions.has_content[:, None], questions.seen]
    return np.concatenate(parts, axis=1).astype(np.float32)


def gap_features(gap_s: np.ndarray) -> np.ndarray:
    """Gaps (n,) in seconds on a logarithmic scale and as what is left of things that fade, (n, 1 + fades)."""
    faded = np.exp(-gap_s[:, None] / (DAY_S * np.array(_FADES_D)))
    return np.concatenate([np.log1p(gap_s / _MINUTE_S)[:, None] / 10.0, faded], axis=1)


class RecurrentState(nn.Module):
    """A GRU (Cho et al. 2014, arXiv:1406.1078) over the events of a user; a head answers questions to its states.

    Beside what the GRU remembers stand averages of what the user said, so that months are no burden on its memory.
    A question says how long ago the last event was and which content is at hand, so that one state tells both what
    its user feels now and what he will say of a content in three days.
    """

    def __init__(self, params: RecurrentStateParams, n_labels: int) -> None:
        super().__init__()
        self.n_memories = len(_MEMORIES_D) * (1 + n_labels)
        n_features = len(EVENT_KINDS) + 2 * n_labels + 2 + N_GAP + self.n_memories
        self.read = nn.Linear(n_features, params.state_size)
        self.recur = nn.GRU(params.state_size, params.state_size, batch_first=True)
        self.dropout = nn.Dropout(params.dropout)
        self.of_state = nn.Linear(params.state_size + self.n_memories, params.question_size)
        self.of_question = nn.Linear(N_GAP + 1 + n_labels, params.question_size)
        self.emotion = nn.Linear(params.question_size, n_labels)
        self.response = nn.Linear(params.question_size, 1)

    def forward(self, features: Tensor) -> Tensor:
        """States (B, T, S) after each event, from its features (B, T, F); padding stands at the end."""
        remembered, _ = self.recur(torch.tanh(self.read(features)))
        return torch.cat([remembered, features[:, :, -self.n_memories :]], dim=2)

    @property
    def state_size(self) -> int:
        """S, length of a state."""
        return self.of_state.in_features

    def answer(self, states: Tensor, questions: Tensor) -> tuple[Tensor, Tensor]:
        """Logits of the emotions expressed next (P, C) and of a view of the content (P,), for states (P, S)."""
        weighed = torch.tanh(self.of_state(self.dropout(states)) + self.of_question(questions))
        return self.emotion(weighed), self.response(weighed).squeeze(1)


def build_state_network(architecture: str, params: Mapping[str, Any]) -> RecurrentState:
    """A freshly initialised network.

    Args:
        architecture: "gru".
        params: `model` (fields of `RecurrentStateParams`) and `labels` (names).

    Raises:
        ValueError: the architecture is unknown.
    """
    if architecture != "gru":
        raise ValueError(f"state architecture {architecture!r} is unknown; expected gru")
    return RecurrentState(RecurrentStateParams.model_validate(params["model"]), len(params["labels"]))


@dataclass(frozen=True)
class RecurrentStates:
    """A fitted network behind the interface of a `StateModel`.

    Attributes:
        network: in evaluation mode.
        slope: (C,) factor of each logit, which calibrates it.
        intercept: (C,) summand.
    """

    network: RecurrentState
    slope: np.ndarray
    intercept: np.ndarray

    def hidden(self, events: Experience) -> np.ndarray:
        """Hidden state (n, S) float32 after each event."""
        states = np.zeros((len(events), self.network.state_size), dtype=np.float32)
        features, device = event_features(events), self.network.read.weight.device
        position = positions_in_runs(events.users)
        with torch.no_grad():
            for rows, is_real in _user_blocks(position):
                block = torch.from_numpy(np.where(is_real[..., None], features[rows], np.float32(0.0)))
                states[rows[is_real]] = self.network(block.to(device)).cpu().numpy()[is_real]
        return states

    def logits(self, hidden: np.ndarray, questions: Questions) -> np.ndarray:
        """Raw scores (m, C) of each emotion."""
        device = self.network.read.weight.device
        with torch.no_grad():
            states, asked = torch.from_numpy(hidden[questions.row]), torch.from_numpy(question_features(questions))
            found: np.ndarray = self.network.answer(states.to(device), asked.to(device))[0].cpu().numpy()
        return found

    def probabilities(self, hidden: np.ndarray, questions: Questions) -> np.ndarray:
        """Calibrated probabilities (m, C)."""
        return np.asarray(expit(self.logits(hidden, questions) * self.slope + self.intercept))


def _user_blocks(position: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Rows (b, T) of b users each, padded with row 0, and which of them are real; users of like length together."""
    begins = np.flatnonzero(position == 0)
    lengths = np.diff(np.append(begins, len(position)))
    blocks, order = [], np.argsort(lengths, kind="stable")
    while len(order):
        fits = lengths[order] * np.arange(1, len(order) + 1) <= _EVENTS_AT_ONCE
        chosen, order = order[: max(1, fits.sum())], order[max(1, fits.sum()) :]
        place = np.arange(lengths[chosen].max())
        is_real = place[None, :] < lengths[chosen][:, None]
        blocks.append((np.where(is_real, begins[chosen][:, None] + place[None, :], 0), is_real))
    return blocks


def open_state_model(checkpoint: Checkpoint) -> StateModel:
    """The fitted state model of a checkpoint, whatever its architecture.

    Raises:
        ValueError: the architecture is unknown.
    """
    if checkpoint.architecture == "recency":
        return RecencyPooling.from_checkpoint(checkpoint)
    network = checkpoint.restore(build_state_network)
    facts = checkpoint.metadata
    return RecurrentStates(network, np.asarray(facts["slope"]), np.asarray(facts["intercept"]))
