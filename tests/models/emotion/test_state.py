"""What every model of E_t promises, and what the moving average is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from affectlens.features.experience import BEGIN, EVENT_KINDS, UTTERANCE, Experience
from affectlens.models.checkpoint import Checkpoint
from affectlens.models.emotion.recurrent_state import RecurrentStates, build_state_network, open_state_model
from affectlens.models.emotion.state import (
    DAY_S,
    Questions,
    RecencyPooling,
    StateModel,
    positions_in_runs,
    rows_by_position,
)

LABELS = ["bad", "good", "none"]
POOLING = RecencyPooling(half_life_d=2.0, prior_strength=1.0, prior=np.array([0.5, 0.2, 0.3]))
GRU = {"model": {"kind": "gru", "state_size": 6, "question_size": 5, "dropout": 0.2}, "labels": LABELS}


def lived(lengths: tuple[int, ...] = (6, 3), seed: int = 0) -> Experience:
    generator = np.random.default_rng(seed)
    users = np.repeat(np.arange(len(lengths)), lengths)
    kind = generator.integers(UTTERANCE, len(EVENT_KINDS), size=len(users))
    kind[positions_in_runs(users) == 0] = BEGIN
    said = generator.random((len(users), 3)).astype(np.float32) * (kind == UTTERANCE)[:, None]
    has_content = kind > UTTERANCE
    return Experience(
        users=users,
        time=positions_in_runs(users) * DAY_S,
        kind=kind,
        said=said,
        seen=generator.random((len(users), 3)).astype(np.float32) * has_content[:, None],
        has_content=has_content,
        dwell_s=generator.random(len(users)) * 60 * has_content,
        utterance=np.full(len(users), -1),
    )


def utterances(*said: float, days: tuple[float, ...]) -> Experience:
    n = len(said) + 1
    return Experience(
        users=np.zeros(n, dtype=np.int64),
        time=DAY_S * np.array([days[0] - 1, *days]),
        kind=np.array([BEGIN] + [UTTERANCE] * len(said)),
        said=np.array([[0.0], *[[value] for value in said]]),
        seen=np.zeros((n, 1)),
        has_content=np.zeros(n, dtype=bool),
        dwell_s=np.zeros(n),
        utterance=np.arange(-1, n - 1),
    )


def gru(seed: int = 3) -> RecurrentStates:
    torch.manual_seed(seed)
    return RecurrentStates(build_state_network("gru", GRU).eval(), np.full(3, 1.2), np.full(3, -0.1))


def now(model: StateModel, events: Experience) -> np.ndarray:
    return model.probabilities(model.hidden(events), Questions.now(events))


@pytest.fixture(params=["recency", "gru"])
def model(request: pytest.FixtureRequest) -> StateModel:
    return POOLING if request.param == "recency" else gru()


def test_there_is_a_probability_of_each_emotion_after_each_event(model: StateModel) -> None:
    said = now(model, lived())
    assert said.shape == (9, 3)
    assert ((said > 0) & (said < 1)).all()


def test_the_future_does_not_change_a_state(model: StateModel) -> None:
    events = lived()
    changed = replace(events, said=events.said.copy(), kind=events.kind.copy(), dwell_s=events.dwell_s.copy())
    changed.kind[4], changed.said[4], changed.dwell_s[4] = UTTERANCE, 0.9, 7.0
    before, after = now(model, events), now(model, changed)
    assert np.allclose(before[[0, 1, 2, 3, 6, 7, 8]], after[[0, 1, 2, 3, 6, 7, 8]], atol=1e-7)
    assert not np.allclose(before[4:6], after[4:6], atol=1e-4)


def test_another_user_does_not_change_a_state(model: StateModel) -> None:
    events = lived((6, 3))
    alone = events.take(np.arange(6, 9))
    assert np.allclose(now(model, events)[6:], now(model, alone), atol=1e-6)


def test_it_survives_save_and_restore() -> None:
    events, network = lived(), gru()
    facts = {"slope": network.slope.tolist(), "intercept": network.intercept.tolist()}
    for model, stored in (
        (network, Checkpoint.of(network.network, "gru", GRU, **facts)),
        (POOLING, POOLING.checkpoint()),
    ):
        assert np.allclose(now(open_state_model(stored), events), now(model, events))


def test_same_seed_same_states_and_another_seed_others() -> None:
    assert np.array_equal(now(gru(1), lived()), now(gru(1), lived()))
    assert not np.allclose(now(gru(1), lived()), now(gru(2), lived()))


def test_an_unknown_architecture_is_refused() -> None:
    with pytest.raises(ValueError, match="lstm"):
        build_state_network("lstm", GRU)


def test_a_question_about_a_content_or_after_a_gap_gets_another_answer() -> None:
    model, events = gru(), lived()
    hidden, asked = model.hidden(events), Questions.now(events)
    plain = model.probabilities(hidden, asked)
    later = model.probabilities(hidden, replace(asked, gap_s=np.full(9, 5 * DAY_S)))
    faced = replace(asked, has_content=np.ones(9, dtype=bool), seen=np.full((9, 3), 0.9, dtype=np.float32))
    assert not np.allclose(plain, later, atol=1e-4)
    assert not np.allclose(plain, model.probabilities(hidden, faced), atol=1e-4)


def test_a_moving_average_is_the_weighted_mean_of_the_prior_and_faded_utterances() -> None:
    pooling = RecencyPooling(2.0, 1.0, np.array([0.5]))
    states = now(pooling, utterances(1.0, 0.0, days=(0, 2)))
    assert states.ravel().tolist() == pytest.approx([0.5, (0.5 + 1) / 2, (0.5 + 0.5) / 2.5])  # two days fade one half


def test_a_moving_average_returns_to_the_prior_as_time_goes_by() -> None:
    pooling, events = RecencyPooling(2.0, 1.0, np.array([0.5])), utterances(1.0, days=(0,))
    hidden = pooling.hidden(events)
    later = Questions(np.array([1, 1]), np.array([2 * DAY_S, 2e9]), np.zeros(2, dtype=bool), np.zeros((2, 1)))
    assert pooling.probabilities(hidden, later).ravel().tolist() == pytest.approx([(0.5 + 0.5) / 1.5, 0.5])


def test_without_times_nothing_fades() -> None:
    events = replace(utterances(1.0, 0.0, days=(0, 2)), time=np.full(3, np.nan))
    assert now(RecencyPooling(2.0, 1.0, np.array([0.5])), events)[2, 0] == pytest.approx((0.5 + 1.0) / 3.0)


@given(st.lists(st.integers(1, 6), min_size=1, max_size=8), st.integers(0, 2**16))
def test_averages_stay_between_what_was_said_and_the_prior(lengths: list[int], seed: int) -> None:
    events = lived(tuple(lengths), seed)
    states = now(POOLING, events)
    assert np.all((states >= 0.0) & (states <= 1.0))
    assert np.allclose(states[events.is_beginning], POOLING.prior)


def test_rows_of_a_position_are_one_a_user() -> None:
    position = positions_in_runs(np.array([1, 1, 1, 0, 0]))
    assert [rows.tolist() for rows in rows_by_position(position)] == [[0, 3], [1, 4], [2]]
