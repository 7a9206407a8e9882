"""SMP2020-EWECT, the part about the epidemic: Weibo posts with one of six emotions (Harbin Institute of Technology)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from affectlens.sources.base import FileName, RemoteFile, Source, SourceParams, Tables
from affectlens.sources.files import NoRowsError, read_text, without_lone_surrogates

SPLITS = ("train", "valid", "test")
# The source spells neutral "neural". Disgust, the seventh of Ekman's classes, is not among its labels.
LABELS: Mapping[str, str] = {
    "happy": "joy",
    "angry": "anger",
    "sad": "sadness",
    "fear": "fear",
    "surprise": "surprise",
    "neural": "neutral",
}


class Smp2020VirusSource(SourceParams):
    """The files to read; a split without a file has no rows."""

    name: Literal["smp2020_virus"]
    train: FileName | None
    valid: FileName | None
    test: FileName | None


def read_smp2020_virus(params: Smp2020VirusSource, paths: Mapping[str, Path]) -> Tables:  # noqa: ARG001
    """Posts and their labels; a record that is not `{id, content, label}` carries a defect."""
    rows = [_posts(paths[split], split) for split in SPLITS if split in paths]
    posts = pd.concat(rows, ignore_index=True) if rows else _posts(None, "train")
    utterances = posts[["utterance_id", "text", "defect"]].assign(language="zh", form="short_text")
    labels = posts[["utterance_id", "labels", "split"]].assign(
        taxonomy="ekman", defect=posts["defect"].fillna(posts["label_defect"])
    )
    return {"utterances": utterances, "emotion_labels": labels}


def _posts(path: Path | None, split: str) -> pd.DataFrame:
    records = [] if path is None else _records(path)
    rows = [_row(record, split) for record in records]
    columns = ["utterance_id", "text", "labels", "defect", "label_defect"]
    return pd.DataFrame(rows, columns=columns, dtype=object).assign(split=split)


def _records(path: Path) -> list[Any]:
    """The list that the file holds.

    Raises:
        ValueError: the file is no JSON, or (NoRowsError) the list is empty.
        TypeError: it is no list.
    """
    try:
        records = json.loads(without_lone_surrogates(read_text(path)))
    except json.JSONDecodeError as error:
        raise ValueError(f"{path} is no JSON ({error}); fetch or copy it again") from error
    if not isinstance(records, list):
        raise TypeError(f"{path} holds a JSON {type(records).__name__}, expected a list of {{id, content, label}}")
    if not records:
        raise NoRowsError(path, "a list of {id, content, label}")
    return records


def _row(record: object, split: str) -> dict[str, object]:
    """One post. Ids are unique within a file only, so the split goes before them."""
    if not isinstance(record, dict) or not {"id", "content", "label"} <= set(record):
        return {"defect": "malformed record"}
    if record["id"] is None or record["content"] is None:
        return {"defect": "missing id" if record["id"] is None else "missing content"}
    label = LABELS.get(str(record["label"]))
    return {
        "utterance_id": f"{split}-{record['id']}",
        "text": str(record["content"]),
        "labels": None if label is None else [label],
        "label_defect": "unknown label" if label is None else None,
    }


SOURCE = Source(
    params=Smp2020VirusSource,
    read=read_smp2020_virus,
    homepage="https://smp2020ewect.github.io/",
    licence="released by the SMP2020 evaluation (Harbin Institute of Technology) for academic research",
    remote_files=(
        RemoteFile(
            path="smp2020_virus/virus_train.json.gz",
            sha256="1e41ef70ffc1e51103dfbf0a5f2d681a74d8907f5b49aa0c6698662ea84e381b",
            note="the evaluation gives its files to those who ask for them at https://smp2020ewect.github.io/",
        ),
    ),
)
