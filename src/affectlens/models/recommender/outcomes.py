"""What a user does with what is consumed, and whether it pleases: learnt together with which content is next."""

# Shapes: m events, T outcomes, K generated vectors, G content width.
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import torch
from pydantic import Field
from sklearn.linear_model import LogisticRegression

from affectlens.models.recommender.attention import Asked, AttentionRecommender, Events
from affectlens.models.recommender.catalogue import GeneratedContent
from affectlens.models.recommender.exposures import rates_before
from affectlens.models.recommender.histories import Histories
from affectlens.models.recommender.streams import Windows, padded, stream_of, training_windows
from affectlens.models.recommender.two_tower import TwoTowerParams
from affectlens.params import Params

Outcome = Literal["like", "comment", "share", "pleased"]
OUTCOMES: tuple[str, ...] = get_args(Outcome)  # in the order of `histories.ANSWERS`
_WINDOWS_AT_ONCE = 256
_RATES = 2  # numbers of `rates_before`, of the item and of the user each


class OutcomesParams(Params):
    """What is learnt beside the next item."""

    are_learnt: bool = Field(description="false: which item is next, and nothing else")
    names: list[Outcome] = Field(min_length=1, description="those of which training events tell are learnt")
    weight: float = Field(gt=0, description="of their mean cross-entropy beside that of the next item")
    liked_from: float = Field(description="a rating at or above it counts as pleased")
    model: TwoTowerParams


@dataclass(frozen=True)
class Told:
    """Outcomes of m events, and how usual they were before each.

    Attributes:
        names: T of OUTCOMES.
        outcomes: (m, T) float32: 1 it was so, 0 it was not, NaN nobody knows.
        rates: (m, 4 T) float32: for each outcome its log-odds so far and how often it could be, of the item and of the
            user; standardised over training events, 0 where nobody knows the outcome.
    """

    names: tuple[str, ...]
    outcomes: np.ndarray
    rates: np.ndarray

    @classmethod
    def of(cls, histories: Histories, names: Sequence[str], liked_from: float, is_train: np.ndarray) -> Told:
        """What events (m,) tell; without times the order within a user stands for them."""
        outcomes = outcomes_of(histories, names, liked_from)
        step = np.arange(len(outcomes)) - histories.offsets[histories.owner]
        time = np.where(np.isnan(histories.time), step, histories.time)
        rates = np.zeros((len(outcomes), 2 * _RATES * len(names)), dtype=np.float32)
        for place, done in enumerate(outcomes.T):
            known = np.flatnonzero(~np.isnan(done))
            for number, group in enumerate((histories.item, histories.owner)):
                first = _RATES * (2 * place + number)
                rates[known, first : first + _RATES] = rates_before(
                    group[known], time[known], done[known], is_train[known]
                )
        return cls(tuple(names), outcomes, rates)

    def regression(self, is_train: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Weights (T, 4 T) and constants (T,) of the log-odds of each outcome by its own rates, of training events."""
        weight, constant = np.zeros((len(self.names), self.rates.shape[1])), np.zeros(len(self.names))
        for place, done in enumerate(self.outcomes.T):
            rows = np.flatnonzero(is_train & ~np.isnan(done))
            own = slice(2 * _RATES * place, 2 * _RATES * (place + 1))
            model = LogisticRegression().fit(self.rates[rows, own], done[rows])
            weight[place, own], constant[place] = model.coef_[0], model.intercept_[0]
        return weight, constant


def outcomes_of(histories: Histories, names: Sequence[str], liked_from: float) -> np.ndarray:
    """(m, T) float32: 1 it was so, 0 it was not, NaN nobody knows."""
    answers = histories.answers.copy()
    rating = answers[:, -1]
    answers[:, -1] = np.where(np.isnan(rating), np.nan, rating >= liked_from)
    chosen: np.ndarray = answers[:, [OUTCOMES.index(name) for name in names]]
    return chosen


def told_by(histories: Histories, params: OutcomesParams) -> list[str]:
    """Those of the named outcomes of which some events say yes and some say no; none where none shall be learnt."""
    if not params.are_learnt:
        return []
    outcomes = outcomes_of(histories, params.names, params.liked_from)
    has_both = (outcomes == 0).any(axis=0) & (outcomes == 1).any(axis=0)
    return [name for name, is_told in zip(params.names, has_both, strict=True) if is_told]


def settings_of(names: list[str], params: OutcomesParams) -> Mapping[str, Any]:
    """How a checkpoint says what its model foretells, and how far each is heard: `shares`, see `Foretold`."""
    return {
        "names": names,
        "n_rates": 2 * _RATES * len(names),
        "liked_from": params.liked_from,
        "model": params.model.model_dump(),
        "shares": dict.fromkeys(names, 1.0),
    }


@torch.no_grad()
def foretold(
    model: AttentionRecommender,
    histories: Histories,
    rates: np.ndarray,
    content: GeneratedContent,
    is_asked: np.ndarray,
) -> np.ndarray:
    """Log-odds (m, T) of each outcome of an event, from what its user did before; NaN where nobody asks.

    Args:
        model: fitted with outcomes, in evaluation mode, on the CPU.
        histories: all events.
        rates: (m, 4 T) as of `Told`.
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
    found = np.full((len(is_asked), rates.shape[1] // (2 * _RATES)), np.nan, dtype=np.float32)
    for start in range(0, len(windows.length), _WINDOWS_AT_ONCE):
        part = windows.take(np.arange(start, min(start + _WINDOWS_AT_ONCE, len(windows.length))))
        asks, position = predicting(part)
        kept = asked[position + 1]
        asks, position = asks[kept], position[kept]
        states = model.states(items, Events(*map(torch.as_tensor, padded(stream, part)))).flatten(0, 1)[asks]
        generated = None if content.is_empty else torch.as_tensor(content.at(stream.state[position]))
        wanted = torch.as_tensor(stream.token[position + 1] - 1)
        event = place_of[position + 1]
        found[event] = model.foretell(states, items, Asked(wanted, torch.as_tensor(rates[event])), generated).numpy()
    return found


def predicting(windows: Windows) -> tuple[np.ndarray, np.ndarray]:
    """Places that predict, in the flattened (B * T) of padded windows, and their positions in the stream."""
    place = np.arange(windows.length.max(initial=0))[None, :]
    predicts = (place >= windows.n_context[:, None]) & (place < windows.length[:, None])
    return np.flatnonzero(predicts), (windows.begin[:, None] + place)[predicts]
