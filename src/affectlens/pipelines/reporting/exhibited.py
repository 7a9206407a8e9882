"""Exhibits to blocks: heading, the sentence that they amount to, the drawing or table, and their numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from affectlens.exhibits import (
    Axis,
    Card,
    Curves,
    Exhibit,
    Finding,
    Gallery,
    Intervals,
    Matrix,
    Note,
    Number,
    Records,
    Series,
    WeightedText,
    WeightedTexts,
)

from . import exhibit_figures, wording
from .blocks import Block, Cell, chart, fact, heading, paragraph, side_by_side, table
from .readings import reading
from .texts import Text, plain, say

_MOST_NUMBERS = 80  # a chart with more points shows them on demand in the chart alone


def blocks_of(exhibits: Sequence[Exhibit]) -> list[Block | None]:
    """The blocks of all exhibits in order; those of one part stand under a common heading."""
    blocks: list[Block | None] = []
    part = ""
    for exhibit in exhibits:
        if exhibit.part and exhibit.part != part:
            blocks.append(heading(exhibit.part))
        part = exhibit.part
        blocks += _BUILDERS[type(exhibit)](exhibit)
    return side_by_side(blocks)


def facts_of(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """The cards at the top of the page: one a finding."""
    return [
        fact(
            found.title,
            _value(found),
            wording.bounds(found.value, found.lower, found.upper, is_share=found.is_share),
            unit=found.unit,
        )
        for found in findings
    ]


def _value(found: Finding) -> str:
    if found.is_count and found.value is not None:
        return wording.count(found.value)
    return wording.quantity(found.value, is_share=found.is_share)


def _curves(exhibit: Curves) -> list[Block | None]:
    rows: list[list[Cell]] = [
        [series.name, place if isinstance(place, str) else f"{place:g}", _bounded(values, is_share=exhibit.y.is_share)]
        for series in exhibit.series
        for place, *values in zip(series.x, series.y, *_ends(series), strict=True)
    ]
    columns = ["Series", _column(exhibit.x), _column(exhibit.y)]
    numbers = table(_NUMBERS, columns, rows, text_columns=2, folded=True) if len(rows) <= _MOST_NUMBERS else None
    return [chart(exhibit_figures.curves(exhibit), exhibit.title, reading(exhibit), plain(exhibit.note), numbers)]


def _intervals(exhibit: Intervals) -> list[Block | None]:
    is_share = exhibit.axis.is_share
    rows: list[list[Cell]] = [
        [row.name, row.group, _bounded((row.value, row.lower, row.upper), is_share=is_share), wording.quantity(row.n)]
        for row in exhibit.rows
    ]
    columns = ["Name", "Group", _column(exhibit.axis), "n"]
    numbers = table(_NUMBERS, columns, rows, text_columns=2, folded=True)
    return [chart(exhibit_figures.intervals(exhibit), exhibit.title, reading(exhibit), plain(exhibit.note), numbers)]


def _matrix(exhibit: Matrix) -> list[Block | None]:
    largest = max((abs(value) for row in exhibit.values for value in row if value is not None), default=0.0)
    rows = [
        {"name": name, "cells": [_shaded(value, largest, is_share=exhibit.is_share) for value in values]}
        for name, values in zip(exhibit.rows, exhibit.values, strict=True)
    ]
    labels = {"row_label": exhibit.row_label, "column_label": exhibit.column_label, "columns": list(exhibit.columns)}
    return [{**_titled("matrix", exhibit), **labels, "rows": rows}] if rows else []


def _shaded(value: Number, largest: float, *, is_share: bool) -> dict[str, Any]:
    shade = round(100 * abs(value) / largest) if value and largest else 0
    text = wording.quantity(value, is_share=is_share)
    return {"text": text, "shade": shade, "is_negative": bool(value and value < 0)}


def _weighted_texts(exhibit: WeightedTexts) -> list[Block | None]:
    texts = [{"pieces": _pieces(text), "facts": text.facts} for text in exhibit.texts]
    return [{**_titled("weighted_texts", exhibit), "texts": texts}] if texts else []


def _pieces(text: WeightedText) -> list[dict[str, Any]]:
    return [
        {"text": piece, "weight": round(100 * abs(weight)), "is_against": weight < 0}
        for piece, weight in zip(text.pieces, text.weights, strict=True)
    ]


def _gallery(exhibit: Gallery) -> list[Block | None]:
    items = [item.model_dump() for item in exhibit.items]
    return [{**_titled("gallery", exhibit), "items": items}] if items else []


def _records(exhibit: Records) -> list[Block | None]:
    if not exhibit.rows:
        return []
    columns = [_column_cells(values, is_user_text=name in exhibit.user_text)
               for name, values in zip(exhibit.columns, zip(*exhibit.rows, strict=True), strict=True)]  # fmt: skip
    texts = [place for place, value in enumerate(exhibit.rows[0]) if place == 0 or isinstance(value, str)]
    rows = [list(row) for row in zip(*columns, strict=True)]
    block = table(exhibit.title, exhibit.columns, rows, text_columns=texts, folded=exhibit.folded)
    return [block and {**block, "note": plain(exhibit.note)}]


def _card(exhibit: Card) -> list[Block | None]:
    groups = [{"title": title, "facts": facts} for title, facts in exhibit.model_dump()["groups"].items()]
    return [{**_titled("card", exhibit), "groups": groups}]


def _finding(exhibit: Finding) -> list[Block | None]:
    return [paragraph(plain(exhibit.note))] if exhibit.note else []


def _note(exhibit: Note) -> list[Block | None]:
    return [heading(exhibit.title), paragraph(*map(plain, exhibit.sentences))]


def _column(axis: Axis) -> Text:
    return say("{label} ({value})", label=axis.label, value=axis.unit) if axis.unit else axis.label


def _titled(kind: str, exhibit: Exhibit) -> Block:
    return {"kind": kind, "caption": exhibit.title, "reading": reading(exhibit), "note": plain(exhibit.note)}


def _column_cells(values: Sequence[Any], *, is_user_text: bool) -> list[Cell]:
    """The cells of a column; whole numbers throughout are counts, whatever their type."""
    numbers = [value for value in values if isinstance(value, float)]
    if numbers and all(value.is_integer() for value in numbers):
        values = [int(value) if isinstance(value, float) else value for value in values]
    return [_cell(value, is_user_text=is_user_text) for value in values]


def _cell(value: Any, *, is_user_text: bool) -> Cell:
    if isinstance(value, str):
        return {"text": value, "user_text": True} if is_user_text else value
    return _bounded(value, is_share=False) if isinstance(value, tuple) else wording.quantity(value)


def _bounded(values: Sequence[Number], *, is_share: bool) -> Cell:
    text, bounds = wording.quantity(values[0], is_share=is_share), wording.bounds(*values, is_share=is_share)
    return {"text": text, "interval": bounds} if bounds else text


def _ends(series: Series) -> tuple[Sequence[Number], Sequence[Number]]:
    nothing = (None,) * len(series.x)
    return series.lower or nothing, series.upper or nothing


_NUMBERS = "The numbers of this figure"
_BUILDERS: Mapping[type, Callable[[Any], list[Block | None]]] = {
    Curves: _curves,
    Intervals: _intervals,
    Matrix: _matrix,
    WeightedTexts: _weighted_texts,
    Gallery: _gallery,
    Records: _records,
    Card: _card,
    Finding: _finding,
    Note: _note,
}
