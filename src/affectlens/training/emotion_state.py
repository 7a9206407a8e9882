"""How E_t is fitted: every event is foretold from all that its user lived through before it."""

# Shapes: n events, m lessons, B windows, T events of the longest, P lessons of a batch, C emotions.
from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from pydantic import Field
from scipy.special import logit
from torch import Tensor, nn
from torch.nn import functional

from affectlens.features.experience import FEED_KINDS, IMPRESSION, NO_UTTERANCE, Experience
from affectlens.models.checkpoint import Checkpoint
from affectlens.models.emotion.recurrent_state import (
    RecurrentState,
    RecurrentStateParams,
    RecurrentStates,
    build_state_network,
    event_features,
    question_features,
)
from affectlens.models.emotion.state import Questions, RecencyParams, RecencyPooling, StateModel, positions_in_runs
from affectlens.params import Params
from affectlens.training.loop import Batches, TrainerParams, TrainingParams, fit

logger = logging.getLogger(__name__)

LossOfRows = Callable[[np.ndarray, np.ndarray], np.ndarray]
METRIC_NAME = "minus_next_utterance_nll"


class RecurrentFitParams(Params):
    """A recurrent state: its sizes, its lessons and its pace; `batch_size` counts events."""

    model: RecurrentStateParams
    training: TrainingParams
    window: int = Field(ge=2, description="events of a user that are read at once in training")
    overlap: int = Field(ge=0, description="leading events of a later window that are read but not asked about")
    response_weight: float = Field(ge=0, description="weight of foretelling whether a content will be viewed")


@dataclass(frozen=True)
class Lessons:
    """Every event that follows another one of the same user, and what was known before it.

    Attributes:
        questions: (m) the state before, the gap, and the content that the event is about.
        emotions: (m, C) what an utterance expresses: its labels, else what the emotion model reads; 0 for the others.
        is_said: (m,) whether the event is an utterance.
        is_labelled: (m,) whether the utterance has labels.
        is_shown: (m,) whether the event is a content in a feed, taken or passed over.
        is_viewed: (m,) whether it was taken.
        split: (m,) split of the event, "" where it has none.
    """

    questions: Questions
    emotions: np.ndarray
    is_said: np.ndarray
    is_labelled: np.ndarray
    is_shown: np.ndarray
    is_viewed: np.ndarray
    split: np.ndarray

    def __len__(self) -> int:
        return len(self.split)

    def take(self, chosen: np.ndarray) -> Lessons:
        """Some of the lessons."""
        return Lessons(self.questions.take(chosen), *(getattr(self, field.name)[chosen] for field in fields(self)[1:]))

    def labelled(self, split: str) -> Lessons:
        """The labelled utterances of one split."""
        return self.take(np.flatnonzero(self.is_labelled & (self.split == split)))


def lessons_of(
    events: Experience, expressed: np.ndarray, is_labelled: np.ndarray, utterance_split: np.ndarray, split: np.ndarray
) -> Lessons:
    """What can be learned from events: each but the first of its user, foretold from the one before.

    Args:
        events: of all users.
        expressed: (n_utterances, C) labels of each utterance, or what the emotion model reads where it has none.
        is_labelled: (n_utterances,) whether these are labels.
        utterance_split: (n_utterances,) split of each utterance, "" where it is not used.
        split: (n,) split of each event; an utterance's own split goes first.
    """
    after = np.flatnonzero(~events.is_beginning)
    utterance = events.utterance[after]  # NO_UTTERANCE = -1 reads the row that is put behind the utterances
    is_said = utterance != NO_UTTERANCE
    return Lessons(
        questions=Questions(after - 1, events.gap_s[after], events.has_content[after], events.seen[after]),
        emotions=np.concatenate([expressed, np.zeros_like(events.said[:1])])[utterance],
        is_said=is_said,
        is_labelled=np.append(is_labelled, False)[utterance],
        is_shown=np.isin(events.kind[after], FEED_KINDS),
        is_viewed=events.kind[after] != IMPRESSION,
        split=np.where(is_said, np.append(utterance_split, "")[utterance], split[after]),
    )


def fit_recency(
    events: Experience, lessons: Lessons, prior: np.ndarray, params: RecencyParams, loss: LossOfRows
) -> Checkpoint:
    """The half-life and prior strength under which the moving average best foretells the utterances of `valid`.

    Without such utterances the first candidate of each is taken.

    Args:
        events: of all users.
        lessons: what follows what.
        prior: (C,) share of each label among training texts.
        params: the candidates.
        loss: (truth, probabilities) -> loss a row.
    """
    valid, best, best_loss = lessons.labelled("valid"), None, np.inf
    for half_life in params.half_lives_d:
        hidden = RecencyPooling(half_life, 1.0, prior).hidden(events) if len(valid) else None
        for strength in params.prior_strengths:
            pooling = RecencyPooling(half_life, strength, prior)
            if hidden is None:
                return pooling.checkpoint(valid_metric=None)
            value = float(loss(valid.emotions, pooling.probabilities(hidden, valid.questions)).mean())
            if value < best_loss:
                best, best_loss = pooling, value
    assert best is not None
    logger.info("moving average: half-life %g d, prior strength %g", best.half_life_d, best.prior_strength)
    return best.checkpoint(valid_metric=-best_loss)


def valid_metric(model: StateModel, events: Experience, valid: Lessons, loss: LossOfRows) -> float:
    """Minus the mean loss of the emotions that valid utterances express, foretold by the states before them."""
    foretold = model.probabilities(model.hidden(events), valid.questions)
    return -float(loss(valid.emotions, foretold).mean())


@dataclass
class StateBatch:
    """Windows of events, and the lessons that follow some of them.

    Attributes:
        features: (B, T, F).
        row: (P,) the event before each lesson, in the flattened (B * T).
        questions: (P, Q).
        emotions: (P, C).
        is_said: (P,) 0/1.
        is_shown: (P,) 0/1.
        is_viewed: (P,) 0/1.
    """

    features: Tensor
    row: Tensor
    questions: Tensor
    emotions: Tensor
    is_said: Tensor
    is_shown: Tensor
    is_viewed: Tensor

    def to(self, device: torch.device) -> StateBatch:
        """The same batch on a device."""
        return StateBatch(*(getattr(self, field.name).to(device) for field in fields(self)))


def state_loss(model: nn.Module, batch: StateBatch, response_weight: float) -> Tensor:
    """Cross-entropy of the labels of the next utterance, and of a view of the next content with a weight."""
    states = model(batch.features).flatten(0, 1)[batch.row]
    emotion, response = model.answer(states, batch.questions)  # type: ignore[operator]
    of_said = functional.binary_cross_entropy_with_logits(emotion, batch.emotions, reduction="none").sum(dim=1)
    of_shown = functional.binary_cross_entropy_with_logits(response, batch.is_viewed, reduction="none")
    return _mean(of_said, batch.is_said) + response_weight * _mean(of_shown, batch.is_shown)


def _mean(values: Tensor, weight: Tensor) -> Tensor:
    return (values * weight).sum() / weight.sum().clamp_min(1.0)


def windows_of(users: np.ndarray, window: int, overlap: int) -> np.ndarray:
    """First event, end and number of leading events that are only read, of each window, (w, 3).

    >>> windows_of(np.array([0, 0, 0, 0, 1]), window=3, overlap=1).tolist()
    [[0, 3, 0], [2, 4, 1], [4, 5, 0]]
    """
    begins = np.flatnonzero(positions_in_runs(users) == 0)
    ends = np.append(begins[1:], len(users))
    stride = window - overlap
    n_windows = 1 + np.ceil(np.maximum(ends - begins - window, 0) / stride).astype(np.int64)
    owner = np.repeat(np.arange(len(begins)), n_windows)
    number = np.arange(len(owner)) - np.repeat(np.cumsum(n_windows) - n_windows, n_windows)
    start = begins[owner] + number * stride
    return np.stack([start, np.minimum(start + window, ends[owner]), np.where(number > 0, overlap, 0)], axis=1)


def state_batches(events: Experience, lessons: Lessons, params: RecurrentFitParams) -> Batches:
    """What `fit` reads: each lesson of train once an epoch, windows of like length together.

    Args:
        events: of all users; what follows a lesson never changes the states before it.
        lessons: those to learn from.
        params: length of windows and batches.
    """
    features, asked = event_features(events), question_features(lessons.questions)
    columns = [lessons.emotions, lessons.is_said, lessons.is_shown, lessons.is_viewed]
    targets = [asked, *(np.asarray(column, dtype=np.float32) for column in columns)]
    lesson_at = np.full(len(events), -1)
    lesson_at[lessons.questions.row] = np.arange(len(lessons))
    windows = windows_of(events.users, params.window, params.overlap)
    n_asked = np.append(0, np.cumsum(lesson_at >= 0))
    windows = windows[n_asked[windows[:, 1]] > n_asked[windows[:, 0] + windows[:, 2]]]

    def one_epoch(generator: np.random.Generator) -> Iterator[StateBatch]:
        for rows in _groups(windows[:, 1] - windows[:, 0], params.training.batch_size, generator):
            yield _batch(windows[rows], features, lesson_at, targets)

    return one_epoch


def _groups(lengths: np.ndarray, batch_size: int, generator: np.random.Generator) -> list[np.ndarray]:
    """Windows of each batch, in random order; like lengths together, about `batch_size` events in all."""
    order = np.lexsort((generator.random(len(lengths)), lengths))
    number = (np.cumsum(lengths[order]) - lengths[order]) // batch_size
    groups = np.split(order, np.flatnonzero(np.diff(number)) + 1)
    return [groups[place] for place in generator.permutation(len(groups))]


def _batch(
    windows: np.ndarray, features: np.ndarray, lesson_at: np.ndarray, targets: Sequence[np.ndarray]
) -> StateBatch:
    place = np.arange((windows[:, 1] - windows[:, 0]).max())
    position = windows[:, :1] + place
    is_real = position < windows[:, 1:2]
    position = np.where(is_real, position, 0)
    lesson = np.where(is_real & (place >= windows[:, 2:3]), lesson_at[position], -1).ravel()
    row = np.flatnonzero(lesson >= 0)
    read = np.where(is_real[..., None], features[position], np.float32(0.0))
    return StateBatch(*(torch.from_numpy(array) for array in (read, row, *(each[lesson[row]] for each in targets))))


def fit_recurrent(
    events: Experience,
    lessons: Lessons,
    prior: np.ndarray,
    labels: Sequence[str],
    params: RecurrentFitParams,
    trainer: TrainerParams,
    loss: LossOfRows,
    *,
    seed: int,
    work_dir: Path | None,
) -> tuple[Checkpoint, pd.DataFrame]:
    """Fit the recurrent state; its best weights by the loss on `valid`, not calibrated yet, and its history.

    Args:
        events: of all users.
        lessons: what follows what; utterances of train without labels teach what the emotion model read.
        prior: (C,) share of each label among training texts.
        labels: C names.
        params: sizes, lessons and pace.
        trainer: device and precision.
        loss: (truth, probabilities) -> loss a row, measured on `valid`.
        seed: seed of weights, order and dropout.
        work_dir: folder of event files and of the state of an unfinished fit.
    """
    facts = {"model": params.model.model_dump(mode="json"), "labels": list(labels)}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = build_state_network(params.model.kind, facts)
    with torch.no_grad():
        network.emotion.bias.copy_(torch.from_numpy(logit(np.clip(prior, 1e-3, 1.0 - 1e-3))))
    train, valid = lessons.take(np.flatnonzero(lessons.split == "train")), lessons.labelled("valid")
    history = fit(
        network,
        state_batches(events, train, params),
        functools.partial(state_loss, response_weight=params.response_weight),
        lambda module: valid_metric(uncalibrated(module), events, valid, loss),
        params.training,
        trainer,
        seed=seed,
        work_dir=work_dir,
        metric_name=METRIC_NAME,
    )
    best = float(history["valid_metric"].max())
    n_labels = len(labels)
    identity = {"slope": [1.0] * n_labels, "intercept": [0.0] * n_labels}
    return Checkpoint.of(network, params.model.kind, facts, seed=seed, valid_metric=best, **identity), history


def uncalibrated(network: nn.Module) -> RecurrentStates:
    """A network as a state model whose scores are taken as they are."""
    if not isinstance(network, RecurrentState):
        raise TypeError(f"expected a RecurrentState, got {type(network).__name__}")
    n_labels = network.emotion.out_features
    return RecurrentStates(network, np.ones(n_labels), np.zeros(n_labels))
