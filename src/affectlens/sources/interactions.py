"""A user's own interactions: one table with user, item and time, and perhaps a second one about the items."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from pydantic import Field

from affectlens.sources.base import FileName, Source, SourceParams, Tables
from affectlens.sources.columns import find_column
from affectlens.sources.delimited import Rows, read_rows
from affectlens.sources.files import NoRowsError

# An epoch time is told from the size of its number: seconds up to the year 5138, then milli-, micro-, nanoseconds.
EPOCH_UNITS = ((1.0, 1e11), (1e-3, 1e14), (1e-6, 1e17), (1e-9, np.inf))  # in seconds, and what is too large for it
NO_TAGS = "(no genres listed)"


class TableSource(SourceParams):
    """A table of interactions, what its columns are, and perhaps a table of items."""

    interactions: FileName = Field(description="CSV, TSV, Parquet, RecBole's .inter, MovieLens; plain or gzip")
    items: FileName | None = Field(description="the same formats: item, title, tags")
    user: str | None = Field(description="column of the users; null: told by its name")
    item: str | None = Field(description="column of the items; null: told by its name")
    time: str | None = Field(description="column of the times: ISO 8601 or epoch; null: told by its name")
    value: str | None = Field(description="column of the ratings; null: told by its name, or none")
    form: Literal["long_text", "short_text", "image", "short_video", "link", "product", "music", "film"]

    def files(self) -> dict[str, str]:
        """The two tables; the other fields name columns."""
        return {"interactions": self.interactions} | ({} if self.items is None else {"items": self.items})


class InteractionsSource(TableSource):
    """A file of the user's own."""

    name: Literal["interactions"]


def read_interactions(params: TableSource, paths: Mapping[str, Path]) -> Tables:
    """Users, items, and one rating or view a row; a broken line carries a defect.

    Raises:
        ValueError: a table is empty, or a column cannot be found or holds no times.
    """
    interactions = _interactions(params, paths["interactions"])
    items = _items(params, paths["items"]) if "items" in paths else pd.DataFrame({"content_id": [], "text": []})
    consumed = pd.DataFrame({"content_id": interactions["content_id"].dropna().unique()})
    contents = pd.concat([items, consumed[~consumed["content_id"].isin(items["content_id"])]], ignore_index=True)
    return {
        "users": pd.DataFrame({"user_id": interactions["user_id"].dropna().unique()}),
        "contents": contents.assign(form=params.form),
        "interactions": interactions,
    }


def _interactions(params: TableSource, path: Path) -> pd.DataFrame:
    rows = read_rows(path)
    if rows.frame.empty:
        raise NoRowsError(path, f"one row an interaction under its columns {', '.join(map(repr, rows.frame))}")
    names = rows.names
    user, item, time = (
        rows.frame[find_column(path, names, role, getattr(params, role), is_needed=True)]
        for role in ("user", "item", "time")
    )
    found = find_column(path, names, "value", params.value, is_needed=False)
    value = pd.Series(None, index=rows.frame.index, dtype=object) if found is None else rows.frame[found]
    columns = {"user_id": user, "content_id": item, "occurred_at": as_times(time, path), "value": value}
    table = pd.DataFrame(columns).assign(kind=value.notna().map({True: "rating", False: "view"}))
    return _with_broken(table.assign(interaction_id="row-" + rows.frame.index.astype("str")), rows)


def _items(params: TableSource, path: Path) -> pd.DataFrame:
    rows = read_rows(path)
    if rows.frame.empty:
        raise NoRowsError(path, f"one row an item under its columns {', '.join(map(repr, rows.frame))}")
    names = rows.names
    columns = {"content_id": rows.frame[find_column(path, names, "item", params.item, is_needed=True)]}
    text, tags = (find_column(path, names, role, None, is_needed=False) for role in ("text", "tags"))
    if text is not None:
        columns["text"] = rows.frame[text]
    if tags is not None:
        columns["tags"] = rows.frame[tags].map(_split_tags)
    return _with_broken(pd.DataFrame(columns), rows)


def _with_broken(table: pd.DataFrame, rows: Rows) -> pd.DataFrame:
    broken = pd.DataFrame({"defect": ["malformed line"] * rows.n_broken})
    return pd.concat([table.astype(object), broken], ignore_index=True)  # as objects, or whole ids become fractions


def _split_tags(tags: object) -> list[str]:
    """A list as it is; a string cut at `|`, else at commas, else at blanks.

    >>> _split_tags("Comedy|Film-Noir"), _split_tags("Comedy Drama"), _split_tags("(no genres listed)")
    (['Comedy', 'Film-Noir'], ['Comedy', 'Drama'], [])
    """
    if isinstance(tags, list | tuple | np.ndarray):
        return [str(tag) for tag in tags]
    if not isinstance(tags, str) or tags == NO_TAGS:
        return []
    delimiter = next((mark for mark in "|," if mark in tags), None)
    return list(dict.fromkeys(tag.strip() for tag in tags.split(delimiter)))


def as_times(values: pd.Series, path: Path) -> pd.Series:
    """UTC times from ISO 8601 strings or epoch numbers; a cell that is neither stays as it is, for ingestion to refuse.

    Raises:
        ValueError: no cell is a time.
    """
    if pd.api.types.is_datetime64_any_dtype(values):
        return values
    number = pd.to_numeric(values, errors="coerce").astype("float64")
    if number.notna().mean() > 0.5:
        second = next(unit for unit, limit in EPOCH_UNITS if number.abs().median() < limit)
        times: pd.Series = pd.to_datetime(number * second, unit="s", utc=True, errors="coerce")
    else:
        times = pd.to_datetime(values, utc=True, errors="coerce", format="ISO8601")
    if times.isna().all():
        first = values.dropna().head(1).tolist()
        raise ValueError(
            f"{path}: none of {len(values)} values in column {values.name!r} is a time, first {first}; expected "
            "ISO 8601 (2024-03-01T10:15:00Z) or seconds since 1970"
        )
    return times if times.notna().all() else times.astype(object).where(times.notna(), values)


SOURCE = Source(
    params=InteractionsSource,
    read=read_interactions,
    homepage="the file is yours",
    licence="your own file: its terms are yours to know",
)
