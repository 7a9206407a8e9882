"""Exhibits as plotly figures, which the page draws and kedro-viz shows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from affectlens.exhibits import Axis, Curves, Exhibit, Interval, Intervals, Series

from . import figures, wording

_MOST_BESIDE = 3  # charts in a row of the overview
_MOST_MARKERS = 40  # a line with more points is drawn without marks


def curves(exhibit: Curves) -> go.Figure:
    """Lines over a common axis, with their intervals as bands."""
    figure = figures.empty(axis_title(exhibit.x), axis_title(exhibit.y))
    order = _order(exhibit) if exhibit.x.scale == "ordinal" else None
    for place, series in enumerate(exhibit.series):
        x = [order[name] for name in series.x] if order else list(series.x)
        if series.lower and series.upper:
            figure.add_trace(figures.band(x, series.lower, series.upper, place))
        text = [_spoken(where, exhibit.x) for where in series.x]
        line = figures.line(x, series.y, series.name, place, markers=len(x) <= _MOST_MARKERS, text=text)
        figure.add_trace(line.update(customdata=_bounds(series)))
    if exhibit.diagonal:
        figure.add_trace(figures.reference([0, 1], [0, 1], "equal"))
    figure.update_layout(xaxis=_axis(exhibit.x), yaxis=_axis(exhibit.y))
    return figures.label_places(figure, list(order)) if order else figure


def intervals(exhibit: Intervals) -> go.Figure:
    """One row a name, first at the top; groups by colour and symbol."""
    figure = figures.empty(axis_title(exhibit.axis), "")
    names = list(dict.fromkeys(row.name for row in exhibit.rows))[::-1]
    groups = list(dict.fromkeys(row.group for row in exhibit.rows))
    share_rows = len({(row.name, row.group) for row in exhibit.rows}) > len(names)
    for place, group in enumerate(groups):
        rows = [row for row in exhibit.rows if row.group == group and row.value is not None]
        shift = 0.6 * (place + 0.5) / len(groups) - 0.3 if share_rows else 0.0
        figure.add_trace(_marks(rows, [names.index(row.name) - shift for row in rows], group, place))
    if exhibit.reference is not None:
        ends = [exhibit.reference, exhibit.reference], [-0.5, len(names) - 0.5]
        figure.add_trace(figures.reference(*ends, exhibit.reference_label or "reference"))
    figure.update_layout(xaxis=_axis(exhibit.axis))
    return figures.one_row_each(figure, names, 22 + 12 * len(groups) if share_rows else 26)


def axis_title(axis: Axis) -> str:
    """The label with its unit behind it."""
    return f"{axis.label} ({axis.unit})" if axis.unit else axis.label


def _marks(rows: list[Interval], y: list[float], group: str, place: int) -> go.Scatter:
    colour, symbol = figures.COLOURS[place % len(figures.COLOURS)], figures.SYMBOLS[place % len(figures.SYMBOLS)]
    values = [row.value for row in rows if row.value is not None]
    low, high = ([_or(bound, value) for bound, value in zip(ends, values, strict=True)] for ends in _ends(rows))
    mark = figures.points(values, low, high, y, [row.name for row in rows], group or "value", colour, symbol)
    return mark.update(showlegend=bool(group), customdata=[[row.lower, row.upper] for row in rows])


def _ends(rows: list[Interval]) -> tuple[list[float | None], list[float | None]]:
    return [row.lower for row in rows], [row.upper for row in rows]


def _or(bound: float | None, value: float) -> float:
    return value if bound is None else bound


def _bounds(series: Series) -> list[list[float | None]]:
    if not (series.lower and series.upper):
        return [[None, None]] * len(series.x)
    return [list(ends) for ends in zip(series.lower, series.upper, strict=True)]


def _order(exhibit: Curves) -> dict[float | str, int]:
    names = dict.fromkeys(name for series in exhibit.series for name in series.x)
    return {name: place for place, name in enumerate(names)}


def _spoken(place: float | str, axis: Axis) -> str:
    if isinstance(place, str):
        return place
    return wording.share(place) if axis.is_share else f"{place:g}"


def _axis(axis: Axis) -> dict[str, Any]:
    kinds = {"log": {"type": "log"}, "time": {"type": "date"}}
    shares = {"tickformat": ".0%"} if axis.is_share else {}
    return {**kinds.get(axis.scale, {}), **shares}


def overview(exhibits: Sequence[Exhibit]) -> go.Figure:
    """All charts of a list of exhibits in one figure, three a row, for kedro-viz.

    It squeezes them into one screen: what each measures stands beside its title, since axes have no room for it.
    """
    shown = [found for found in exhibits if isinstance(found, Curves | Intervals)]
    if not shown:
        return figures.empty("", "")
    n_rows = -(-len(shown) // _MOST_BESIDE)
    titles = [f"{found.title} ({_measured(found)})" for found in shown]
    room = {"vertical_spacing": 0.35 / n_rows, "horizontal_spacing": 0.1}
    whole = make_subplots(rows=n_rows, cols=min(len(shown), _MOST_BESIDE), subplot_titles=titles, **room)
    for place, exhibit in enumerate(shown):
        figure = curves(exhibit) if isinstance(exhibit, Curves) else intervals(exhibit)
        where = {"row": place // _MOST_BESIDE + 1, "col": place % _MOST_BESIDE + 1}
        for trace in figure.data:
            whole.add_trace(trace, **where)
        whole.update_xaxes(_without_place(figure.layout.xaxis), **where)
        whole.update_yaxes(_without_place(figure.layout.yaxis), **where)
    whole.update_annotations(font_size=10)
    size = {"height": 300 * n_rows, "width": 1300, "font": {"size": 9}}
    return whole.update_layout(template="none", showlegend=False, **size)


def _measured(exhibit: Curves | Intervals) -> str:
    return axis_title(exhibit.y if isinstance(exhibit, Curves) else exhibit.axis)


def _without_place(axis: Any) -> dict[str, Any]:
    return {name: value for name, value in axis.to_plotly_json().items() if name not in ("anchor", "domain", "title")}
