import numpy as np
import pandas as pd
import pytest

from affectlens.features.splits import NONE, TEST, TRAIN, VALID, Boundaries, SplitParams
from affectlens.features.utterances import emotion_examples, labels_in, split_of_events, split_utterances

START = pd.Timestamp("2024-01-01", tz="UTC")
NO_BEHAVIOUR = pd.DataFrame({"user_id": [], "content_id": [], "occurred_at": [], "split": []}, dtype=object)


def days(*numbers):
    at = [pd.NaT if number is None else START + pd.Timedelta(number, unit="D") for number in numbers]
    return pd.Series(pd.to_datetime(at, utc=True)).astype("datetime64[us, UTC]")


def utterances(texts, at, users=None, contents=None):
    n = len(texts)
    return pd.DataFrame(
        {
            "utterance_id": [f"t{number}" for number in range(n)],
            "user_id": pd.Series(users or [None] * n, dtype="str"),
            "occurred_at": days(*at),
            "content_id": pd.Series(contents or [None] * n, dtype="str"),
            "text": texts,
        }
    )


def split(table, published=None, sequences=NO_BEHAVIOUR, protocol="global_timeline", valid_share=0.5):
    params = SplitParams(protocol=protocol, train_quantile=0.5, valid_quantile=0.75, valid_share=valid_share)
    known = pd.Series(published or [None] * len(table), dtype="str")
    return split_utterances(
        table, known, sequences, Boundaries(START + pd.Timedelta("2D"), START + pd.Timedelta("3D")), params
    )


def test_utterances_follow_the_instants_of_the_timeline():
    assert split(utterances(["a", "b", "c", "d"], [0, 1, 2, 3])).tolist() == [TRAIN, TRAIN, VALID, TEST]


def test_a_later_near_duplicate_is_set_aside():
    table = utterances(["so happy", "what a day", "SO HAPPY!!!", "what a night"], [0, 2, 3, 3])
    assert split(table).tolist() == [TRAIN, VALID, NONE, TEST]


def test_a_published_split_is_kept_with_its_near_duplicates():
    table = utterances(["so happy", "so happy!", "fine"], [None, None, None])
    assert split(table, ["train", "test", "valid"], protocol="given").tolist() == [TRAIN, TEST, VALID]


def test_unpublished_rows_of_a_published_source_are_not_used():
    table = utterances(["a", "b", "c"], [0, 0, 0])
    assert split(table, ["train", None, "valid"], protocol="given").tolist() == [TRAIN, NONE, VALID]


def test_without_any_published_split_the_timeline_decides():
    assert split(utterances(["a", "b", "c"], [0, 2, 3]), protocol="given").tolist() == [TRAIN, VALID, TEST]


def test_texts_without_time_take_the_published_split_else_a_hashed_one_that_near_duplicates_share():
    table = utterances(["a", "same words", "SAME words!", "b"], [None] * 4)
    codes = split(table, ["test", None, None, "train"])
    assert codes[[0, 3]].tolist() == [TEST, TRAIN]
    assert codes[1] == codes[2] != NONE


def sequences(*rows):
    users, contents, at, names = zip(*rows, strict=True)
    return pd.DataFrame({"user_id": users, "content_id": contents, "occurred_at": days(*at), "split": names})


EVENTS = sequences(
    ("u", "a", 0, "train"),
    ("u", "b", 1, "train"),
    ("u", "c", 2, "valid"),
    ("u", "d", 3, "test"),
    ("v", "a", 9, "train"),
)


@pytest.mark.parametrize(
    ("user", "content", "day", "code"),
    [
        ("u", "a", 0, TRAIN),
        ("u", "c", 2, VALID),
        ("u", "d", 3, TEST),
        ("u", "a", 5, TRAIN),
        ("u", "z", 2.5, VALID),
        ("u", "d", 1.5, TRAIN),
        ("u", None, 4, TEST),
        ("u", "a", -1, TRAIN),
        ("stranger", "a", 1, NONE),
        (None, "a", 1, NONE),
    ],
)
def test_an_utterance_takes_the_split_of_its_event(user, content, day, code):
    assert split_of_events(utterances(["x"], [day], [user], [content]), EVENTS).tolist() == [code]


def test_under_leave_one_out_no_text_about_a_held_out_event_is_train():
    table = utterances(["first", "second", "third", "fourth"], [0, 1, 2, 3], ["u"] * 4, list("abcd"))
    assert split(table, sequences=EVENTS, protocol="leave_one_out").tolist() == [TRAIN, TRAIN, VALID, TEST]


def labels(*rows):
    return pd.DataFrame(rows, columns=["utterance_id", "taxonomy", "labels"])


def test_fine_labels_are_mapped_where_the_asked_taxonomy_is_missing():
    table = labels(
        ("t0", "goemotions", ["joy", "love", "fear"]), ("t1", "ekman", ["anger"]), ("t1", "goemotions", ["disgust"])
    )
    found = labels_in(table, "ekman").set_index("utterance_id")["labels"]
    assert {key: sorted(value) for key, value in found.items()} == {"t0": ["fear", "joy"], "t1": ["anger"]}


def test_coarse_labels_never_become_fine_ones():
    assert labels_in(labels(("t0", "ekman", ["joy"])), "goemotions").empty


def test_an_unknown_taxonomy_is_refused():
    with pytest.raises(ValueError, match="plutchik"):
        labels_in(labels(), "plutchik")


def test_examples_are_the_labelled_utterances_in_order_with_their_split():
    table = utterances(["a", "b", "c"], [0, 1, 2])
    known = labels(("t2", "ekman", ["joy"]), ("t0", "ekman", ["fear"])).assign(valence=[0.5, -0.5])
    placed = pd.DataFrame({"utterance_id": ["t0", "t1", "t2"], "split": ["train", "train", None]})
    examples = emotion_examples(table, known, placed, "ekman")
    assert examples["utterance_id"].tolist() == ["t0", "t2"]
    assert examples["labels"].tolist() == [["fear"], ["joy"]]
    assert examples["split"].fillna("none").tolist() == ["train", "none"]
    np.testing.assert_array_equal(examples["valence"], [-0.5, 0.5])
    assert examples["arousal"].isna().all()
