"""The parts that a section of the report is made of; the templates know how each kind looks.

A section is plain JSON: `id`, `title`, `lead` (sentences), `blocks`, `facts` (for the cards at the top), `verdict` (for
the summary) and `numbers` (for the JSON beside the page). Sentences mark names as code by back-ticks. A cell is a
string, or a mapping with `text` and any of `interval`, `tag`, `best`, `code`, `user_text`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from . import wording
from .texts import Text, say

_TIMES = ("occurred_at", "created_at", "joined_at")
_MOST_INTERVALS_IN_LINE = 3  # with more columns of them, each interval stands below its value

Block = dict[str, Any]
Section = dict[str, Any]
Cell = Text


def section(name: str, title: Text, lead: Sequence[Text], blocks: Sequence[Block | None], **rest: Any) -> Section:
    """A section of the page; blocks that are None have nothing to show and are left out."""
    kept = [block for block in blocks if block is not None]
    return {"id": name, "title": title, "lead": list(lead), "blocks": kept, "facts": [], "verdict": None, **rest}


def heading(text: Text) -> Block:
    """A heading inside a section."""
    return {"kind": "heading", "text": text}


def paragraph(*sentences: Text) -> Block:
    """A paragraph of prose."""
    return {"kind": "paragraph", "text": list(sentences)}


def table(
    caption: Text,
    columns: Sequence[Text],
    rows: Sequence[Sequence[Cell]],
    *,
    text_columns: int | Sequence[int] = 1,
    folded: bool = False,
) -> Block | None:
    """A table; folded ones open on demand.

    Args:
        caption: what it shows.
        columns: their names.
        rows: as many cells each as there are columns.
        text_columns: how many of the first columns hold text and are set left, or the places of those that do.
        folded: whether it opens on demand only.
    """
    if not rows:
        return None
    return {
        "kind": "table",
        "caption": caption,
        "columns": list(columns),
        "rows": [list(row) for row in rows],
        "text_columns": list(range(text_columns) if isinstance(text_columns, int) else text_columns),
        "folded": folded,
        "stacked": max(map(_n_intervals, rows)) > _MOST_INTERVALS_IN_LINE,
        "note": "",
    }


def _n_intervals(row: Sequence[Cell]) -> int:
    return sum(isinstance(cell, dict) and "interval" in cell for cell in row)


def chart(figure: go.Figure, title: Text, reading: Text, note: Text = "", numbers: Block | None = None) -> Block | None:
    """One figure: its title, the sentence computed from it, the drawing, how to read it, and its numbers as a table."""
    if not figure.data:
        return None
    drawn = json.loads(figure.to_json())
    shown = {"figure": drawn, "caption": title, "reading": reading, "note": note, "numbers": numbers}
    return {"kind": "charts", "charts": [shown]}


def side_by_side(blocks: Sequence[Block | None]) -> list[Block | None]:
    """The same blocks, with charts that follow each other in one."""
    joined: list[Block | None] = []
    for block in blocks:
        last = joined[-1] if joined else None
        if block and last and block["kind"] == last["kind"] == "charts":
            joined[-1] = {"kind": "charts", "charts": [*last["charts"], *block["charts"]]}
        elif block:
            joined.append(block)
    return joined


def commands(*lines: tuple[Text, str]) -> Block:
    """Commands to type, each with what it does."""
    return {"kind": "commands", "commands": [{"does": does, "line": line} for does, line in lines]}


def fact(label: Text, value: Text, interval: str = "", note: Text = "", unit: str = "") -> dict[str, Any]:
    """A key figure for the cards at the top of the page."""
    return {"label": label, "value": value, "unit": unit, "interval": interval, "note": note}


def estimate_cell(row: Mapping[str, Any], *, best: bool = False) -> Cell:
    """A value with its interval."""
    text = wording.number(row["value"])
    return {"text": text, "interval": wording.interval(row["value"], row["lower"], row["upper"]), "best": best}


def code_cell(text: str, tag: str = "") -> Cell:
    """A name as code, with a tag such as `baseline` behind it."""
    return {"text": text, "code": True, "tag": tag}


def verbatim(text: str) -> Cell:
    """A text from the data, which no catalogue translates."""
    return {"text": text, "verbatim": True}


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a table as plain JSON values; NaN becomes null."""
    rows: list[dict[str, Any]] = json.loads(frame.to_json(orient="records", date_format="iso", double_precision=15))
    return rows


def each(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a table as mappings."""
    rows: Any = frame.to_dict("records")
    return list(rows)


def span(frame: pd.DataFrame) -> tuple[str, str] | None:
    """The first and the last day of a primary table; None where it knows no times."""
    column = next((column for column in _TIMES if column in frame), None)
    times = pd.Series(dtype=object) if column is None else frame[column].dropna()
    return None if times.empty else (f"{times.min():%Y-%m-%d}", f"{times.max():%Y-%m-%d}")


def full_table(frame: pd.DataFrame, name: str) -> Block | None:
    """Every row of a table of results as it stands, folded."""
    rows = [[_plain_cell(value) for value in row.values()] for row in each(frame)]
    caption = say("All {n} rows of {name}", n=str(len(rows)), name=f"`{name}`")
    columns = [str(column) for column in frame.columns]
    n_text = next((i for i, column in enumerate(columns) if pd.api.types.is_numeric_dtype(frame[column])), len(columns))
    return table(caption, columns, rows, text_columns=max(n_text, 1), folded=True)


def _plain_cell(value: Any) -> Cell:
    if isinstance(value, bool | str):
        return verbatim(str(value))
    return wording.ABSENT if pd.isna(value) else f"{value:.6g}" if isinstance(value, float) else str(value)
