"""CARER: tweets with one of six emotions, labelled by their hashtags (Saravia et al. 2018, EMNLP)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import pandas as pd

from affectlens.sources.base import FileName, RemoteFile, Source, SourceParams, Tables, no_file
from affectlens.sources.files import NoRowsError, read_lines

SPLITS = ("train", "valid", "test")
EKMAN_OF_CLASS = {  # as GoEmotions maps the same words (Demszky et al. 2020, appendix)
    "anger": "anger",
    "fear": "fear",
    "joy": "joy",
    "love": "joy",
    "sadness": "sadness",
    "surprise": "surprise",
}
_N_FIELDS = 2


class DairEmotionSource(SourceParams):
    """The files to read; a split without a file has no rows."""

    name: Literal["dair_emotion"]
    train: FileName | None
    valid: FileName | None
    test: FileName | None


def read_dair_emotion(params: DairEmotionSource, paths: Mapping[str, Path]) -> Tables:  # noqa: ARG001
    """Texts and labels; a line that is not `text;label` carries a defect.

    Raises:
        ValueError: no file is stated.
    """
    parts = [_tweets(paths[split], split) for split in SPLITS if split in paths]
    if not parts:
        raise ValueError(no_file("dair_emotion", SPLITS))
    rows = pd.concat(parts, ignore_index=True)
    labels = rows["label"].map(EKMAN_OF_CLASS)
    unknown = (rows["defect"].isna() & labels.isna()).map({True: "unknown label"})
    return {
        "utterances": rows[["utterance_id", "text", "defect"]].assign(language="en", form="short_text"),
        "emotion_labels": rows[["utterance_id", "split"]].assign(
            taxonomy="ekman", labels=labels.map(lambda name: [name]), defect=rows["defect"].fillna(unknown)
        ),
    }


def _tweets(path: Path, split: str) -> pd.DataFrame:
    lines = read_lines(path)
    lines = lines.iloc[1:] if lines.iloc[0] == "text;label_name" else lines
    if lines.empty:
        raise NoRowsError(path, "one `text;label` a line under its header")
    fields = lines.str.rsplit(";", n=1)
    is_whole = fields.map(len) == _N_FIELDS
    rows = {"text": fields.str[0].where(is_whole), "label": fields.str[1].where(is_whole)}
    numbers = [f"{split}-{row}" for row in range(len(lines))]
    return (
        pd.DataFrame(rows)
        .assign(utterance_id=numbers, split=split, defect=is_whole.map({False: "malformed line"}))
        .reset_index(drop=True)
    )


SOURCE = Source(
    params=DairEmotionSource,
    read=read_dair_emotion,
    homepage="https://github.com/dair-ai/emotion_dataset",
    licence="for educational and research purposes only; cite Saravia et al. 2018, EMNLP",
    remote_files=(
        RemoteFile(
            path="dair_emotion/train.txt",
            sha256="29d6a6986e391f1882d17089d53bedff82443e1e6bb6ab2427c0aafd5e261910",
            note="no official address serves this file",
        ),
        RemoteFile(
            path="dair_emotion/val.txt",
            sha256="54ca705d677f12b1273bf012ec47d2fdfcf974995d7ab71c4af0965f092e69d3",
            note="no official address serves this file",
        ),
    ),
)
