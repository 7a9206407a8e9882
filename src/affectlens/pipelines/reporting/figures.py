"""The parts that figures are made of: lines, bands, marks, axes. No number is computed here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import plotly.graph_objects as go

# Okabe & Ito 2008, safe for colour-blind readers; dashes and symbols say the same without colour.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7a5195", "#8c8c8c", "#000000")
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "solid", "dash", "dot", "dashdot")
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "x", "circle-open", "square-open", "diamond-open", "cross")
QUIET = "#6b7178"
_ROW_HEIGHT, _WIDTH, _HEIGHT, _MOST_LABELS = 26, 460, 300, 5


def empty(x_title: str, y_title: str) -> go.Figure:
    """A figure with axes and nothing else."""
    axes = {"xaxis": {"title": x_title}, "yaxis": {"title": y_title}}
    return go.Figure(layout={"template": "none", "width": _WIDTH, "height": _HEIGHT, **axes})


def line(x: Iterable[Any], y: Iterable[Any], name: str, place: int, *, markers: bool = False, text: Any) -> go.Scatter:
    """A line in the colour, dash and symbol of its place; `text` says where each point stands."""
    look = {"color": COLOURS[place % len(COLOURS)], "dash": DASHES[place % len(COLOURS)], "width": 1.8}
    marker = {"color": COLOURS[place % len(COLOURS)], "symbol": SYMBOLS[place % len(COLOURS)], "size": 6}
    mode = "lines+markers" if markers else "lines"
    values = list(y)
    unbounded = [[None, None]] * len(values)
    pointed = {"text": list(text), "customdata": unbounded}
    return go.Scatter(x=list(x), y=values, mode=mode, name=name, line=look, marker=marker, **pointed)


def points(
    values: Sequence[float],
    lower: Sequence[float],
    upper: Sequence[float],
    y: Iterable[Any],
    text: Iterable[str],
    name: str,
    colour: str,
    symbol: str,
) -> go.Scatter:
    """Marks in rows, each with its interval as a bar; `text` names the row."""
    bar = {
        "type": "data",
        "symmetric": False,
        "array": [high - value for value, high in zip(values, upper, strict=True)],
        "arrayminus": [value - low for value, low in zip(values, lower, strict=True)],
        "color": colour,
    }
    marker = {"color": colour, "symbol": symbol, "size": 8}
    bounds = [list(ends) for ends in zip(lower, upper, strict=True)]
    look = {"mode": "markers", "name": name, "marker": marker, "orientation": "h"}
    return go.Scatter(x=list(values), y=list(y), error_x=bar, customdata=bounds, text=list(text), **look)


def band(x: Sequence[Any], lower: Sequence[Any], upper: Sequence[Any], place: int) -> go.Scatter:
    """The intervals of a line as an area."""
    look = {"fill": "toself", "fillcolor": COLOURS[place % len(COLOURS)], "opacity": 0.15, "line": {"width": 0}}
    y = [*lower, *upper[::-1]]
    return go.Scatter(x=[*x, *x[::-1]], y=y, mode="lines", showlegend=False, hoverinfo="skip", **look)


def reference(x: Sequence[float], y: Sequence[float], name: str) -> go.Scatter:
    """A thin line to compare with."""
    return go.Scatter(x=list(x), y=list(y), mode="lines", name=name, line={"color": QUIET, "width": 1})


def label_places(figure: go.Figure, names: Sequence[Any]) -> go.Figure:
    """Names as labels of the places 0, 1, 2, ...; every second or third one if there are many."""
    step = -(-len(names) // _MOST_LABELS) if names else 1
    return figure.update_layout(xaxis={"tickvals": list(range(len(names)))[::step], "ticktext": names[::step]})


def one_row_each(figure: go.Figure, names: list[str], height: int = _ROW_HEIGHT) -> go.Figure:
    """Names as rows, the last one at the top."""
    axis = {"tickvals": list(range(len(names))), "ticktext": names, "range": [-0.6, len(names) - 0.4]}
    return figure.update_layout(height=max(120, 70 + height * len(names)), yaxis=axis)
