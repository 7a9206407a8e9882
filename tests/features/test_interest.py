from __future__ import annotations

import numpy as np
import pandas as pd

from affectlens.features.interest import mean_vectors_until


def times(*days: int | None) -> pd.Series:
    start = pd.Timestamp("2024-01-01", tz="UTC")
    stamps = [pd.NaT if day is None else start + pd.Timedelta(days=day) for day in days]
    return pd.Series(stamps, dtype="datetime64[us, UTC]")


EVENTS = pd.DataFrame(
    {"user_id": ["b", "a", "b", "a"], "occurred_at": times(1, 2, 3, 4), "split": ["train", "train", "train", "test"]}
)
VECTORS = np.array([[1.0, 0.0], [10.0, 2.0], [3.0, 4.0], [20.0, 4.0]])


def test_the_mean_holds_what_was_consumed_up_to_and_including_the_moment() -> None:
    moments = pd.DataFrame({"user_id": ["b", "b", "b", "a", "a"], "occurred_at": times(1, 2, 3, 3, 9)})
    expected = [[1.0, 0.0], [1.0, 0.0], [2.0, 2.0], [10.0, 2.0], [15.0, 3.0]]
    np.testing.assert_allclose(mean_vectors_until(moments, EVENTS, VECTORS), expected)


def test_before_the_first_event_and_for_a_stranger_there_is_nothing() -> None:
    moments = pd.DataFrame({"user_id": ["a", "stranger"], "occurred_at": times(1, 9)})
    assert np.isnan(mean_vectors_until(moments, EVENTS, VECTORS)).all()


def test_the_future_changes_nothing() -> None:
    moments = pd.DataFrame({"user_id": ["a", "b"], "occurred_at": times(2, 2)})
    later = VECTORS.copy()
    later[2:] = 1e6
    np.testing.assert_array_equal(
        mean_vectors_until(moments, EVENTS, VECTORS), mean_vectors_until(moments, EVENTS, later)
    )


def test_the_order_of_rows_changes_nothing() -> None:
    moments = pd.DataFrame({"user_id": ["b", "a", "b"], "occurred_at": times(3, 9, 1)})
    order = np.array([2, 0, 3, 1])
    found = mean_vectors_until(moments.iloc[::-1], EVENTS.iloc[order], VECTORS[order])
    np.testing.assert_allclose(found[::-1], mean_vectors_until(moments, EVENTS, VECTORS))


def test_the_names_of_users_change_nothing() -> None:
    moments = pd.DataFrame({"user_id": ["b", "a"], "occurred_at": times(3, 9)})
    renamed = {"a": "z", "b": "y"}
    found = mean_vectors_until(
        moments.assign(user_id=moments["user_id"].map(renamed)),
        EVENTS.assign(user_id=EVENTS["user_id"].map(renamed)),
        VECTORS,
    )
    np.testing.assert_array_equal(found, mean_vectors_until(moments, EVENTS, VECTORS))


def test_a_moment_without_time_sees_train_events_without_time() -> None:
    events = EVENTS.assign(occurred_at=times(None, None, None, None))
    moments = pd.DataFrame({"user_id": ["a", "b", "stranger"], "occurred_at": times(None, None, None)})
    found = mean_vectors_until(moments, events, VECTORS)
    np.testing.assert_allclose(found[:2], [[10.0, 2.0], [2.0, 2.0]])
    assert np.isnan(found[2]).all()


def test_no_moments_and_no_events_are_allowed() -> None:
    moments = pd.DataFrame({"user_id": ["a"], "occurred_at": times(1)})
    assert mean_vectors_until(moments[:0], EVENTS, VECTORS).shape == (0, 2)
    assert np.isnan(mean_vectors_until(moments, EVENTS[:0], VECTORS[:0])).all()
