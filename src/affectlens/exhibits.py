"""What a stage shows in the report: data with their labels and units. Looks and sentences are the report's business.

A node of the stage returns a list of exhibits, `<noun>_exhibits` in the catalog; `docs/pipelines/reporting.md` says how
to wire it. Texts are English; the report looks them up in its catalogue where it speaks another language.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator

Number = float | None  # None where a value is undefined
PNG = b"\x89PNG\r\n\x1a\n"


class Message(BaseModel):
    """A sentence with places for values, so that it can be said in another language."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    text: str = Field(description="English, with {name} where a value goes")
    values: dict[str, str | Message] = {}


class _Exhibit(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    title: str
    part: str = Field("", description="exhibits of one part stand under a common heading")
    note: str | Message = Field("", description="how it was made or what to look for, one sentence")


class Axis(BaseModel):
    """What an axis measures."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    label: str
    unit: str = Field("", description="as printed in brackets behind the label, such as `s` or `tokens`")
    scale: Literal["linear", "log", "time", "ordinal"] = Field("linear", description="time: ISO dates; ordinal: names")
    is_share: bool = Field(default=False, description="values in [0, 1] that are printed as percentages")


class Series(BaseModel):
    """One line of a chart; where `lower` and `upper` are given they bound the values at 95 %."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str
    x: tuple[float | str, ...]
    y: tuple[Number, ...]
    lower: tuple[Number, ...] = ()
    upper: tuple[Number, ...] = ()

    @model_validator(mode="after")
    def _same_length(self) -> Series:
        lengths = {len(self.x), len(self.y), *(len(bound) for bound in (self.lower, self.upper) if bound)}
        if len(lengths) > 1:
            raise ValueError(f"series {self.name!r} has columns of lengths {sorted(lengths)}, expected one length")
        return self


class Curves(_Exhibit):
    """Lines over a common axis: learning curves, reliability, trends, risk by coverage."""

    kind: Literal["curves"] = "curves"
    x: Axis
    y: Axis
    series: tuple[Series, ...]
    diagonal: bool = Field(default=False, description="draw y = x, which perfect series would follow")


class Interval(BaseModel):
    """A named value with its 95 % interval (both ends None where there is none)."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str
    value: Number
    lower: Number = None
    upper: Number = None
    n: int | None = None
    group: str = Field("", description="values of one group share a colour and a symbol")


class Intervals(_Exhibit):
    """Values with intervals, one row a name: ladders, robustness, prevalence, off-policy estimates."""

    kind: Literal["intervals"] = "intervals"
    axis: Axis
    rows: tuple[Interval, ...]
    reference: Number = Field(None, description="an upright line: no effect, the truth, the published figure")
    reference_label: str = ""


class Matrix(_Exhibit):
    """A value for every pair of a row and a column: confusion, shares by group, correlations."""

    kind: Literal["matrix"] = "matrix"
    row_label: str
    column_label: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    values: tuple[tuple[Number, ...], ...]
    is_share: bool = False


class WeightedText(BaseModel):
    """A text in pieces, each with its weight in [-1, 1]: what speaks for the decision, and what against."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    pieces: tuple[str, ...] = Field(description="in order; joined by nothing, so white space belongs to the pieces")
    weights: tuple[Annotated[float, Field(ge=-1, le=1)], ...]
    facts: dict[str, str] = Field({}, description="what stands beside it: label, prediction, probability")


class WeightedTexts(_Exhibit):
    """Texts whose words are marked by how much they speak for a decision."""

    kind: Literal["weighted_texts"] = "weighted_texts"
    texts: tuple[WeightedText, ...]


class Item(BaseModel):
    """A sample of a gallery: an image, a text or both, with facts below."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    title: str
    text: str = ""
    image: str = Field("", description="PNG as base64; `png_base64` makes it")
    alternative: str = Field("", description="the image in words, for readers who do not see it")
    facts: dict[str, str] = {}


class Gallery(_Exhibit):
    """Samples side by side."""

    kind: Literal["gallery"] = "gallery"
    items: tuple[Item, ...]


class Records(_Exhibit):
    """A table. A cell is a text, a number, or a list [value, lower, upper] for a value with its interval."""

    kind: Literal["records"] = "records"
    columns: tuple[str, ...]
    rows: tuple[tuple[str | int | Number | tuple[Number, Number, Number], ...], ...]
    user_text: tuple[str, ...] = Field((), description="columns that hold what people wrote")
    folded: bool = Field(default=False, description="opens on demand")


class Card(_Exhibit):
    """Facts in groups, such as a model card: group -> label -> text."""

    kind: Literal["card"] = "card"
    groups: dict[str, dict[str, str | Message]]


class Finding(_Exhibit):
    """A number that the page is read for: it stands on a card at the top, and its `note` says it in a sentence."""

    kind: Literal["finding"] = "finding"
    value: Number
    lower: Number = None
    upper: Number = None
    unit: str = ""
    is_share: bool = False
    is_count: bool = False


class Note(_Exhibit):
    """Sentences without a number of their own: what was not measured, and why."""

    kind: Literal["note"] = "note"
    sentences: tuple[str | Message, ...]


Exhibit = Annotated[
    Curves | Intervals | Matrix | WeightedTexts | Gallery | Records | Card | Finding | Note, Field(discriminator="kind")
]
EXHIBITS: TypeAdapter[list[Exhibit]] = TypeAdapter(list[Exhibit])


def series_of(frame: pd.DataFrame) -> tuple[Series, ...]:
    """The series of a tidy table.

    Args:
        frame: columns `series`, `x`, `y` and perhaps `lower` and `upper`; the order of the rows is kept.
    """
    bounds = [name for name in ("lower", "upper") if name in frame]
    return tuple(
        Series(
            name=str(name),
            x=tuple(_places(rows["x"])),
            y=tuple(_numbers(rows["y"])),
            **{bound: tuple(_numbers(rows[bound])) for bound in bounds},
        )
        for name, rows in frame.groupby("series", sort=False)
    )


def intervals_of(frame: pd.DataFrame) -> tuple[Interval, ...]:
    """The rows of a tidy table with columns `name`, `value`, `lower`, `upper` and perhaps `n` and `group`."""
    found: list[dict[str, Any]] = [{str(key): value for key, value in row.items()} for row in frame.to_dict("records")]
    return tuple(
        Interval(
            name=str(row["name"]),
            **{column: _number(row[column]) for column in ("value", "lower", "upper")},
            n=int(row["n"]) if "n" in row else None,
            group=str(row.get("group", "")),
        )
        for row in found
    )


def records_of(frame: pd.DataFrame) -> tuple[tuple[Any, ...], ...]:
    """The cells of a table, row by row; NaN becomes None."""
    return tuple(tuple(_cell(value) for value in row) for row in frame.itertuples(index=False, name=None))


def png_base64(png: bytes) -> str:
    """An image as the report embeds it.

    Raises:
        ValueError: the bytes are no PNG.
    """
    if not png.startswith(PNG):
        raise ValueError(f"an image of a gallery starts with {png[:8]!r}, expected PNG; save it with format='PNG'")
    return base64.b64encode(png).decode("ascii")


def _number(value: Any) -> Number:
    return None if value is None or math.isnan(value) else float(value)


def _numbers(values: Sequence[Any] | pd.Series) -> list[Number]:
    return [_number(value) for value in values]


def _places(values: pd.Series) -> list[float | str]:
    return [float(value) if isinstance(value, int | float) else str(value) for value in values.tolist()]


def _cell(value: Any) -> Any:
    if isinstance(value, str | bool):
        return str(value)
    if isinstance(value, Sequence | Mapping):
        return tuple(_numbers(list(value)))
    return _number(value)
