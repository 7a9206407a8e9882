"""Plotly figures drawn as SVG that takes its colours from the page (decision 060).

The figures stay the one definition of each chart; Matplotlib only draws them. A small script of the page
(`templates/report.js`) lets readers point at what is drawn; without it the drawing stands as it is. Supported is what
the figures use: scatter traces (lines, markers, filled bands, horizontal error bars) on linear, logarithmic, dated or
labelled axes.
"""

from __future__ import annotations

import io
import math
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from . import wording
from .figures import COLOURS, QUIET
from .texts import Language, told, told_label

INK, GRID = "#23272e", "#dcdfe3"
VARIABLES = {INK: "--chart-ink", GRID: "--chart-grid", QUIET: "--chart-quiet"} | {
    colour: f"--series-{place}" for place, colour in enumerate(COLOURS, start=1)
}
_DASHES = {
    "solid": "-",
    "dash": (0, (5, 2)),
    "dot": (0, (1.2, 1.8)),
    "dashdot": (0, (6, 2, 1.2, 2)),
    "longdash": (0, (9, 2.5)),
}
_MARKERS = {"circle": "o", "square": "s", "diamond": "D", "triangle-up": "^", "x": "X", "cross": "P"}
_FEW_DECADES = 100.0
_MOST_TICKS = 7  # labels beside each other must not touch
_LOOK: dict[Any, Any] = {
    "svg.fonttype": "none",
    "text.parse_math": False,
    "font.size": 11.5,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.major.width": 0.8,
    "ytick.major.width": 0.8,
    "xtick.minor.width": 0.0,
    "ytick.minor.width": 0.0,
}


@dataclass(frozen=True)
class Drawing:
    """A chart on the page.

    Attributes:
        svg: an inline SVG element; its series carry the classes `series-0`, `series-1`, ...
        points: what a reader can point at, as (number of the series, x, y, text), in units of the SVG's view box.
        legend: of each series that the page lists: its number, name, colour variable, dash and symbol.
    """

    svg: str
    points: list[tuple[int, float, float, str]]
    legend: list[dict[str, Any]]


def draw(figure: Mapping[str, Any], name: str, tongue: Language) -> Drawing:
    """A figure (plotly JSON) as SVG; the same figure and name give the same drawing.

    Args:
        figure: `data` and `layout` as plotly writes them.
        name: unique on the page; it keeps the ids of two charts apart.
        tongue: the language of the axes and of the points.
    """
    layout = figure["layout"]
    size = (layout["width"] / 72, layout["height"] / 72)
    buffer = io.StringIO()
    with mpl.rc_context({**_LOOK, "svg.hashsalt": name, "svg.id": name}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")  # the reader's browser has the glyphs
        canvas = Figure(figsize=size, dpi=72)
        paper = FigureCanvasSVG(canvas)
        axes = canvas.subplots()
        series = list(_series(figure))
        for number, trace in series:
            _draw(axes, trace, f"series-{number}")
        _dress(axes, layout, tongue)
        ConstrainedLayoutEngine().execute(canvas)
        metadata = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        paper.print_svg(buffer, metadata=metadata)  # type: ignore[no-untyped-call]  # savefig draws twice
    lines = [(number, trace) for number, trace in series if trace.get("fill") != "toself"]
    points = [point for number, trace in lines for point in _points(axes, number, trace, layout, tongue)]
    return Drawing(_for_the_page(buffer.getvalue()), points, _legend(lines))


def _series(figure: Mapping[str, Any]) -> Iterator[tuple[int, dict[str, Any]]]:
    """The traces with the number of their series; a band has that of the line that follows it."""
    number = 0
    dates = figure["layout"].get("xaxis", {}).get("type") == "date"
    for trace in figure["data"]:
        yield (
            number,
            {**trace, "x": date2num(np.asarray(trace["x"], "datetime64[s]")).tolist() if dates else trace["x"]},
        )
        number += trace.get("fill") != "toself"


def _points(
    axes: Axes, number: int, trace: Mapping[str, Any], layout: Mapping[str, Any], tongue: Language
) -> Iterator[tuple[int, float, float, str]]:
    """Where the points of a series lie, and what they say; lines to compare with say nothing."""
    bounds = trace.get("customdata")
    if bounds is None:
        return
    is_row = trace.get("orientation") == "h"
    is_share = layout.get("xaxis" if is_row else "yaxis", {}).get("tickformat") == ".0%"
    x, y = _numbers(trace["x"]), _numbers(trace["y"])
    height = layout["height"]
    for i, (across, up) in enumerate(zip(x, y, strict=True)):
        value = across if is_row else up
        if not math.isfinite(value):
            continue
        right, above = axes.transData.transform((across, up))
        told_value = (
            f"{wording.quantity(value, is_share=is_share)} {wording.bounds(value, *bounds[i], is_share=is_share)}"
        )
        where = "" if is_row else told_label(layout["xaxis"].get("title", {}).get("text", ""), tongue)
        place = f"{where} {told(trace['text'][i], tongue)}".strip()
        text = f"{told(trace['name'], tongue)}, {place}: {told_value.strip()}"
        yield number, round(float(right), 1), round(float(height - above), 1), text


def _legend(lines: Sequence[tuple[int, Mapping[str, Any]]]) -> list[dict[str, Any]]:
    return [
        {
            "number": number,
            "name": trace["name"],
            "variable": VARIABLES[_colour(trace)],
            "has_line": "lines" in trace["mode"],
            "dash": trace.get("line", {}).get("dash", "solid"),
            "symbol": trace["marker"]["symbol"] if "markers" in trace["mode"] else None,
        }
        for number, trace in lines
        if trace.get("showlegend", True)
    ]


def _draw(axes: Axes, trace: Mapping[str, Any], group: str) -> None:
    x, y = _numbers(trace["x"]), _numbers(trace["y"])
    if trace.get("fill") == "toself":
        (area,) = axes.fill(x, y, color=trace["fillcolor"], alpha=trace["opacity"], linewidth=0)
        area.set_gid(group)
        return
    colour = _colour(trace)
    axes.plot(x, y, gid=group, **_look(trace, colour))
    if bar := trace.get("error_x"):
        ends = [[v - low, v + high] for v, low, high in zip(x, bar["arrayminus"], bar["array"], strict=True)]
        lows, highs = [low for low, _ in ends], [high for _, high in ends]
        axes.hlines(y, lows, highs, color=colour, linewidth=1.4).set_gid(group)


def _look(trace: Mapping[str, Any], colour: str) -> dict[str, Any]:
    """Line and marker of a trace as Matplotlib calls them."""
    symbol = trace["marker"]["symbol"] if "markers" in trace["mode"] else ""
    look: dict[str, Any] = {
        "color": colour,
        "linestyle": "none",
        "marker": _MARKERS.get(symbol.removesuffix("-open"), ""),
    }
    if "lines" in trace["mode"]:
        line = trace["line"]
        look |= {"linestyle": _DASHES[line.get("dash", "solid")], "linewidth": line["width"]}
    if symbol:
        look |= {
            "markersize": 0.8 * trace["marker"]["size"],
            "markerfacecolor": "none" if "-open" in symbol else colour,
        }
    return look


def _dress(axes: Axes, layout: Mapping[str, Any], tongue: Language) -> None:
    for name, axis in (("x", axes.xaxis), ("y", axes.yaxis)):
        wanted = layout.get(f"{name}axis", {})
        axis.set_label_text(told_label(wanted.get("title", {}).get("text", ""), tongue))
        if wanted.get("type") == "log":
            getattr(axes, f"set_{name}scale")("log")
            axis.set_major_formatter(FuncFormatter(_plain_tick))
            low, high = sorted(axis.get_view_interval())
            is_short = high < _FEW_DECADES * low  # so that its powers of ten alone would not tell what is where
            axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if is_short else (1.0,)))
            axis.set_minor_formatter(NullFormatter())
        elif name == "x":
            axis.set_major_locator(MaxNLocator(_MOST_TICKS, steps=[1, 2, 2.5, 5, 10]))
        if wanted.get("tickformat") == ".0%":
            axis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:.4g}%".replace("-", "−")))
        if "tickvals" in wanted:
            axis.set_ticks(wanted["tickvals"], labels=[told(text, tongue) for text in wanted["ticktext"]])
        if wanted.get("type") == "date":
            axis.set_major_locator(locator := AutoDateLocator())
            axis.set_major_formatter(ConciseDateFormatter(locator))
        if "range" in wanted:
            getattr(axes, f"set_{name}lim")(*wanted["range"])
        elif wanted.get("rangemode") == "tozero":
            getattr(axes, f"set_{name}lim")(0, None)
    _thin_out(axes, layout)


def _plain_tick(value: float, _: int) -> str:
    return f"{value:,.0f}" if value >= 1 else f"{value:g}"


def _thin_out(axes: Axes, layout: Mapping[str, Any]) -> None:
    """Rows of models need no grid across; epochs are whole."""
    if "tickvals" in layout.get("yaxis", {}):
        axes.grid(visible=False, axis="y")
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
    elif layout["xaxis"].get("title", {}).get("text") == "epoch":
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))


def _numbers(values: Sequence[Any]) -> list[Any]:
    return [float("nan") if value is None else value for value in values]


def _colour(trace: Mapping[str, Any]) -> str:
    colour: str = trace["line"]["color"] if "lines" in trace["mode"] else trace["marker"]["color"]
    return colour


def _for_the_page(svg: str) -> str:
    """Only the element: without prolog, size, own style sheet and ids that nothing refers to."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<defs>\s*<style[^>]*>.*?</style>\s*</defs>", "", svg, flags=re.DOTALL)
    svg = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->", "", svg, flags=re.DOTALL)
    used = set(re.findall(r"#([\w-]+)", svg))
    svg = re.sub(r' id="(series-\d+)"', r' class="\1"', svg)
    svg = re.sub(r' id="([\w.-]+)"', lambda found: found[0] if found[1] in used else "", svg)
    svg = re.sub(r"font-family: [^;\"]*", "font-family: inherit", svg)
    for colour, variable in VARIABLES.items():
        svg = svg.replace(colour, f"var({variable})")
    return re.sub(r"\s*\n\s*", " ", svg).strip()
