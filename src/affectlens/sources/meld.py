"""MELD: utterances of a television series with speaker and one of seven emotions (Poria et al. 2019, ACL)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import pandas as pd

from affectlens.sources.base import FileName, RemoteFile, Source, SourceParams, Tables, no_file
from affectlens.sources.files import read_csv

FIELDS = ("Utterance", "Speaker", "Emotion", "Dialogue_ID", "Utterance_ID")
SPLITS = ("train", "valid", "test")
_QUOTES = str.maketrans({"\x91": "'", "\x92": "'", "\x93": '"', "\x94": '"', "\x85": "...", "\x96": "-", "\x97": "-"})


class MeldSource(SourceParams):
    """The files to read; a split without a file has no rows."""

    name: Literal["meld"]
    train: FileName | None
    valid: FileName | None
    test: FileName | None


def read_meld(params: MeldSource, paths: Mapping[str, Path]) -> Tables:  # noqa: ARG001
    """Speakers, what they said, and the emotion that raters heard; its seven classes are those of Ekman.

    Raises:
        ValueError: no file is stated.
    """
    parts = [read_csv(paths[split], FIELDS).assign(split=split) for split in SPLITS if split in paths]
    if not parts:
        raise ValueError(no_file("meld", SPLITS))
    rows = pd.concat(parts, ignore_index=True)
    utterance_id = rows["split"] + "-" + rows["Dialogue_ID"] + "-" + rows["Utterance_ID"]
    emotion = rows["Emotion"].replace({"happy": "joy"})
    return {
        "users": pd.DataFrame({"user_id": rows["Speaker"].dropna().unique()}),
        "utterances": pd.DataFrame(
            {
                "utterance_id": utterance_id,
                "user_id": rows["Speaker"],
                "text": rows["Utterance"].str.translate(_QUOTES),
                "defect": rows["defect"],
            }
        ).assign(language="en", form="short_text"),
        "emotion_labels": pd.DataFrame({"utterance_id": utterance_id, "split": rows["split"]}).assign(
            taxonomy="ekman",
            labels=emotion.map(lambda name: [name]),
            defect=rows["defect"].mask(rows["defect"].isna() & emotion.isna(), "missing Emotion"),
        ),
    }


SOURCE = Source(
    params=MeldSource,
    read=read_meld,
    homepage="https://affective-meld.github.io/",
    licence="GPL-3.0 (the repository), dialogue for research use; cite Poria et al. 2019, ACL",
    remote_files=(
        RemoteFile(
            path="meld/train_sent_emo.csv",
            sha256="d2fa2d6529cf03cac2989efec05c9b27d8fd2f4c8fc5974c7ae88aa537fa02db",
            note="it is data/MELD/train_sent_emo.csv of github.com/declare-lab/MELD at commit 2d2011b",
        ),
        RemoteFile(
            path="meld/dev_sent_emo.csv",
            sha256="2e89c6f8aa182d6f62f8c6331aece905ac7273ca4999660bfb5213e1d0370c1c",
            note="it is data/MELD/dev_sent_emo.csv of github.com/declare-lab/MELD at commit 2d2011b",
        ),
    ),
)
