"""GoEmotions: Reddit comments with one or more of 27 emotions or neutral (Demszky et al. 2020, ACL)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import pandas as pd

from affectlens.sources.base import FileName, RemoteFile, Source, SourceParams, Tables
from affectlens.sources.files import read_lines

N_FIELDS = 3
SPLITS = ("train", "valid", "test")


class GoEmotionsSource(SourceParams):
    """The files to read; a split without a file has no rows."""

    name: Literal["goemotions"]
    labels: FileName
    train: FileName | None
    valid: FileName | None
    test: FileName | None


def read_goemotions(params: GoEmotionsSource, paths: Mapping[str, Path]) -> Tables:  # noqa: ARG001
    """Utterances and their labels; a line that is not `text, label indices, comment id` carries a defect.

    A comment is something that others read, too: each is a content of its own, under the same id.
    """
    names = read_lines(paths["labels"]).tolist()
    rows = [_comments(read_lines(paths[split]), names).assign(split=split) for split in SPLITS if split in paths]
    comments = pd.concat(rows, ignore_index=True) if rows else _comments(pd.Series([], dtype="str"), names)
    utterances = comments[["utterance_id", "text", "defect"]].assign(language="en", form="short_text")
    labels = comments.reindex(columns=["utterance_id", "labels", "split"]).assign(
        taxonomy="goemotions", defect=comments["defect"].fillna(comments["label_defect"])
    )
    contents = utterances.rename(columns={"utterance_id": "content_id"})
    return {"contents": contents, "utterances": utterances, "emotion_labels": labels}


def _comments(lines: pd.Series, names: list[str]) -> pd.DataFrame:
    fields = lines.str.split("\t")
    is_whole = fields.map(len) == N_FIELDS
    indices = fields.str[1].where(is_whole)
    labels = indices.map({combination: _labels(combination, names) for combination in indices.dropna().unique()})
    is_unknown = is_whole & labels.isna()
    return pd.DataFrame(
        {
            "utterance_id": fields.str[2].where(is_whole),
            "text": fields.str[0].where(is_whole),
            "labels": labels,
            "defect": is_whole.map({False: "malformed line"}),
            "label_defect": is_unknown.map({True: "unknown label index"}),
        }
    )


def _labels(combination: str, names: list[str]) -> list[str] | None:
    """Names of comma-separated label indices; None if one is not an index of a label."""
    known = {str(index): name for index, name in enumerate(names)}
    parts = [part.strip() for part in combination.split(",")]
    return list(dict.fromkeys(known[part] for part in parts)) if set(parts) <= set(known) else None


_OFFICIAL = "https://raw.githubusercontent.com/google-research/google-research"
_DATA = f"{_OFFICIAL}/2adf640a14f11025ae5a9d0ec493b78530d276d3/goemotions/data"

SOURCE = Source(
    params=GoEmotionsSource,
    read=read_goemotions,
    homepage="https://github.com/google-research/google-research/tree/master/goemotions",
    licence="Apache-2.0 (Google Research); cite Demszky et al. 2020, ACL",
    remote_files=(
        RemoteFile(
            path="goemotions/train.tsv",
            sha256="1c254a142be5c00e80d819b9ae1bbd36d94b2eeb8f4b1271846508d57e57d9c5",
            url=f"{_DATA}/train.tsv",
        ),
        RemoteFile(
            path="goemotions/dev.tsv",
            sha256="575489c079c9de1097062a01738f998590d6b7ead66dd1c9fd1d2ba01fd8bc62",
            url=f"{_DATA}/dev.tsv",
        ),
        RemoteFile(
            path="goemotions/labels.txt",
            sha256="45c3ef86782d2a4d7fedcd6d8c111aa0d0e94720689bd164fac94fefb4495a89",
            url=f"{_OFFICIAL}/018cbe7892d848bc871d482fd2868089037e375f/goemotions/data/emotions.txt",
        ),
    ),
)
