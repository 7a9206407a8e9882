from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from affectlens.evaluation.calibration import negative_log_likelihood
from affectlens.features.experience import BEGIN, EVENT_KINDS, UTTERANCE, Experience
from affectlens.models.checkpoint import Checkpoint
from affectlens.models.emotion.recurrent_state import RecurrentStateParams, build_state_network
from affectlens.models.emotion.state import DAY_S, RecencyParams, positions_in_runs
from affectlens.training.emotion_state import (
    Lessons,
    RecurrentFitParams,
    fit_recency,
    fit_recurrent,
    lessons_of,
    state_batches,
    state_loss,
    uncalibrated,
    valid_metric,
)
from affectlens.training.loop import TrainerParams, TrainingParams

RECENCY = RecencyParams(kind="recency", half_lives_d=(0.1, 1000.0), prior_strengths=(0.5, 50.0))
PRIOR, LABELS = np.array([0.5, 0.5]), ["low", "high"]
CPU = TrainerParams(accelerator="cpu", devices=1, precision="32-true", strategy="auto")
RECURRENT = RecurrentFitParams(
    model=RecurrentStateParams(kind="gru", state_size=8, question_size=8, dropout=0.0),
    training=TrainingParams(
        max_epochs=12, batch_size=256, learning_rate=0.02, weight_decay=0.0, patience=12, gradient_clip=1.0
    ),
    window=8,
    overlap=3,
    response_weight=0.5,
)
VIEW, IMPRESSION = EVENT_KINDS.index("view"), EVENT_KINDS.index("impression")


def moods(switches: bool, n_users: int = 30, n: int = 12) -> tuple[Experience, Lessons]:
    """Users who keep one mood for ever, or have a new one every day; one utterance a day, label = mood."""
    generator = np.random.default_rng(0)
    users = np.repeat(np.arange(n_users), n + 1)
    mood = generator.integers(0, 2, len(users)) if switches else np.repeat(generator.integers(0, 2, n_users), n + 1)
    return _timeline(users, np.eye(2)[mood], np.full(len(users), UTTERANCE), np.zeros((len(users), 2)))


def reactions(n_users: int = 60, n: int = 14) -> tuple[Experience, Lessons]:
    """Users whose lasting mood shows in what they view: contents of their own mood; words come last and by mood."""
    generator = np.random.default_rng(1)
    users = np.repeat(np.arange(n_users), n + 1)
    mood, shown = np.repeat(generator.integers(0, 2, n_users), n + 1), generator.integers(0, 2, len(users))
    kind = np.where(positions_in_runs(users) == n, UTTERANCE, np.where(shown == mood, VIEW, IMPRESSION))
    return _timeline(users, np.eye(2)[mood], kind, np.eye(2)[shown])


def _timeline(users: np.ndarray, felt: np.ndarray, kind: np.ndarray, seen: np.ndarray) -> tuple[Experience, Lessons]:
    position = positions_in_runs(users)
    kind = np.where(position == 0, BEGIN, kind)
    is_said, is_shown = kind == UTTERANCE, kind > UTTERANCE
    said = np.where(is_said[:, None], 0.1 + 0.8 * felt, 0.0).astype(np.float32)
    seen = np.where(is_shown[:, None], seen, 0.0).astype(np.float32)
    row = np.where(is_said, np.cumsum(is_said) - 1, -1)
    events = Experience(users, position * DAY_S, kind, said, seen, is_shown, np.zeros(len(users)), row)
    turn = position[is_said] if (kind > UTTERANCE).sum() == 0 else users[is_said] % 12
    split = np.where(turn < 9, "train", "valid").astype(object)
    labelled = np.ones(is_said.sum(), dtype=bool)
    return events, lessons_of(events, felt[is_said], labelled, split, np.full(len(users), "train", dtype=object))


def test_each_event_but_the_first_is_a_lesson_about_what_was_known_before_it() -> None:
    events, lessons = reactions(n_users=2, n=3)
    assert lessons.questions.row.tolist() == [0, 1, 2, 4, 5, 6]
    assert lessons.is_said.tolist() == [False, False, True] * 2
    assert (
        lessons.is_viewed[~lessons.is_said] == (events.kind[lessons.questions.row + 1] == VIEW)[~lessons.is_said]
    ).all()
    assert (lessons.emotions[~lessons.is_said] == 0).all()


def test_users_with_a_lasting_mood_are_averaged_over_long_times_with_a_weak_prior() -> None:
    found = fit_recency(*moods(switches=False), PRIOR, RECENCY, negative_log_likelihood)
    assert (found.params["half_life_d"], found.params["prior_strength"]) == (1000.0, 0.5)


def test_users_without_a_mood_of_their_own_are_left_at_the_prior() -> None:
    assert fit_recency(*moods(switches=True), PRIOR, RECENCY, negative_log_likelihood).params["prior_strength"] == 50.0


def test_without_labelled_valid_utterances_the_first_candidates_are_taken() -> None:
    events, lessons = moods(switches=False)
    unlabelled = replace(lessons, is_labelled=np.zeros(len(lessons), dtype=bool))
    found = fit_recency(events, unlabelled, PRIOR, RECENCY, negative_log_likelihood)
    assert (found.params["half_life_d"], found.params["prior_strength"]) == (0.1, 0.5)


@pytest.mark.parametrize("window", [8, 200])
def test_an_epoch_asks_each_lesson_of_train_once(window: int) -> None:
    events, lessons = moods(switches=True)
    pace = RECURRENT.training.model_copy(update={"batch_size": 100})
    params = RECURRENT.model_copy(update={"window": window, "training": pace})
    train = lessons.take(np.flatnonzero(lessons.split == "train"))
    batches = list(state_batches(events, train, params)(np.random.default_rng(0)))
    assert sum(len(batch.row) for batch in batches) == len(train)
    assert sum(int(batch.is_said.sum()) for batch in batches) == len(train)
    assert len(batches) > 1


def fitted(events: Experience, lessons: Lessons, seed: int = 1) -> tuple[Checkpoint, pd.DataFrame]:
    options = {"seed": seed, "work_dir": None}
    return fit_recurrent(events, lessons, PRIOR, LABELS, RECURRENT, CPU, negative_log_likelihood, **options)


def test_the_network_learns_from_reactions_what_a_moving_average_of_words_cannot_know() -> None:
    events, lessons = reactions()
    checkpoint, history = fitted(events, lessons)
    assert len(history) == 12
    average = fit_recency(events, lessons, PRIOR, RECENCY, negative_log_likelihood)
    assert checkpoint.metadata["valid_metric"] > average.metadata["valid_metric"] + 0.5
    states = uncalibrated(checkpoint.restore(build_state_network))
    again = valid_metric(states, events, lessons.labelled("valid"), negative_log_likelihood)
    assert again == pytest.approx(checkpoint.metadata["valid_metric"], abs=1e-5)


def test_the_same_seed_gives_the_same_network() -> None:
    events, lessons = moods(switches=False, n_users=6)
    assert fitted(events, lessons)[0].fingerprint() == fitted(events, lessons)[0].fingerprint()
    assert fitted(events, lessons)[0].fingerprint() != fitted(events, lessons, seed=2)[0].fingerprint()


def test_every_parameter_gets_a_gradient_and_padding_none() -> None:
    events, lessons = reactions(n_users=12)
    torch.manual_seed(0)
    network = build_state_network("gru", {"model": RECURRENT.model.model_dump(), "labels": LABELS})
    batch = next(iter(state_batches(events, lessons, RECURRENT)(np.random.default_rng(0))))
    loss = state_loss(network, batch, 0.5)
    loss.backward()
    assert [name for name, weight in network.named_parameters() if weight.grad is None or not weight.grad.any()] == []
    wider = replace(batch, features=torch.nn.functional.pad(batch.features, (0, 0, 0, 4), value=9.0))
    n_events, n_wide = batch.features.shape[1], wider.features.shape[1]
    moved = replace(wider, row=batch.row // n_events * n_wide + batch.row % n_events)
    assert torch.allclose(state_loss(network, moved, 0.5), loss)
