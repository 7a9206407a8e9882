import pandas as pd

from affectlens.features.documents import borrowed_texts, content_documents, split_contents
from affectlens.features.splits import TEST, TRAIN, VALID, Boundaries

START = pd.Timestamp("2024-01-01", tz="UTC")


def days(*numbers):
    at = [pd.NaT if number is None else START + pd.Timedelta(number, unit="D") for number in numbers]
    return pd.Series(pd.to_datetime(at, utc=True)).astype("datetime64[us, UTC]")


def contents(created, texts=None):
    n = len(created)
    return pd.DataFrame(
        {
            "content_id": list("abcdef")[:n],
            "created_at": days(*created),
            "form": "product",
            "text": pd.Series(texts or [None] * n, dtype="str"),
            "tags": [["topic", "other"]] + [[] for _ in range(n - 1)],
            "image_path": None,
            "clip_path": None,
        }
    )


SEQUENCES = pd.DataFrame({"content_id": ["b", "b", "c", "d"], "split": ["test", "valid", "train", "test"]})

NOBODY = pd.DataFrame({"utterance_id": [], "split": []}, dtype="str")


def test_contents_are_split_by_creation_then_by_first_event_then_train():
    boundaries = Boundaries(START + pd.Timedelta("2D"), START + pd.Timedelta("3D"))
    codes = split_contents(contents([3, None, None, 1, None]), SEQUENCES, NOBODY, boundaries)
    assert codes.tolist() == [TEST, VALID, TRAIN, TRAIN, TRAIN]


def test_without_a_timeline_the_first_event_decides_alone():
    assert split_contents(contents([3, 0, 0, 0]), SEQUENCES, NOBODY, Boundaries(None, None)).tolist() == [
        TRAIN,
        VALID,
        TRAIN,
        TEST,
    ]


def test_a_content_that_is_an_utterance_is_in_its_split_or_in_none():
    said = pd.DataFrame({"utterance_id": ["a", "c", "x"], "split": ["test", None, "valid"]})
    table = contents([0, 0, 0])
    codes = split_contents(table, SEQUENCES, said, Boundaries(None, None))
    assert codes.tolist() == [TEST, VALID, -1]
    assert content_documents(table, codes, pd.Series(dtype="str"))["content_id"].tolist() == ["a", "b"]


def test_only_the_first_train_utterances_speak_for_a_content():
    utterances = pd.DataFrame(
        {
            "utterance_id": list("12345"),
            "occurred_at": days(3, 1, 2, 0, 1),
            "content_id": ["a", "a", "a", "a", None],
            "text": ["third", "first", "second", "of test", "of nothing"],
        }
    )
    placed = pd.DataFrame({"utterance_id": list("12345"), "split": ["train", "train", "train", "test", "train"]})
    assert borrowed_texts(utterances, placed, 2).to_dict() == {"a": "first\nsecond"}
    assert borrowed_texts(utterances, placed, 0).empty


def test_a_content_keeps_its_own_text_and_takes_its_first_tag_as_topic():
    table = contents([0, 0, 0], ["own", None, None])
    documents = content_documents(table, pd.Series([0, 1, 2]).to_numpy(), pd.Series({"a": "lent", "b": "lent"}))
    assert documents["text"].fillna("-").tolist() == ["own", "lent", "-"]
    assert documents["topic"].fillna("-").tolist() == ["topic", "-", "-"]
    assert documents["split"].tolist() == ["train", "valid", "test"]
