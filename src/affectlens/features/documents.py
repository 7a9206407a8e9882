"""What is known of each content before anyone reacts to it: split, topic, words, tags and media."""

from __future__ import annotations

import numpy as np
import pandas as pd

from affectlens.features import splits
from affectlens.features.splits import NONE, Boundaries
from affectlens.schemas import SPLITS

_COLUMNS = ("content_id", "created_at", "form", "topic", "split", "text", "tags", "image_path", "clip_path")


def split_contents(
    contents: pd.DataFrame, sequences: pd.DataFrame, utterance_splits: pd.DataFrame, boundaries: Boundaries
) -> np.ndarray:
    """Split code of each content: by its creation; where that says nothing, by its earliest event; else train.

    A content that is itself an utterance (it has its id) is in the utterance's split, or in none where that is in none.
    """
    created = boundaries.split(contents["created_at"])
    event_codes = pd.Series(splits.codes_of(sequences["split"]))
    earliest = event_codes.groupby(sequences["content_id"].to_numpy(), sort=False).min()
    first_seen = contents["content_id"].map(earliest).fillna(splits.TRAIN).to_numpy(dtype=np.int64)
    by_time = np.where(created == NONE, first_seen, created)
    place = pd.Index(utterance_splits["utterance_id"]).get_indexer(contents["content_id"])
    said = np.append(splits.codes_of(utterance_splits["split"]), NONE)[place]
    return np.where(place < 0, by_time, said)


def borrowed_texts(utterances: pd.DataFrame, utterance_splits: pd.DataFrame, most: int) -> pd.Series:
    """The first train utterances about each content, at most `most`, joined: content_id -> text."""
    used = utterances.merge(utterance_splits, on="utterance_id")
    about = used[(used["split"] == SPLITS[splits.TRAIN]) & used["content_id"].notna()]
    first = about.sort_values("occurred_at", kind="stable").groupby("content_id", sort=False).head(most)
    return first.groupby("content_id", sort=False)["text"].agg("\n".join)


def content_documents(contents: pd.DataFrame, codes: np.ndarray, borrowed: pd.Series) -> pd.DataFrame:
    """Contents that are in a split, their first tag as topic, and a borrowed text where they have none of their own.

    What else a source measured of a content (`attribute_*`) stays as it is.
    """
    text = contents["text"].where(contents["text"].notna(), contents["content_id"].map(borrowed))
    topic = contents["tags"].map(lambda tags: tags[0] if len(tags) else None)
    documents = contents.assign(topic=topic, text=text, split=splits.names_of(codes).to_numpy())
    attributes = [str(name) for name in documents if str(name).startswith("attribute_")]
    is_split: np.ndarray = codes != NONE
    return documents[[*_COLUMNS, *attributes]][is_split].reset_index(drop=True)
