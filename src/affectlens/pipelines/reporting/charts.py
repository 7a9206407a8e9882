"""Plotly figures drawn as static SVG that takes its colours from the page (decision 010).

The figures stay the one definition of each chart; Matplotlib only draws them. Supported is what `figures.py` uses:
scatter traces (lines, markers, filled bands, horizontal error bars) on linear, logarithmic or labelled axes.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullFormatter, PercentFormatter

from .figures import COLOURS, QUIET

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
_MARKERS = {"circle": "o", "square": "s", "diamond": "D", "triangle-up": "^", "x": "X"}
_LOOK: dict[Any, Any] = {
    "svg.fonttype": "none",
    "text.parse_math": False,
    "font.size": 11.5,
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


def to_svg(figure: Mapping[str, Any], name: str) -> str:
    """A figure (plotly JSON) as an inline SVG element; the same figure and name give the same text.

    Args:
        figure: `data` and `layout` as plotly writes them.
        name: unique on the page; it keeps the ids of two charts apart.
    """
    layout = figure["layout"]
    size = (layout["width"] / 72, layout["height"] / 72)
    buffer = io.StringIO()
    with mpl.rc_context({**_LOOK, "svg.hashsalt": name, "svg.id": name}):
        canvas = Figure(figsize=size, layout="constrained")
        FigureCanvasSVG(canvas)
        axes = canvas.subplots()
        for trace in figure["data"]:
            _draw(axes, trace)
        _dress(axes, layout)
        metadata = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        canvas.savefig(buffer, format="svg", transparent=True, metadata=metadata)
    return _for_the_page(buffer.getvalue())


def legend(figure: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What the page lists beside a chart: name, colour variable, dash and symbol of each trace."""
    shown = [trace for trace in figure["data"] if trace.get("showlegend", True)]
    return [
        {
            "name": trace["name"],
            "variable": VARIABLES[_colour(trace)],
            "has_line": "lines" in trace["mode"],
            "dash": trace.get("line", {}).get("dash", "solid"),
            "symbol": trace["marker"]["symbol"] if "markers" in trace["mode"] else None,
        }
        for trace in shown
    ]


def _draw(axes: Axes, trace: Mapping[str, Any]) -> None:
    x, y = _numbers(trace["x"]), _numbers(trace["y"])
    if trace.get("fill") == "toself":
        axes.fill(x, y, color=trace["fillcolor"], alpha=trace["opacity"], linewidth=0)
        return
    symbol = trace["marker"]["symbol"] if "markers" in trace["mode"] else ""
    colour = _colour(trace)
    marker = _MARKERS.get(symbol.removesuffix("-open"), "")
    look: dict[str, Any] = {"color": colour, "linestyle": "none", "marker": marker}
    if "lines" in trace["mode"]:
        line = trace["line"]
        look |= {"linestyle": _DASHES[line.get("dash", "solid")], "linewidth": line["width"]}
    if symbol:
        look["markersize"] = 0.8 * trace["marker"]["size"]
        look["markerfacecolor"] = "none" if "-open" in symbol else colour
    axes.plot(x, y, **look)
    if bar := trace.get("error_x"):
        ends = [[v - low, v + high] for v, low, high in zip(x, bar["arrayminus"], bar["array"], strict=True)]
        axes.hlines(y, [low for low, _ in ends], [high for _, high in ends], color=colour, linewidth=1.4)


def _dress(axes: Axes, layout: Mapping[str, Any]) -> None:
    for name, axis in (("x", axes.xaxis), ("y", axes.yaxis)):
        wanted = layout.get(f"{name}axis", {})
        axis.set_label_text(wanted.get("title", {}).get("text", ""))
        if wanted.get("type") == "log":
            getattr(axes, f"set_{name}scale")("log")
            axis.set_minor_formatter(NullFormatter())
            axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}" if value >= 1 else f"{value:g}"))
        if wanted.get("tickformat") == ".0%":
            axis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        if "tickvals" in wanted:
            axis.set_ticks(wanted["tickvals"], labels=wanted["ticktext"])
        if "range" in wanted:
            getattr(axes, f"set_{name}lim")(*wanted["range"])
        elif wanted.get("rangemode") == "tozero":
            getattr(axes, f"set_{name}lim")(0, None)
    _thin_out(axes, layout)


def _thin_out(axes: Axes, layout: Mapping[str, Any]) -> None:
    """Rows of models need no grid across; epochs are whole."""
    if "tickvals" in layout.get("yaxis", {}):
        axes.grid(visible=False, axis="y")
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
    elif layout["xaxis"].get("title", {}).get("text") == "epoch":
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))


def _numbers(values: list[Any]) -> list[Any]:
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
    svg = re.sub(r' id="([\w.-]+)"', lambda found: found[0] if found[1] in used else "", svg)
    svg = re.sub(r"font-family: [^;\"]*", "font-family: inherit", svg)
    for colour, variable in VARIABLES.items():
        svg = svg.replace(colour, f"var({variable})")
    return re.sub(r"\s*\n\s*", " ", svg).strip()
