"""Emotion told in numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd

from affectlens.features.told_emotions import felt_after, told_states

START = pd.Timestamp("2021-07-01", tz="UTC")
TOLD = pd.DataFrame(
    {
        "interaction_id": ["a", "b", "c"],
        "user_id": ["u", "u", "v"],
        "content_id": ["x", "y", "x"],
        "occurred_at": START + pd.to_timedelta([0, 60, 120], unit="s"),
        "attribute_valence_before": [None, 0.5, -0.5],
        "attribute_arousal_before": [None, 0.1, 0.2],
        "attribute_valence_after": [1.0, 0.0, 0.5],
        "attribute_arousal_after": [0.0, 0.0, 1.0],
    }
)


def test_what_is_told_before_a_content_exists_just_before_it_and_what_is_told_after_not_yet() -> None:
    states = told_states(TOLD).set_index("state_id")
    assert set(states.index) == {"b/before", "c/before", "a/after", "b/after", "c/after"}
    assert states.loc["b/before", "occurred_at"] < TOLD["occurred_at"][1] == states.loc["b/after", "occurred_at"]
    assert states.loc["b/before", "probabilities"].tolist() == [0.5, 0.1]


def test_where_nobody_was_asked_nothing_is_told() -> None:
    columns = ["interaction_id", "user_id", "content_id", "occurred_at"]
    assert told_states(TOLD[columns]).empty
    assert np.isnan(felt_after(TOLD[columns], ["x"], np.inf)).all()


def test_the_emotion_of_a_content_is_what_it_left_until_then() -> None:
    until = START.timestamp() + 60.0
    assert np.array_equal(felt_after(TOLD, ["y", "x", "z"], until), [[0, 0], [1, 0], [np.nan] * 2], equal_nan=True)
    assert felt_after(TOLD, ["x"], np.inf).tolist() == [[0.75, 0.5]]
