"""One plain sentence for each exhibit, computed from the very numbers that it shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from affectlens.exhibits import (
    Axis,
    Card,
    Curves,
    Exhibit,
    Finding,
    Gallery,
    Interval,
    Intervals,
    Matrix,
    Note,
    Records,
    Series,
    WeightedText,
    WeightedTexts,
)

from . import wording
from .texts import Text, listed, measured, plain, quoted, say

_MOST_NAMED = 2
_MOST_QUOTED = 8
_ROSE = "The line of {name} rises most, from {first} to {last}."
_FELL = "The line of {name} falls most, from {first} to {last}."
_ROSE_IN_DOUBT = "The line of {name} rises most, from {first} to {last}, but the two intervals overlap."
_FELL_IN_DOUBT = "The line of {name} falls most, from {first} to {last}, but the two intervals overlap."
_SIDES = {  # of one interval, of several
    "above": ("{n} lies above", "{n} lie above"),
    "below": ("{n} lies below", "{n} lie below"),
    "around": ("{n} lies around", "{n} lie around"),
}
_ALONE = {
    "above": "Its interval lies above {reference}.",
    "below": "Its interval lies below {reference}.",
    "around": "Its interval lies around {reference}.",
}
_ALL = {
    "above": "All {n} intervals lie above {reference}.",
    "below": "All {n} intervals lie below {reference}.",
    "around": "All {n} intervals lie around {reference}.",
}
_SPEAKING = {
    "for": ("{n} speaks for it ({pieces})", "{n} speak for it ({pieces})"),
    "against": ("{n} speaks against it ({pieces})", "{n} speak against it ({pieces})"),
}


def reading(exhibit: Exhibit) -> Text:
    """What the exhibit shows, in words; empty for kinds that are words already."""
    sentence: Callable[[Any], Text] = _READERS[type(exhibit)]
    return sentence(exhibit)


def _curves(exhibit: Curves) -> Text:
    drawn = [series for series in exhibit.series if _defined(series)]
    if not drawn:
        return say("No series has a value.")
    if exhibit.diagonal:
        return _distance(drawn[0], exhibit) if len(drawn) == 1 else _distances(drawn)
    return [_course(series, exhibit) for series in drawn] if len(drawn) <= _MOST_NAMED else _courses(drawn, exhibit)


def _course(series: Series, exhibit: Curves) -> Text:
    """From where to where a line goes, and its highest point."""
    found, whole = _defined(series), _are_whole(exhibit)
    (x_first, first), (x_last, last) = found[0], found[-1]
    x_top, top = max(found, key=lambda point: point[1])
    values = {
        "name": quoted(series.name),
        "first": _shown(first, exhibit.y, whole=whole), "x_first": _place(x_first, exhibit.x),
        "last": _shown(last, exhibit.y, whole=whole), "x_last": _place(x_last, exhibit.x),
    }  # fmt: skip
    if len(found) == 1:
        return say("The only point of {name} is {first} at {x_first}.", **values)
    if values["first"] == values["last"] == _shown(top, exhibit.y, whole=whole):
        return say(
            "The line of {name} is at {first} at {x_first} and at {last} at {x_last}, and no higher in between.",
            **values,
        )
    if top in (first, last):
        return say("The line of {name} goes from {first} at {x_first} to {last} at {x_last}.", **values)
    peak = {"top": _shown(top, exhibit.y, whole=whole), "x_top": _place(x_top, exhibit.x)}
    return say(
        "The line of {name} goes from {first} at {x_first} to {last} at {x_last}, with its top {top} at {x_top}.",
        **values,
        **peak,
    )


def _distance(series: Series, exhibit: Curves) -> Text:
    """How far a line lies from the diagonal."""
    found = [(float(x), y) for x, y in _defined(series)]
    gaps = [abs(y - x) for x, y in found]
    x_far, y_far = found[gaps.index(max(gaps))]
    return say(
        "The line of {name} lies {mean} from the diagonal on average over its {n} points, furthest at {x}, where it is "
        "{y}.",
        name=quoted(series.name),
        mean=wording.number(_mean_gap(series)),
        n=wording.count(len(found)),
        x=_place(x_far, exhibit.x),
        y=_shown(y_far, exhibit.y),
    )


def _courses(drawn: list[Series], exhibit: Curves) -> Text:
    """Of many lines: which end highest and lowest, and which rises and falls most."""
    courses = [(series.name, _defined(series)) for series in drawn]
    (top, up), (bottom, down) = (pick(courses, key=lambda course: course[1][-1][1]) for pick in (max, min))
    rising, falling = (pick(courses, key=lambda course: course[1][-1][1] - course[1][0][1]) for pick in (max, min))
    whole = _are_whole(exhibit)
    high, low = (_shown(found[-1][1], exhibit.y, whole=whole) for found in (up, down))
    told: list[Text] = [
        say("All {n} lines end at {value}.", n=wording.count(len(drawn)), value=high)
        if high == low
        else say(
            "At its end the line of {top} is highest with {high}, that of {bottom} lowest with {low}.",
            top=quoted(top), high=high, bottom=quoted(bottom), low=low,
        )
    ]  # fmt: skip
    overlapping = {series.name: _ends_overlap(series) for series in drawn}
    for (name, found), sure, doubted in ((rising, _ROSE, _ROSE_IN_DOUBT), (falling, _FELL, _FELL_IN_DOUBT)):
        first, last = found[0][1], found[-1][1]
        if (last > first) == (sure == _ROSE) and last != first:
            moved = {"first": _shown(first, exhibit.y, whole=whole), "last": _shown(last, exhibit.y, whole=whole)}
            told.append(say(doubted if overlapping[name] else sure, name=quoted(name), **moved))
    return told


def _ends_overlap(series: Series) -> bool:
    """Whether the intervals of the first and the last value share a place; False where there are none."""
    ends = zip(series.lower, series.upper, strict=True)
    bounds = [(low, high) for low, high in ends if low is not None and high is not None]
    return bool(bounds) and bounds[0][0] <= bounds[-1][1] and bounds[-1][0] <= bounds[0][1]


def _distances(drawn: list[Series]) -> Text:
    """Of several lines: which lies closest to the diagonal, and which furthest away."""
    gaps = {series.name: _mean_gap(series) for series in drawn}
    near, far = min(gaps, key=gaps.__getitem__), max(gaps, key=gaps.__getitem__)
    return say(
        "Closest to the diagonal lies the line of {near} with a mean distance of {small}, furthest that of {far} with "
        "{large}.",
        near=quoted(near),
        small=wording.number(gaps[near]),
        far=quoted(far),
        large=wording.number(gaps[far]),
    )


def _mean_gap(series: Series) -> float:
    found = [(float(x), y) for x, y in _defined(series)]
    return sum(abs(y - x) for x, y in found) / len(found)


def _intervals(exhibit: Intervals) -> Text:
    rows = [row for row in exhibit.rows if row.value is not None]
    if not rows:
        return say("No row has a value.")
    top, bottom = max(rows, key=_value), min(rows, key=_value)
    if len(rows) == 1:
        told = say("{name} has {value}.", name=_named(top), value=_estimate(top, exhibit.axis))
    elif top.value == bottom.value:
        told = say("All {n} have {value}.", n=wording.count(len(rows)), value=_shown(top.value, exhibit.axis))
    else:
        high, low = (_estimate(row, exhibit.axis) for row in (top, bottom))
        template = "Highest is {top} with {high}, lowest {bottom} with {low}."
        told = say(template, top=_named(top), high=high, bottom=_named(bottom), low=low)
    return told if exhibit.reference is None else [told, _against(rows, exhibit)]


def _against(rows: list[Interval], exhibit: Intervals) -> Text:
    """How many intervals leave the reference out, on which side."""
    bounded = [row for row in rows if row.lower is not None and row.upper is not None]
    if not bounded:
        return ""
    line = exhibit.reference
    above = sum(row.lower is not None and line is not None and row.lower > line for row in bounded)
    below = sum(row.upper is not None and line is not None and row.upper < line for row in bounded)
    counts = {"above": above, "below": below, "around": len(bounded) - above - below}
    counts = {side: n for side, n in counts.items() if n}
    label = exhibit.reference_label or "the line"
    reference = say("{label} ({value})", label=label, value=_shown(line, exhibit.axis))
    if len(bounded) == 1:
        return say(_ALONE[next(iter(counts))], reference=reference)
    all_of_them = wording.count(len(bounded))
    if len(counts) == 1:
        return say(_ALL[next(iter(counts))], n=all_of_them, reference=reference)
    sides = [say(_SIDES[side][n > 1], n=wording.count(n)) for side, n in counts.items()]
    return say("Of {n} intervals, {sides} {reference}.", n=all_of_them, sides=listed(sides), reference=reference)


def _matrix(exhibit: Matrix) -> Text:
    cells = [
        (value, row, column)
        for row, values in zip(exhibit.rows, exhibit.values, strict=True)
        for column, value in zip(exhibit.columns, values, strict=True)
        if value is not None
    ]
    if not cells:
        return say("No cell has a value.")
    has_diagonal = set(exhibit.rows) <= set(exhibit.columns)
    apart = [cell for cell in cells if cell[1] != cell[2]] if has_diagonal else cells
    value, row, column = max(apart or cells, key=lambda cell: cell[0])
    shown = wording.share(value) if exhibit.is_share else wording.number(value)
    template = (
        "Off the diagonal the largest cell is {row_label} {row}, {column_label} {column}: {value}."
        if has_diagonal and apart
        else "The largest cell is {row_label} {row}, {column_label} {column}: {value}."
    )
    names: Mapping[str, Text] = {"row_label": exhibit.row_label, "column_label": exhibit.column_label}
    return say(template, row=quoted(row), column=quoted(column), value=shown, **names)


def _weighted_texts(exhibit: WeightedTexts) -> Text:
    heaviest = [_heaviest(text) for text in exhibit.texts if text.weights]
    if not heaviest:
        return say("No text has weights.")
    speaking = [piece for piece, weight in heaviest if weight >= 0]
    against = [piece for piece, weight in heaviest if weight < 0]
    sides = [
        say(_SPEAKING[side][len(pieces) > 1], n=wording.count(len(pieces)), pieces=_pieces(pieces))
        for side, pieces in (("for", speaking), ("against", against))
        if pieces
    ]
    return say("Heaviest token, text by text: {sides}.", sides=listed(sides))


def _pieces(pieces: list[str]) -> str:
    """The first few different pieces in quotation marks."""
    found = list(dict.fromkeys(f"“{piece.strip()}”" for piece in pieces))
    return ", ".join([*found[:_MOST_QUOTED], *(["…"] if len(found) > _MOST_QUOTED else [])])


def _heaviest(text: WeightedText) -> tuple[str, float]:
    return max(zip(text.pieces, text.weights, strict=True), key=lambda found: abs(found[1]))


def _gallery(exhibit: Gallery) -> Text:
    titles = list(dict.fromkeys(item.title for item in exhibit.items))
    named: list[Text] = [*titles[:_MOST_QUOTED], *(["…"] if len(titles) > _MOST_QUOTED else [])]
    return say("Samples: {n} ({names}).", n=wording.count(len(exhibit.items)), names=listed(named))


def _records(exhibit: Records) -> Text:
    return say("{n} rows.", n=wording.count(len(exhibit.rows)))


def _finding(exhibit: Finding) -> Text:
    return plain(exhibit.note)


def _silent(_: Card | Note) -> Text:
    return ""


def _defined(series: Series) -> list[tuple[float | str, float]]:
    return [(x, y) for x, y in zip(series.x, series.y, strict=True) if y is not None]


def _value(row: Interval) -> float:
    return float("-inf") if row.value is None else row.value


def _named(row: Interval) -> Text:
    return quoted(row.name) if not row.group else say("{name} ({group})", name=quoted(row.name), group=row.group)


def _estimate(row: Interval, axis: Axis) -> Text:
    bounds = wording.bounds(row.value, row.lower, row.upper, is_share=axis.is_share)
    return measured(f"{wording.quantity(row.value, is_share=axis.is_share)} {bounds}".strip(), axis.unit)


def _shown(value: float | None, axis: Axis, *, whole: bool = False) -> Text:
    if whole and value is not None and not axis.is_share:
        return measured(wording.count(value), axis.unit)
    return measured(wording.quantity(value, is_share=axis.is_share), axis.unit)


def _are_whole(exhibit: Curves) -> bool:
    """Whether every value of a chart is a whole number, as counts are."""
    return all(float(y).is_integer() for series in exhibit.series for _, y in _defined(series))


def _place(value: float | str, axis: Axis) -> Text:
    """Where on the axis: with its unit, or with its label in front where there is none."""
    if isinstance(value, str):
        return value[:10] if axis.scale == "time" else value
    if axis.is_share:
        return wording.share(value)
    number = wording.count(value) if float(value).is_integer() else wording.number(value)
    bare = axis.label and not axis.unit
    return say("{label} {place}", label=axis.label, place=number) if bare else measured(number, axis.unit)


_READERS: Mapping[type, Callable[[Any], Text]] = {
    Curves: _curves,
    Intervals: _intervals,
    Matrix: _matrix,
    WeightedTexts: _weighted_texts,
    Gallery: _gallery,
    Records: _records,
    Finding: _finding,
    Card: _silent,
    Note: _silent,
}
