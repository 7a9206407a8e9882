"""Emoji as pictures, with how often tweets that hold them were negative, neutral or positive (Kralj Novak 2015)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import pandas as pd
from pydantic import Field

from affectlens.sources.base import FileName, RemoteFile, Source, SourceParams, Tables
from affectlens.sources.files import read_csv
from affectlens.sources.pictures import png, read_arrays, split_of

COUNTS = ("negative", "neutral", "positive")
FIELDS = ("codepoint", "name", *COUNTS, "sentiment_score")
HELD_BACK = ("test_table", "test_pictures")


class EmojiAffectSource(SourceParams):
    """The table and the pictures, in the same order; and perhaps those of the held-back emoji."""

    name: Literal["emoji_affect"]
    table: FileName
    pictures: FileName
    test_table: FileName | None
    test_pictures: FileName | None
    valid_share: float = Field(gt=0.0, lt=1.0, description="share of the emoji that become valid, by their code point")

    def files(self) -> dict[str, str]:
        """The file fields that are set."""
        return {name: value for name, value in super().files().items() if name != "valid_share"}


def read_emoji_affect(params: EmojiAffectSource, paths: Mapping[str, Path]) -> Tables:
    """One utterance an emoji: its picture, its Unicode name as text, its most frequent sentiment, its mean valence.

    Raises:
        ValueError: table and pictures differ in length, or only one of the two is held back.
    """
    stated = [field for field in HELD_BACK if field in paths]
    if len(stated) == 1:
        raise ValueError(
            f"source.{stated[0]} is stated alone; expected both of {[f'source.{field}' for field in HELD_BACK]}: "
            "state the other one, too, or leave both out (null)"
        )
    parts = [_emoji(paths["table"], paths["pictures"], params, None)]
    if stated:
        parts.append(_emoji(paths["test_table"], paths["test_pictures"], params, "test"))
    rows = pd.concat(parts, ignore_index=True)
    path = rows["codepoint"] + ".png"
    counts = rows[list(COUNTS)].apply(pd.to_numeric, errors="coerce")
    return {
        "utterances": pd.DataFrame(
            {"utterance_id": rows["codepoint"], "text": rows["name"].str.lower(), "language": "en"}
        ).assign(form="image", image_path=path, defect=rows["defect"]),
        "emotion_labels": pd.DataFrame({"utterance_id": rows["codepoint"], "split": rows["split"]}).assign(
            taxonomy="sentiment",
            labels=counts.fillna(0).idxmax(axis=1).map(lambda name: [name]),
            n_annotators=counts.sum(axis=1).clip(lower=1),
            valence=pd.to_numeric(rows["sentiment_score"], errors="coerce"),
            defect=rows["defect"].mask(rows["defect"].isna() & counts.isna().any(axis=1), "unreadable counts"),
        ),
        "media": pd.DataFrame({"media_path": path, "data": rows["picture"], "defect": rows["defect"]}),
    }


def _emoji(table: Path, pictures: Path, params: EmojiAffectSource, split: str | None) -> pd.DataFrame:
    rows = read_csv(table, FIELDS)
    pixels = read_arrays(pictures, ("images",))["images"]
    if len(rows) != len(pixels):
        raise ValueError(
            f"{table} has {len(rows)} rows, {pictures} {len(pixels)} pictures; pass two that belong together"
        )
    defect = rows["defect"].mask(rows["defect"].isna() & rows["codepoint"].isna(), "missing codepoint")
    splits = [split or split_of(str(code).encode(), params.valid_share) for code in rows["codepoint"]]
    return rows.assign(picture=[png(one) for one in pixels], split=splits, defect=defect)


SOURCE = Source(
    params=EmojiAffectSource,
    read=read_emoji_affect,
    homepage="https://kt.ijs.si/data/Emoji_sentiment_ranking/",
    licence="drawings CC BY 4.0 (Twemoji), counts CC BY-SA 4.0; cite Kralj Novak et al. 2015, PLoS ONE",
    remote_files=(
        RemoteFile(
            path="emoji_affect/emoji_train.csv",
            sha256="4b3371a980986305c8ee80d7f2029adb8096c98f88e918e3e9fe0b2c99d4cb94",
            note="no address serves this joined table; see the docs of the environment for how it was made",
        ),
        RemoteFile(
            path="emoji_affect/emoji_train.npz",
            sha256="786d5c2334a990ce2eb7244b74d4a1354304bc72e994d5136bd58d7d8ff5089d",
            note="no address serves these pictures in this form; see the docs of the environment",
        ),
    ),
)
