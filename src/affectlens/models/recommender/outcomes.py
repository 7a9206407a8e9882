"""What a user does with what is consumed, and whether it pleases: learnt together with which content is next."""

# Shapes: m events, T outcomes, K generated vectors, G content width.
from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, get_args

import numpy as np
import torch
from pydantic import Field

from affectlens.models.recommender.attention import AttentionRecommender, Events
from affectlens.models.recommender.catalogue import GeneratedContent
from affectlens.models.recommender.histories import Histories
from affectlens.models.recommender.streams import Windows, padded, stream_of, training_windows
from affectlens.models.recommender.two_tower import TwoTowerParams
from affectlens.params import Params

Outcome = Literal["like", "comment", "share", "pleased"]
OUTCOMES: tuple[str, ...] = get_args(Outcome)  # in the order of `histories.ANSWERS`
_WINDOWS_AT_ONCE = 256


class OutcomesParams(Params):
    """What is learnt beside the next item."""

    names: list[Outcome] = Field(description="where training events tell of them; []: the next item alone")
    weight: float = Field(gt=0, description="of their mean cross-entropy beside that of the next item")
    liked_from: float = Field(description="a rating at or above it counts as pleased")
    model: TwoTowerParams
    inverse_penalties: list[float] = Field(min_length=1, description="of the baseline, tried on validation")


def outcomes_of(histories: Histories, names: list[str], liked_from: float) -> np.ndarray:
    """(m, T) float32: 1 it was so, 0 it was not, NaN nobody knows."""
    answers = histories.answers.copy()
    rating = answers[:, -1]
    answers[:, -1] = np.where(np.isnan(rating), np.nan, rating >= liked_from)
    chosen: np.ndarray = answers[:, [OUTCOMES.index(name) for name in names]]
    return chosen


def told(histories: Histories, params: OutcomesParams) -> list[str]:
    """Those of the named outcomes of which some events say yes and some say no."""
    outcomes = outcomes_of(histories, [*params.names], params.liked_from)
    has_both = (outcomes == 0).any(axis=0) & (outcomes == 1).any(axis=0)
    return [name for name, is_told in zip(params.names, has_both, strict=True) if is_told]


def settings_of(names: list[str], params: OutcomesParams) -> Mapping[str, Any]:
    """How a checkpoint says what its model foretells; `outcomes_of` and the module read it."""
    return {"names": names, "liked_from": params.liked_from, "model": params.model.model_dump()}


@torch.no_grad()
def foretold(
    model: AttentionRecommender, histories: Histories, content: GeneratedContent, is_asked: np.ndarray
) -> np.ndarray:
    """Probability (m, T) of each outcome of an event, from what its user did before; NaN where nobody asks.

    Args:
        model: fitted with outcomes, in evaluation mode, on the CPU.
        histories: all events.
        content: generated content; an event may use what existed at the one before.
        is_asked: (m,) booleans.
    """
    params, items = model.params, model.items()
    buckets = {"n_dwell_buckets": params.n_dwell_buckets, "n_gap_buckets": params.n_gap_buckets}
    stream = stream_of(histories, len(items), **buckets)
    asked = np.insert(is_asked, histories.offsets[:-1], values=False)
    place_of = np.cumsum(np.insert(np.ones(len(is_asked), dtype=np.int64), histories.offsets[:-1], 0)) - 1
    n_asked = np.concatenate([[0], np.cumsum(asked)])
    windows = training_windows(stream, params.max_length, params.overlap)
    first, end = windows.begin + windows.n_context + 1, windows.begin + windows.length + 1
    windows = windows.take(np.flatnonzero(n_asked[end] > n_asked[first]))
    found = np.full((len(is_asked), model.n_outcomes), np.nan, dtype=np.float32)
    for start in range(0, len(windows.length), _WINDOWS_AT_ONCE):
        part = windows.take(np.arange(start, min(start + _WINDOWS_AT_ONCE, len(windows.length))))
        asks, position = predicting(part)
        kept = asked[position + 1]
        asks, position = asks[kept], position[kept]
        states = model.states(items, Events(*map(torch.as_tensor, padded(stream, part)))).flatten(0, 1)[asks]
        generated = None if content.is_empty else torch.as_tensor(content.at(stream.state[position]))
        wanted = torch.as_tensor(stream.token[position + 1] - 1)
        logits = model.foretell(states, items, wanted, generated)
        found[place_of[position + 1]] = torch.sigmoid(logits).numpy()
    return found


def predicting(windows: Windows) -> tuple[np.ndarray, np.ndarray]:
    """Places that predict, in the flattened (B * T) of padded windows, and their positions in the stream."""
    place = np.arange(windows.length.max(initial=0))[None, :]
    predicts = (place >= windows.n_context[:, None]) & (place < windows.length[:, None])
    return np.flatnonzero(predicts), (windows.begin[:, None] + place)[predicts]
