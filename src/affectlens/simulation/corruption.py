"""Rows as real exports have them now and then: damaged copies that ingestion has to find and refuse."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

Damage = Callable[[pd.DataFrame], pd.DataFrame]
LONG_AGO = pd.Timestamp("1905-01-01", tz="UTC").as_unit("us")
FAR_AHEAD = pd.Timestamp("2199-01-01", tz="UTC").as_unit("us")
N_OVERLONG = 60_000


def with_value(column: str, value: Any) -> Damage:
    """A damage that puts one value into a column."""

    def damage(rows: pd.DataFrame) -> pd.DataFrame:
        return rows.assign(**{column: pd.Series([value] * len(rows), index=rows.index, dtype=_dtype_for(rows[column]))})

    return damage


def unchanged(rows: pd.DataFrame) -> pd.DataFrame:
    """The damage of a row that comes twice."""
    return rows


def broken_encoding(rows: pd.DataFrame) -> pd.DataFrame:
    """Texts whose middle was read in the wrong encoding, beyond repair."""
    return rows.assign(text=rows["text"].str.slice(0, 8) + "\ufffd\ufffd" + rows["text"].str.slice(9))


# What can happen to the rows of each table. A damaged row gets an id of its own; an `unchanged` one is a duplicate.
DAMAGES: Mapping[str, tuple[Damage, ...]] = {
    "users": (with_value("user_id", None), with_value("joined_at", FAR_AHEAD), unchanged),
    "contents": (
        with_value("content_id", None),
        with_value("form", "hologram"),
        with_value("created_at", FAR_AHEAD),
        broken_encoding,
        unchanged,
    ),
    "interactions": (
        with_value("user_id", None),
        with_value("content_id", None),
        with_value("occurred_at", FAR_AHEAD),
        with_value("occurred_at", LONG_AGO),
        with_value("occurred_at", pd.NaT),
        with_value("propensity", 0.0),
        with_value("propensity", 1.7),
        with_value("kind", "teleport"),
        with_value("dwell_s", -4.0),
        unchanged,
    ),
    "utterances": (
        with_value("utterance_id", None),
        with_value("text", None),
        with_value("text", ""),
        with_value("text", "a" * N_OVERLONG),
        with_value("form", "telegram"),
        with_value("occurred_at", FAR_AHEAD),
        broken_encoding,
        unchanged,
    ),
    "emotion_labels": (
        with_value("utterance_id", None),
        with_value("taxonomy", "humours"),
        with_value("labels", ["schadenfreude"]),
        unchanged,
    ),
    "annotations": (with_value("annotator_id", None), with_value("labels", ["schadenfreude"]), unchanged),
    "reaction_counts": (with_value("content_id", None), with_value("count", -3), with_value("reaction", "yawns")),
    "media": (with_value("media_path", None), with_value("data", b"not a picture"), with_value("data", b""), unchanged),
}


def with_bad_rows(
    table: pd.DataFrame, name: str, id_column: str | None, share: float, rng: np.random.Generator
) -> pd.DataFrame:
    """A table with damaged copies of some of its rows behind their originals, which all stay as they are.

    Args:
        table: good rows.
        name: key of DAMAGES.
        id_column: column that gets a new value in damaged copies (not in duplicates); None where ids repeat anyway.
        share: damaged rows as a share of the good ones; at least one of each kind where it is positive.
        rng: draws the rows.
    """
    damages = DAMAGES[name]
    n_bad = max(round(share * len(table)), len(damages)) if share > 0.0 and len(table) else 0
    rows = np.sort(rng.integers(len(table), size=n_bad)) if n_bad else np.zeros(0, dtype=np.int64)
    kind = np.arange(n_bad) % len(damages)
    parts = [_damaged(table.iloc[rows[kind == number]], damage, id_column) for number, damage in enumerate(damages)]
    origin = np.concatenate([np.arange(len(table)), *[rows[kind == number] + 0.5 for number in range(len(damages))]])
    order = np.argsort(origin, kind="stable")
    return (
        pd.concat([table, *[part for part in parts if len(part)]], ignore_index=True).iloc[order].reset_index(drop=True)
    )


def _damaged(rows: pd.DataFrame, damage: Damage, id_column: str | None) -> pd.DataFrame:
    if id_column is not None and damage is not unchanged:
        rows = rows.assign(**{id_column: rows[id_column] + "x"})
    return damage(rows)


def _dtype_for(column: pd.Series) -> Any:
    return column.dtype
