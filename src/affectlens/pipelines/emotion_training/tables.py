"""Tables of this stage opened as arrays, and arrays closed as tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from affectlens.features.edits import edited_copies
from affectlens.features.experience import UTTERANCE, Experience, experience_of
from affectlens.features.splits import Boundaries, names_of
from affectlens.features.taxonomy import indicator_matrix, labels_of
from affectlens.models.emotion.state import positions_in_runs
from affectlens.training.emotion import LabelledTexts
from affectlens.training.emotion_state import Lessons, lessons_of


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


def parted(texts: LabelledTexts, share: float, seed: int) -> tuple[LabelledTexts, LabelledTexts]:
    """A share of the texts, drawn by `seed`, and the others."""
    order = np.random.default_rng([seed, len(texts.texts)]).permutation(len(texts.texts))
    drawn, rest = np.split(order, [round(share * len(order))])
    few, others = (
        replace(texts, texts=[texts.texts[row] for row in rows], labels=texts.labels[rows]) for rows in (drawn, rest)
    )
    return few, others


def with_edited_copies(texts: LabelledTexts, share: float, seed: int) -> LabelledTexts:
    """Texts, and edited copies of a share of them with the same labels."""
    rows, copies = edited_copies(texts.texts, share, seed)
    return replace(texts, texts=[*texts.texts, *copies], labels=np.concatenate([texts.labels, texts.labels[rows]]))


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


@dataclass(frozen=True)
class Timelines:
    """What users lived through, and what can be learned from it.

    Attributes:
        events: of all users.
        user_ids: (U,) what the numbers of users stand for.
        lessons: each event but the first of its user.
    """

    events: Experience
    user_ids: np.ndarray
    lessons: Lessons


def timelines(
    users: pd.DataFrame,
    utterances: pd.DataFrame,
    signals: pd.DataFrame,
    interactions: pd.DataFrame,
    content_emotions: pd.DataFrame,
    examples: pd.DataFrame,
    utterance_splits: pd.DataFrame,
    boundaries: Mapping[str, Any],
) -> Timelines:
    """Open the tables of everything that users said, saw and did."""
    taxonomy = taxonomy_of(examples)
    said = stacked(signals["probabilities"], len(labels_of(taxonomy)))
    events, user_ids = experience_of(users, utterances, said, interactions, content_emotions)
    place = pd.Index(examples["utterance_id"]).get_indexer(utterances["utterance_id"])
    is_labelled, expressed = place >= 0, said.astype(np.float32)
    expressed[is_labelled] = indicator_matrix(list(examples["labels"]), taxonomy)[place[is_labelled]]
    splits = utterance_splits.set_index("utterance_id")["split"].reindex(utterances["utterance_id"])
    times = pd.Series(pd.to_datetime(events.time, unit="s", utc=True))
    split = names_of(Boundaries.from_json(boundaries).split(times))
    arrays = (column.fillna("").to_numpy(dtype=object) for column in (splits, split))
    return Timelines(events, user_ids, lessons_of(events, expressed, is_labelled, *arrays))


def states_table(
    events: Experience, user_ids: np.ndarray, probabilities: np.ndarray, hidden: np.ndarray, every: int
) -> pd.DataFrame:
    """E_t at the beginning of each user, after each utterance, after every so many other events, and after the last.

    Args:
        events: (n) of all users.
        user_ids: (U,) what the numbers of users stand for.
        probabilities: (n, C) E_t after each event.
        hidden: (n, S) hidden state after each event.
        every: of the events that are no utterance, one in so many leaves a state.
    """
    step = positions_in_runs(events.users)
    is_last = np.append(events.users[1:] != events.users[:-1], True)[: len(events)]
    is_said = events.kind == UTTERANCE
    rows = np.flatnonzero(events.is_beginning | is_said | is_last | (step % every == 0))
    user_id = user_ids[events.users[rows]]
    return pd.DataFrame(
        {
            "state_id": [f"{user}/{number}" for user, number in zip(user_id, step[rows], strict=True)],
            "user_id": user_id,
            "occurred_at": pd.to_datetime(events.time[rows], unit="s", utc=True),
            "probabilities": _lists(probabilities[rows]),
            "hidden": _lists(hidden[rows]),
        }
    )


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
