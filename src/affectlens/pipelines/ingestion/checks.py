"""Checks of raw rows: each names its reason and marks the rows that it refuses. Vectorised, pandas only."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Literal

import pandas as pd
from PIL import Image, ImageSequence

# Replacement character, NUL and the C1 controls: what wrong decoding leaves behind (not NEL, a legitimate line end).
BROKEN_ENCODING = "[\ufffd\x00\x80-\x84\x86-\x9f]"
IMAGE_FORMATS = ("PNG", "GIF", "JPEG")
# What Pillow raises on damaged files, found by damaging some ten thousand.
IMAGE_ERRORS = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    LookupError,
    ArithmeticError,
    TypeError,
    struct.error,
    Image.DecompressionBombError,
)

Inclusive = Literal["both", "right"]


@dataclass(frozen=True)
class Check:
    """A reason and the function that marks, in a typed table, the rows to refuse for it."""

    reason: str
    refuses: Callable[[pd.DataFrame], pd.Series]


@dataclass(frozen=True)
class Unique:
    """Columns that together may occur once; later rows are refused. Rows with a null in `needs` are not compared."""

    columns: Sequence[str]
    reason: str
    needs: Sequence[str] = ()


def generated(column: str, prefix: str) -> Check:
    """Ids that mark generated rows, which are no observations."""
    return Check(f"generated {column}", lambda frame: frame[column].str.startswith(prefix).fillna(value=False))


def reasons(frame: pd.DataFrame, checks: Sequence[Check], uniques: Sequence[Unique]) -> pd.Series:
    """Why each row is refused: the first check that refuses it; null where it is accepted.

    Duplicates are looked for among the rows that pass every other check, so a broken row never displaces a good one.

    >>> frame = pd.DataFrame({"id": ["a", "a", "b"], "kind": ["?", "view", "view"]})
    >>> reasons(frame, [unknown("kind", ["view"])], [Unique(["id"], "duplicate id")]).dropna().to_dict()
    {0: 'unknown kind'}
    """
    reason = pd.Series(None, index=frame.index, dtype=object)
    for check in checks:
        refused = check.refuses(frame).fillna(value=False).astype(bool)
        reason = reason.where(reason.notna() | ~refused, check.reason)
    for unique in uniques:
        compared = frame[reason.isna()].dropna(subset=list(unique.needs))
        duplicates = compared.index[compared.duplicated(list(unique.columns))]
        reason[duplicates] = unique.reason
    return reason


def missing(column: str) -> Check:
    """Null, where a value is required."""
    return Check(f"missing {column}", lambda frame: frame[column].isna())


def unknown(column: str, allowed: Collection[str]) -> Check:
    """A value that is not one of a closed set."""
    return Check(f"unknown {column}", lambda frame: frame[column].notna() & ~frame[column].isin(list(allowed)))


def outside(column: str, low: float, high: float, *, text: str, inclusive: Inclusive = "both") -> Check:
    """A number outside its range."""
    return Check(
        f"{column} outside {text}",
        lambda frame: frame[column].notna() & ~frame[column].between(low, high, inclusive=inclusive),
    )


def impossible_time(column: str, earliest: object, latest: object) -> Check:
    """A time outside the period in which the data can lie."""
    low, high = pd.Timestamp(earliest), pd.Timestamp(latest)  # type: ignore[arg-type]
    return Check(f"impossible {column}", lambda frame: frame[column].notna() & ~frame[column].between(low, high))


def before_creation(created_at: pd.Series, tolerance_s: float) -> Check:
    """An event on a content that did not exist yet; `created_at` is indexed by content id."""
    slack = pd.Timedelta(seconds=tolerance_s)
    return Check(
        "occurred_at before its content's created_at",
        lambda frame: frame["occurred_at"] + slack < created_at.reindex(frame["content_id"]).set_axis(frame.index),
    )


def too_long(column: str, limit: int) -> Check:
    """A text over the limit."""
    return Check(f"{column} longer than {limit} characters", lambda frame: frame[column].str.len() > limit)


def broken_encoding(columns: Sequence[str]) -> Check:
    """Characters that only wrong decoding leaves behind."""
    return Check(
        "broken encoding",
        lambda frame: (
            pd.concat([frame[name].str.contains(BROKEN_ENCODING) for name in columns], axis=1).eq(True).any(axis=1)
        ),
    )


def images_that_do_not_decode(max_pixels: int) -> Check:
    """Bytes that are no PNG, GIF or JPEG, that are damaged in any frame, or that have too many pixels."""
    return Check(
        "image does not decode", lambda frame: ~frame["data"].map(lambda data: _decodes(data, max_pixels)).astype(bool)
    )


def _decodes(data: bytes, max_pixels: int) -> bool:
    try:
        with Image.open(io.BytesIO(data), formats=IMAGE_FORMATS) as image:
            if image.width * image.height > max_pixels:
                return False
            for frame in ImageSequence.Iterator(image):
                frame.load()
    except IMAGE_ERRORS:
        return False
    return True
