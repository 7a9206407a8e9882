"""Frames to figures. No number is computed here: a figure shows columns of tables that the report also prints."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from affectlens.schemas import FORMS

from . import verdicts
from .params import StageParams

# Okabe & Ito 2008, safe for colour-blind readers; dashes and symbols say the same without colour.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7a5195", "#8c8c8c")
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "solid", "dash", "dot")
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "x", "circle-open", "square-open", "diamond-open")
QUIET = "#6b7178"
SUBJECTS = {
    "content_attention": "attention per content",
    "author_attention": "attention per author",
    "user_activity": "activity per user",
    "user_utterances": "texts per user",
    "recommended_exposure": "recommendations per content",
}
_SERIES = {"tokens_p10": "10th percentile", "tokens_median": "median", "tokens_p90": "90th percentile"}
_ROW_HEIGHT, _WIDTH, _HEIGHT, _MOST_LABELS = 26, 460, 300, 5


def lorenz(curves: pd.DataFrame) -> go.Figure:
    """Share of units, poorest first, against the share of attention that they hold."""
    figure = _empty("share of units, least attention first", "share of attention")
    for place, (subject, curve) in enumerate(_subjects(curves, "lorenz")):
        figure.add_trace(_line(curve["x"], curve["y"], SUBJECTS[subject], place))
    if figure.data:
        thin = {"color": QUIET, "width": 1}
        figure.add_trace(go.Scatter(x=[0, 1], y=[0, 1], mode="lines", name="equality", line=thin))
    shares = {"tickformat": ".0%", "range": [0, 1]}
    return figure.update_layout(xaxis=shares, yaxis=shares)


def rank_size(curves: pd.DataFrame) -> go.Figure:
    """Rank against size on logarithmic axes: a straight line is a power law."""
    figure = _empty("rank", "size")
    for place, (subject, curve) in enumerate(_subjects(curves, "rank_size")):
        figure.add_trace(_line(curve["x"], curve["y"], SUBJECTS[subject], place))
    return figure.update_layout(xaxis={"type": "log"}, yaxis={"type": "log"})


def form_shares(expression: pd.DataFrame, source: str, label: str) -> go.Figure:
    """Share of each form in each period, with its interval as a band; empty if there is only one form."""
    rows = expression[(expression["source"] == source) & (expression["statistic"] == "form_share")]
    figure = _empty("", label)
    if rows["form"].nunique() < 2:
        return figure
    for form, share in rows.groupby("form", sort=False):
        _add_series(figure, share, rows["period"], str(form), FORMS.index(str(form)))
    return _over_time(figure, rows["period"]).update_layout(yaxis={"tickformat": ".0%", "rangemode": "tozero"})


def text_statistics(expression: pd.DataFrame, statistics: Sequence[str], label: str, tickformat: str) -> go.Figure:
    """Statistics of the texts that people wrote, by period, with intervals as bands."""
    rows = expression[(expression["source"] == "written") & expression["statistic"].isin(statistics)]
    figure = _empty("", label)
    for place, (name, mine) in enumerate(rows.groupby("statistic", sort=False)):
        _add_series(figure, mine, rows["period"], str(name), place)
    return _over_time(figure, rows["period"]).update_layout(yaxis={"tickformat": tickformat, "rangemode": "tozero"})


def leaderboard(table: pd.DataFrame, stage: StageParams) -> go.Figure:
    """Every model on the primary metric, best at the top, with intervals; hollow marks are baselines and references."""
    rows = verdicts.main_rows(table)
    metric = verdicts.primary_metric(rows, stage)
    if metric is None:
        return _empty("", "")
    ranked = verdicts.rows_of(rows, metric).iloc[::-1].reset_index(drop=True)
    quiet = ranked["is_baseline"].astype(bool) | ranked["model"].isin(stage.references)
    figure = _empty(f"{metric.label} ({metric.better} is better)", "")
    for name, chosen, colour, symbol in (
        ("model", ~quiet, COLOURS[0], "circle"),
        ("baseline or reference", quiet, QUIET, "circle-open"),
    ):
        if chosen.any():
            figure.add_trace(_points(ranked[chosen], ranked.index[chosen], name, colour, symbol))
    return _one_row_each(figure, list(ranked["model"]))


def training_loss(history: pd.DataFrame) -> go.Figure:
    """Loss on the training rows after each epoch, one line a model."""
    return _by_member(history, "train_loss", "training loss")


def progress(history: pd.DataFrame) -> go.Figure:
    """The validation metric after each epoch, one line a model."""
    names = ", ".join(dict.fromkeys(history["metric_name"].dropna().astype(str)))
    return _by_member(history, "valid_metric", f"validation {names}".replace("_", " "))


def policy_values(table: pd.DataFrame) -> go.Figure:
    """Off-policy estimates of each policy's value with intervals, and a line at the true value where it is known."""
    figure = _empty("value of the policy", "")
    policies = list(dict.fromkeys(table["policy"]))[::-1]
    position = {policy: place for place, policy in enumerate(policies)}
    truth = table.dropna(subset=["true_value"]).drop_duplicates("policy")
    if not truth.empty:
        x, y = _strokes(list(truth["true_value"]), [position[policy] for policy in truth["policy"]])
        figure.add_trace(go.Scatter(x=x, y=y, mode="lines", name="true value", line={"color": QUIET, "width": 2}))
    n_estimators = table["estimator"].nunique()
    for place, (name, rows) in enumerate(table.groupby("estimator", sort=False)):
        shift = 0.6 * (place + 0.5) / n_estimators - 0.3
        y = [position[policy] - shift for policy in rows["policy"]]
        figure.add_trace(_points(rows, y, str(name), COLOURS[place % 8], SYMBOLS[place % 8]))
    return _one_row_each(figure, policies, 56)


def _strokes(values: Sequence[float], rows: Sequence[int]) -> tuple[list[Any], list[Any]]:
    """Upright strokes through rows; None lifts the pen between two of them."""
    x = [at for value in values for at in (value, value, None)]
    y = [at for row in rows for at in (row - 0.36, row + 0.36, None)]
    return x, y


def _empty(x_title: str, y_title: str) -> go.Figure:
    axes = {"xaxis": {"title": x_title}, "yaxis": {"title": y_title}}
    return go.Figure(layout={"template": "none", "width": _WIDTH, "height": _HEIGHT, **axes})


def _line(x: Iterable[Any], y: Iterable[Any], name: str, place: int, *, markers: bool = False) -> go.Scatter:
    look = {"color": COLOURS[place % 8], "dash": DASHES[place % 8], "width": 1.8}
    marker = {"color": COLOURS[place % 8], "symbol": SYMBOLS[place % 8], "size": 6}
    mode = "lines+markers" if markers else "lines"
    return go.Scatter(x=list(x), y=list(y), mode=mode, name=name, line=look, marker=marker)


def _points(rows: pd.DataFrame, y: Any, name: str, colour: str, symbol: str) -> go.Scatter:
    bar = {
        "type": "data",
        "symmetric": False,
        "array": list(rows["upper"] - rows["value"]),
        "arrayminus": list(rows["value"] - rows["lower"]),
        "color": colour,
    }
    marker = {"color": colour, "symbol": symbol, "size": 8}
    return go.Scatter(x=list(rows["value"]), y=list(y), error_x=bar, mode="markers", name=name, marker=marker)


def _add_series(figure: go.Figure, rows: pd.DataFrame, periods: pd.Series, name: str, place: int) -> None:
    """Values over time with their intervals as a band; periods stand at their place in the order of all periods."""
    order = {period: position for position, period in enumerate(sorted(set(periods)))}
    x = [order[period] for period in rows["period"]]
    band = {"fill": "toself", "fillcolor": COLOURS[place % 8], "opacity": 0.15, "line": {"width": 0}}
    y = [*rows["lower"], *rows["upper"][::-1]]
    figure.add_trace(go.Scatter(x=[*x, *x[::-1]], y=y, mode="lines", showlegend=False, hoverinfo="skip", **band))
    figure.add_trace(_line(x, rows["value"], _SERIES.get(name, name.replace("_", " ")), place, markers=True))


def _over_time(figure: go.Figure, periods: pd.Series) -> go.Figure:
    """Periods as labels of the axis, every second or third one if there are many."""
    names = sorted(set(periods))
    step = -(-len(names) // _MOST_LABELS) if names else 1
    return figure.update_layout(xaxis={"tickvals": list(range(len(names)))[::step], "ticktext": names[::step]})


def _by_member(history: pd.DataFrame, column: str, label: str) -> go.Figure:
    figure = _empty("epoch", label)
    for place, (member, rows) in enumerate(history.dropna(subset=[column]).groupby("member", sort=False)):
        figure.add_trace(_line(rows["epoch"], rows[column], str(member), place, markers=True))
    return figure


def _one_row_each(figure: go.Figure, names: list[str], height: int = _ROW_HEIGHT) -> go.Figure:
    axis = {"tickvals": list(range(len(names))), "ticktext": names, "range": [-0.6, len(names) - 0.4]}
    return figure.update_layout(height=max(120, 70 + height * len(names)), yaxis=axis)


def _subjects(curves: pd.DataFrame, kind: str) -> list[tuple[str, pd.DataFrame]]:
    rows = curves[curves["curve"] == kind]
    return [(str(subject), curve) for subject, curve in rows.groupby("subject", sort=False)]
