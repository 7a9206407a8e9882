"""Leaderboard rows of E_t."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from affectlens.evaluation.calibration import negative_log_likelihood
from affectlens.evaluation.documents import bootstrap
from affectlens.evaluation.emotion import calibration_statistics
from affectlens.evaluation.estimate import Estimate, paired_difference, resampled_estimate
from affectlens.evaluation.following import following_estimates, paired_following
from affectlens.features.experience import UTTERANCE, Experience
from affectlens.features.splits import Boundaries, names_of
from affectlens.features.taxonomy import EKMAN
from affectlens.features.times import seconds
from affectlens.models.emotion.state import Questions, StateModel
from affectlens.pipelines.emotion_training.scoring import Setting, difference_rows, joined
from affectlens.pipelines.emotion_training.tables import Timelines
from affectlens.simulation.affect import PROTOTYPES

STATES, BASELINES = "states", ("moving_average", "last_utterance", "prior")
NEXT = "next_utterance_nll"
MOODS = ("valence", "arousal")


@dataclass(frozen=True)
class Moods:
    """True moods of a world that knows them.

    Attributes:
        row: (k,) the last event before each moment.
        mood: (k, 2) valence and arousal.
    """

    row: np.ndarray
    mood: np.ndarray


def true_moods(
    truth: pd.DataFrame, interactions: pd.DataFrame, lived: Timelines, boundaries: Mapping[str, Any], split: str
) -> Moods | None:
    """The mood before each impression of a split, and the last event that was over by then; None without a truth."""
    if truth.empty:
        return None
    columns = ["interaction_id", "user_id", "occurred_at"]
    shown = interactions.loc[interactions["kind"] == "impression", columns].merge(truth, on="interaction_id")
    is_asked = names_of(Boundaries.from_json(boundaries).split(shown["occurred_at"])).eq(split).to_numpy(dtype=bool)
    shown = shown[is_asked].assign(
        user=pd.Index(lived.user_ids).get_indexer(shown.loc[is_asked, "user_id"]),
        time=seconds(shown.loc[is_asked, "occurred_at"]),
    )
    events = pd.DataFrame({"user": lived.events.users, "time": lived.events.time, "row": np.arange(len(lived.events))})
    left, right = (table.sort_values("time", kind="stable") for table in (shown, events.dropna()))
    found = pd.merge_asof(left, right, on="time", by="user", allow_exact_matches=False).dropna(subset="row")
    return Moods(found["row"].to_numpy(dtype=np.int64), found[list(MOODS)].to_numpy(dtype=np.float64))


@dataclass(frozen=True)
class Followed:
    """What one model says of users.

    Attributes:
        now: (n, C) after each event.
        foretold: (m, C) before each lesson.
    """

    now: np.ndarray
    foretold: np.ndarray


def followed(
    lived: Timelines, states: StateModel, moving_average: StateModel, prior: np.ndarray
) -> dict[str, Followed]:
    """E_t beside its baselines: a moving average, the last utterance alone, and what is usual."""
    last, row = last_said(lived.events, prior), lived.lessons.questions.row
    found = {name: _of(model, lived) for name, model in ((STATES, states), ("moving_average", moving_average))}
    usual = np.tile(prior, (len(lived.events), 1))
    return {**found, "last_utterance": Followed(last, last[row]), "prior": Followed(usual, usual[row])}


def _of(model: StateModel, lived: Timelines) -> Followed:
    hidden = model.hidden(lived.events)
    now = model.probabilities(hidden, Questions.now(lived.events))
    return Followed(now, model.probabilities(hidden, lived.lessons.questions))


def last_said(events: Experience, prior: np.ndarray) -> np.ndarray:
    """What the latest utterance up to each event said (n, C); the prior before the first one."""
    is_fresh = events.is_beginning | (events.kind == UTTERANCE)
    latest = np.maximum.accumulate(np.where(is_fresh, np.arange(len(events)), 0))
    said = np.where(events.is_beginning[:, None], prior, events.said)
    return np.asarray(said[latest])


def state_rows(
    found: Mapping[str, Followed], lived: Timelines, moods: Moods | None, split: str, seed: int, dataset: str
) -> pd.DataFrame:
    """How well each model foretells labelled utterances of the split, and how closely it follows true moods."""
    setting = Setting(split, "next_utterance", seed, dataset)
    chosen = np.flatnonzero(lived.lessons.is_labelled & (lived.lessons.split == split))
    if len(chosen) == 0:
        return setting.rows(STATES, {}, is_baseline=False)
    parts = _foretelling_rows(found, lived, chosen, setting)
    if moods is not None and len(moods.row) and found[STATES].now.shape[1] == len(EKMAN):
        parts += _mood_rows(found, lived, moods, replace(setting, protocol="true_mood"))
    return joined(parts)


def _foretelling_rows(
    found: Mapping[str, Followed], lived: Timelines, chosen: np.ndarray, setting: Setting
) -> list[pd.DataFrame]:
    lessons = lived.lessons.take(chosen)
    users = np.unique(lived.events.users[lessons.questions.row], return_inverse=True)[1]
    losses, parts = {}, []
    for name, model in found.items():
        foretold = model.foretold[chosen]
        losses[name] = _UserLosses.of(negative_log_likelihood(lessons.emotions, foretold), users)
        eces = bootstrap(calibration_statistics(lessons.emotions, foretold)[:1], len(chosen), setting.seed)
        parts.append(
            setting.rows(name, {NEXT: losses[name].estimate(setting.seed), **eces}, is_baseline=name != STATES)
        )
    pairs = {
        f"{STATES} - {other}": paired_difference(losses[STATES].shares, losses[other].shares, setting.seed)
        for other in BASELINES
    }
    return [*parts, difference_rows(NEXT, pairs, setting)]


def _mood_rows(found: Mapping[str, Followed], lived: Timelines, moods: Moods, setting: Setting) -> list[pd.DataFrame]:
    """Correlation of valence and arousal, as a state's probabilities place it, with the true mood; users resampled."""
    users, parts = lived.events.users[moods.row], []
    placed = {name: model.now[moods.row] @ PROTOTYPES for name, model in found.items() if name != "prior"}
    for axis, mood in enumerate(MOODS):
        truth = moods.mood[:, axis]
        for name, said in placed.items():
            estimates = following_estimates(truth, said[:, axis], users, setting.seed)
            named = {f"{mood}_{metric}": estimate for metric, estimate in estimates.items()}
            parts.append(setting.rows(name, named, is_baseline=name != STATES))
        gaps = {
            other: paired_following(truth, placed[STATES][:, axis], placed[other][:, axis], users, setting.seed)
            for other in BASELINES[:2]
        }
        for metric in ("r", "r_within"):
            pairs = {f"{STATES} - {other}": gap[metric] for other, gap in gaps.items()}
            parts.append(difference_rows(f"{mood}_{metric}", pairs, setting))
    return parts


@dataclass(frozen=True)
class _UserLosses:
    """Sum of losses and number of utterances of each user."""

    total: np.ndarray
    count: np.ndarray

    @classmethod
    def of(cls, loss: np.ndarray, users: np.ndarray) -> _UserLosses:
        return cls(np.bincount(users, weights=loss), np.bincount(users).astype(np.float64))

    @property
    def shares(self) -> np.ndarray:
        """What each user adds: the mean over users is the mean loss of an utterance."""
        return np.asarray(self.total / self.count.mean())

    def estimate(self, seed: int) -> Estimate:
        """Mean loss of an utterance, users resampled."""
        return resampled_estimate(
            lambda weights: (weights @ self.total) / (weights @ self.count), len(self.total), seed
        )
