"""What every modelling stage shows alike: how its models stand, and how their fits went."""

from __future__ import annotations

import pandas as pd

from affectlens.exhibits import Axis, Curves, Exhibit, Intervals, intervals_of, series_of

from . import verdicts
from .params import StageParams

_EPOCH = Axis(label="epoch")
_HIGHER = "Higher is better."  # every fit stops by a metric that rises
_METRICS = {
    "map": "mean average precision",
    "minus_next_utterance_nll": "log-likelihood of the next utterance",
    "minus_joint_mmd2": "minus squared MMD to real contents",
    "ndcg@10": "NDCG@10",
}


def standing(leaderboard: pd.DataFrame, params: StageParams) -> list[Exhibit]:
    """Every model on the metric that decides, best first, with intervals; none without a number."""
    rows = verdicts.main_rows(leaderboard)
    metric = verdicts.primary_metric(rows, params)
    if metric is None:
        return []
    ranked = verdicts.rows_of(rows, metric)
    groups = ranked["is_baseline"].astype(bool).map({False: "model", True: "baseline"})
    groups = groups.mask(ranked["model"].isin(params.references), "reference")
    axis, note = Axis(label=metric.label), f"{verdicts.DIRECTIONS[metric.better].capitalize()}."
    named = ranked.assign(name=ranked["model"], group=groups)
    return [Intervals(title="Models on the metric that decides", note=note, axis=axis, rows=intervals_of(named))]


def learning(history: pd.DataFrame) -> list[Exhibit]:
    """Validation metric and training loss of every fit by epoch; a chart for each metric, since they share no scale."""
    if history.empty:
        return []
    judged = [
        _curves(rows, "valid_metric", "Validation metric after each epoch", _axis_of(str(name)), _HIGHER)
        for name, rows in history.groupby("metric_name", sort=False)
    ]
    lost = _curves(history, "train_loss", "Training loss after each epoch", Axis(label="training loss"), "")
    return [curve for curve in (*judged, lost) if curve.series]


def _axis_of(metric: str) -> Axis:
    return Axis(label=_METRICS.get(metric, metric))


def _curves(history: pd.DataFrame, column: str, title: str, axis: Axis, note: str) -> Curves:
    return Curves(title=title, x=_EPOCH, y=axis, note=note, series=series_of(_points(history, _fits(history), column)))


def _fits(history: pd.DataFrame) -> pd.Series:
    """The name of each row's fit: its member, with the seed where there are several."""
    members = history["member"].astype(str)
    if "seed" not in history or history["seed"].nunique() < 2:
        return members
    return members + ", seed " + history["seed"].astype(str)


def _points(history: pd.DataFrame, series: pd.Series, column: str) -> pd.DataFrame:
    return history.assign(series=series, x=history["epoch"], y=history[column]).dropna(subset=["y"])
