"""Tables of this stage opened as arrays, and arrays closed as tables."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from affectlens.features.taxonomy import indicator_matrix, labels_of
from affectlens.models.checkpoint import Checkpoint
from affectlens.training.emotion import LabelledTexts
from affectlens.training.emotion_state import UserTimelines


def taxonomy_of(examples: pd.DataFrame) -> str:
    """The one taxonomy of all examples.

    Raises:
        ValueError: there are no examples, or they are of several taxonomies.
    """
    found = examples["taxonomy"].unique()
    if len(found) != 1:
        raise ValueError(
            f"`emotion_examples` hold taxonomies {sorted(found)}, expected exactly one with labelled texts; "
            "set feature_engineering.taxonomy to one that the source has"
        )
    return str(found[0])


def labelled_texts(examples: pd.DataFrame, split: str) -> LabelledTexts:
    """The labelled texts of one split."""
    taxonomy = taxonomy_of(examples)
    rows = examples[examples["split"] == split]
    labels = indicator_matrix(list(rows["labels"]), taxonomy)
    return LabelledTexts(rows["text"].tolist(), labels, labels_of(taxonomy), taxonomy)


def fitting_texts(examples: pd.DataFrame) -> tuple[LabelledTexts, LabelledTexts]:
    """The train and valid texts.

    Raises:
        ValueError: one of the two splits has fewer than two texts.
    """
    train, valid = labelled_texts(examples, "train"), labelled_texts(examples, "valid")
    if min(len(train.texts), len(valid.texts)) < 2:
        raise ValueError(
            f"{len(train.texts)} train and {len(valid.texts)} valid texts are labelled, expected 2 of each at least; "
            "check the splits of feature_engineering"
        )
    return train, valid


def stacked(column: pd.Series, width: int) -> np.ndarray:
    """A column of n lists as a matrix (n, width)."""
    return np.stack(list(column)) if len(column) else np.empty((0, width))


def signals_table(utterances: pd.DataFrame, probabilities: np.ndarray, hidden: np.ndarray) -> pd.DataFrame:
    """One row an utterance with what the model read off it."""
    table = utterances[["utterance_id", "user_id", "occurred_at"]].reset_index(drop=True)
    return table.assign(probabilities=_lists(probabilities), hidden=_lists(hidden))


def content_table(contents: pd.DataFrame, has_text: np.ndarray, read: np.ndarray, prior: np.ndarray) -> pd.DataFrame:
    """One row a content: what its text says (`read`, one row for each content with text), or the prior."""
    probabilities = np.tile(np.asarray(prior, dtype=np.float32), (len(contents), 1))
    probabilities[has_text] = read
    return pd.DataFrame(
        {
            "content_id": contents["content_id"].to_numpy(),
            "probabilities": _lists(probabilities),
            "has_text": has_text,
        }
    )


def sorted_by_user(signals: pd.DataFrame, users: pd.Series) -> tuple[pd.DataFrame, np.ndarray]:
    """Utterances that have a user, user after user and each by time; and the number of the user of each row.

    Args:
        signals: utterances with `user_id` and `occurred_at`.
        users: (n_users,) ids in the order that numbers them; ids that are not among them follow by appearance.
    """
    owned = signals[signals["user_id"].notna()]
    numbers = pd.Index(pd.concat([users, owned["user_id"]]).unique())
    code = numbers.get_indexer(owned["user_id"])
    instants = owned["occurred_at"].to_numpy(dtype="datetime64[us]").astype(np.int64)  # no time comes first
    order = np.lexsort((instants, code))
    return owned.iloc[order].reset_index(drop=True), code[order]


def timelines(signals: pd.DataFrame, examples: pd.DataFrame, checkpoint: Checkpoint) -> UserTimelines:
    """The utterances of every user in order, with labels where there are any."""
    rows, code = sorted_by_user(signals, pd.Series(dtype=object))
    n_labels = len(checkpoint.params["labels"])
    place = pd.Index(examples["utterance_id"]).get_indexer(rows["utterance_id"])
    labels = indicator_matrix(list(examples["labels"]), checkpoint.params["taxonomy"])
    truth = np.full((len(rows), n_labels), np.nan)
    truth[place >= 0] = labels[place[place >= 0]]
    split = np.append(examples["split"].fillna("").to_numpy(dtype=object), "")[place]
    return UserTimelines(code, rows["occurred_at"], stacked(rows["probabilities"], n_labels), truth, split)


def states_table(
    signals: pd.DataFrame, code: np.ndarray, states: np.ndarray, users: pd.DataFrame, first: np.ndarray, n_labels: int
) -> pd.DataFrame:
    """One row a user before anything was said (the prior), and one after each utterance.

    Args:
        signals: (n) utterances, user after user and each by time.
        code: (n,) number of the user of each.
        states: (n, C + d_e) state after each.
        users: table with `user_id` and perhaps `joined_at`; its order numbers the users.
        first: (C + d_e,) state before anything was said.
        n_labels: C.
    """
    begin = _beginnings(signals, users)
    ids, step = begin["user_id"].to_numpy(dtype=object), np.zeros(len(begin), dtype=np.int64)
    after = signals.groupby("user_id", sort=False).cumcount().to_numpy() + 1
    every_step = np.concatenate([step, after])
    order = np.lexsort((every_step, np.concatenate([np.arange(len(begin)), code])))
    values = np.concatenate([np.tile(first, (len(begin), 1)), states]).astype(np.float32)[order]
    table = pd.DataFrame(
        {
            "user_id": np.concatenate([ids, signals["user_id"].to_numpy(dtype=object)]),
            "occurred_at": pd.concat([begin["occurred_at"], signals["occurred_at"]], ignore_index=True),
        }
    ).iloc[order]
    table.insert(
        0, "state_id", table["user_id"].astype(str) + "/" + pd.Series(every_step[order], table.index).astype(str)
    )
    return table.reset_index(drop=True).assign(
        probabilities=_lists(values[:, :n_labels]), hidden=_lists(values[:, n_labels:])
    )


def _beginnings(signals: pd.DataFrame, users: pd.DataFrame) -> pd.DataFrame:
    """Each user with the instant at which his timeline begins: he joined, or a second before his first words."""
    ids = pd.concat([users["user_id"], signals["user_id"]]).drop_duplicates().to_numpy(dtype=object)
    first_words = signals.groupby("user_id", sort=False)["occurred_at"].min().reindex(ids) - pd.Timedelta(seconds=1)
    times = [first_words.reset_index(drop=True)]
    if "joined_at" in users:
        joined = users.drop_duplicates("user_id").set_index("user_id")["joined_at"].reindex(ids)
        times.append(joined.reset_index(drop=True))
    earliest = pd.concat([pd.to_datetime(column, utc=True) for column in times], axis=1).min(axis=1)
    return pd.DataFrame({"user_id": ids, "occurred_at": earliest})


def _lists(matrix: np.ndarray) -> pd.Series:
    return pd.Series(list(np.asarray(matrix, dtype=np.float32)), dtype=object)


def examples_table(
    texts: pd.DataFrame,
    truth: np.ndarray,
    decisions: np.ndarray,
    probabilities: np.ndarray,
    labels: Sequence[str],
    n_each: int,
) -> pd.DataFrame:
    """The texts of whose strongest emotion the model was surest: `n_each` read right (all labels), as many wrong."""
    names = np.asarray(labels, dtype=object)
    frame = texts[["utterance_id", "text", "labels", "split"]].reset_index(drop=True)
    frame["probability"] = probabilities.max(axis=1)
    frame["is_right"] = (decisions == (truth > 0)).all(axis=1)
    ranked = frame.sort_values("probability", ascending=False, kind="stable")
    chosen = ranked.groupby("is_right", sort=False).head(n_each)
    predicted = [list(names[decisions[row]]) for row in chosen.index]
    columns = ["utterance_id", "text", "labels", "predicted", "probability", "is_right", "split"]
    return chosen.assign(predicted=pd.Series(predicted, chosen.index, dtype=object))[columns].reset_index(drop=True)
