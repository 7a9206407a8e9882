from __future__ import annotations

import numpy as np
import pandas as pd

from affectlens.features.experience import BEGIN, EVENT_KINDS, IMPRESSION, UTTERANCE, experience_of

START = pd.Timestamp("2024-01-01", tz="UTC")


def at(*minutes: float) -> pd.Series:
    return pd.Series(START + pd.to_timedelta(list(minutes), unit="min")).dt.as_unit("us")


def tables() -> dict[str, object]:
    users = pd.DataFrame({"user_id": ["ann", "ben"], "joined_at": at(-60, -90)})
    utterances = pd.DataFrame(
        {"user_id": ["ann", None, "ann", "cid"], "occurred_at": at(3, 1, 0, 5), "content_id": ["c1", None, None, "c9"]}
    )
    interactions = pd.DataFrame(
        {
            "user_id": ["ann", "ann", "ann", "ben"],
            "content_id": ["c1", "c1", "c2", "c2"],
            "occurred_at": at(1, 1.5, 2, 4),
            "kind": ["impression", "view", "impression", "impression"],
            "value": np.nan,
            "dwell_s": [np.nan, 240.0, np.nan, np.nan],
            "surface": None,
            "slate_id": ["s1", "s1", "s1", "s2"],
            "position": [1.0, 1.0, 2.0, 1.0],
        }
    )
    emotions = pd.DataFrame({"content_id": ["c1", "c2"], "probabilities": [[0.9, 0.1], [0.2, 0.8]]})
    said = np.array([[0.7, 0.3], [0.5, 0.5], [0.1, 0.9], [0.4, 0.6]])
    return {
        "users": users,
        "utterances": utterances,
        "said": said,
        "interactions": interactions,
        "content_emotions": emotions,
    }


def test_the_timeline_of_each_user_begins_when_he_joined_and_goes_on_in_order() -> None:
    events, ids = experience_of(**tables())
    assert ids.tolist() == ["ann", "ben", "cid"]
    names = [EVENT_KINDS[kind] for kind in events.kind]
    assert names == [
        "begin",
        "utterance",
        "impression",
        "utterance",
        "view",
        "begin",
        "impression",
        "begin",
        "utterance",
    ]
    assert events.users.tolist() == [0] * 5 + [1] * 2 + [2] * 2


def test_an_exposure_is_known_when_its_attention_has_passed() -> None:
    events, _ = experience_of(**tables())
    view = int(np.flatnonzero(events.kind == EVENT_KINDS.index("view"))[0])
    assert events.time[view] == (START + pd.Timedelta(minutes=5.5)).timestamp()
    assert events.dwell_s[view] == 240.0


def test_a_user_who_never_joined_begins_a_second_before_his_first_event() -> None:
    events, _ = experience_of(**tables())
    assert events.gap_s[-1] == 1.0


def test_events_carry_the_emotion_of_words_and_of_contents() -> None:
    events, _ = experience_of(**tables())
    spoken = events.kind == UTTERANCE
    assert np.allclose(events.said[spoken], [[0.1, 0.9], [0.7, 0.3], [0.4, 0.6]])
    assert np.allclose(events.seen[spoken], [[0, 0], [0.9, 0.1], [0, 0]])  # c9 has no emotion
    assert events.has_content[spoken].tolist() == [False, True, False]
    assert np.allclose(events.seen[events.kind == IMPRESSION], [[0.2, 0.8], [0.2, 0.8]])
    assert events.utterance[spoken].tolist() == [2, 0, 3]


def test_the_order_of_the_rows_changes_nothing_but_the_rows_of_utterances() -> None:
    parts = tables()
    events, _ = experience_of(**parts)
    parts["interactions"] = parts["interactions"].iloc[::-1].reset_index(drop=True)
    turned, _ = experience_of(**parts)
    for name in ("users", "time", "kind", "said", "seen", "dwell_s"):
        assert np.array_equal(getattr(events, name), getattr(turned, name))


def test_users_without_events_have_a_beginning_and_nothing_else() -> None:
    parts = tables()
    parts["utterances"], parts["interactions"] = parts["utterances"].iloc[:0], parts["interactions"].iloc[:0]
    parts["said"] = np.empty((0, 2))
    events, ids = experience_of(**parts)
    assert (events.kind == BEGIN).all()
    assert len(events) == len(ids) == 2
