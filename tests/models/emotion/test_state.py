from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from affectlens.models.checkpoint import Checkpoint
from affectlens.models.emotion.state import RecencyPooling, emotion_state, positions_in_runs, rows_by_position

POOLING = RecencyPooling(half_life_d=2.0, prior_strength=1.0, prior=np.array([0.5]), hidden_prior=np.array([0.0]))


def days(*values: float) -> pd.Series:
    return pd.Series(pd.Timestamp("2024-01-01", tz="UTC") + pd.to_timedelta(list(values), unit="D"))


def test_a_state_is_the_weighted_mean_of_the_prior_and_faded_utterances() -> None:
    states = POOLING.states(np.zeros(2, dtype=int), days(0, 2), np.array([[1.0, 4.0], [0.0, 8.0]]))
    assert states[0].tolist() == [0.75, 2.0]  # (0.5 + 1) / 2, 4 / 2
    assert states[1].tolist() == pytest.approx([(0.5 + 0.5) / 2.5, (0.5 * 4 + 8) / 2.5])  # two days fade one half


def test_the_future_does_not_change_a_state() -> None:
    generator = np.random.default_rng(0)
    values, users = generator.random((9, 2)), np.array([0] * 5 + [1] * 4)
    before = POOLING.states(users, days(*range(5), *range(4)), values)
    values[[3, 4, 8]] = 9.0
    after = POOLING.states(users, days(*range(5), *range(4)), values)
    assert np.array_equal(before[[0, 1, 2, 5, 6, 7]], after[[0, 1, 2, 5, 6, 7]])
    assert not np.array_equal(before[[3, 4, 8]], after[[3, 4, 8]])


def test_another_users_words_do_not_change_a_state() -> None:
    values = np.random.default_rng(0).random((4, 2))
    both = POOLING.states(np.array([7, 7, 3, 3]), days(0, 1, 0, 1), values)
    alone = POOLING.states(np.array([3, 3]), days(0, 1), values[2:])
    assert np.allclose(both[2:], alone)


def test_without_times_nothing_fades() -> None:
    times = pd.Series([pd.NaT, pd.NaT], dtype="datetime64[us, UTC]")
    states = POOLING.states(np.zeros(2, dtype=int), times, np.array([[1.0, 0.0], [0.0, 0.0]]))
    assert states[1, 0] == pytest.approx((0.5 + 1.0) / 3.0)


@given(st.lists(st.integers(1, 6), min_size=1, max_size=8), st.integers(0, 2**16))
def test_states_stay_between_what_was_said_and_the_prior(counts: list[int], seed: int) -> None:
    users = np.repeat(np.arange(len(counts)), counts)
    values = np.random.default_rng(seed).random((len(users), 2))
    states = POOLING.states(users, days(*np.arange(len(users)) / 3.0), values)
    assert np.all(states[:, 0] <= 1.0)
    assert np.all(states[:, 0] >= 0.0)
    assert np.allclose(states[positions_in_runs(users) == 0, 0], (0.5 + values[positions_in_runs(users) == 0, 0]) / 2)


def test_rows_of_a_position_are_one_a_user() -> None:
    position = positions_in_runs(np.array([1, 1, 1, 0, 0]))
    assert [rows.tolist() for rows in rows_by_position(position)] == [[0, 3], [1, 4], [2]]


def test_emotion_state_of_one_user_is_the_last_state_and_the_prior_without_words() -> None:
    checkpoint = Checkpoint("tfidf", {}, {}, {"state": POOLING.to_dict()})
    emotion, code = emotion_state(checkpoint, np.array([[1.0], [0.0]]), np.array([[4.0], [8.0]]), days(0, 2))
    assert (emotion[0], code[0]) == pytest.approx((0.4, 4.0))
    nothing = emotion_state(checkpoint, np.empty((0, 1)), np.empty((0, 1)), days())
    assert (nothing[0].tolist(), nothing[1].tolist()) == ([0.5], [0.0])
