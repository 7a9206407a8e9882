"""Who won: each stage's best model against its best baseline, and every model that lost against one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from . import wording
from .blocks import each
from .params import MetricParams, StageParams

Row = Mapping[str, Any]
Outcome = Literal["ahead", "maybe_ahead", "level", "maybe_behind", "behind"]


@dataclass(frozen=True)
class Contest:
    """A model beside a baseline on one metric. `outcome` is the model's; `maybe_` means that the intervals overlap."""

    metric: MetricParams
    model: Row
    baseline: Row
    outcome: Outcome


def main_rows(leaderboard: pd.DataFrame) -> pd.DataFrame:
    """The rows that a reader sees first: of the test split if it is there, of the first protocol and seed."""
    if leaderboard.empty:
        return leaderboard
    split = "test" if (leaderboard["split"] == "test").any() else leaderboard["split"].iloc[0]
    rows = leaderboard[leaderboard["split"] == split]
    for column in ("protocol", "seed", "dataset"):
        rows = rows[rows[column] == rows[column].iloc[0]]
    return rows


def primary_metric(rows: pd.DataFrame, stage: StageParams) -> MetricParams | None:
    """The first metric of the stage of which its leaderboard holds a number."""
    held = set(rows.loc[rows["value"].notna(), "metric"])
    return next((metric for metric in stage.metrics if metric.name in held), None)


def rows_of(rows: pd.DataFrame, metric: MetricParams) -> pd.DataFrame:
    """The defined rows of one metric, best first; equal values keep the order of the leaderboard."""
    mine = rows[(rows["metric"] == metric.name) & rows["value"].notna()]
    return mine.sort_values("value", ascending=metric.better == "lower", kind="stable")


def competitors(rows: pd.DataFrame, stage: StageParams, *, baselines: bool) -> pd.DataFrame:
    """The rows of models, or of baselines, that compete: references (limits, ceilings) do not."""
    return rows[(rows["is_baseline"].astype(bool) == baselines) & ~rows["model"].isin(stage.references)]


def contest(rows: pd.DataFrame, stage: StageParams) -> Contest | None:
    """The best model against the best baseline on the primary metric; None if either is missing."""
    metric = primary_metric(rows, stage)
    if metric is None:
        return None
    ranked = rows_of(rows, metric)
    models, baselines = (each(competitors(ranked, stage, baselines=flag)) for flag in (False, True))
    if not models or not baselines:
        return None
    return Contest(metric, models[0], baselines[0], outcome(models[0], baselines[0], metric))


def outcome(model: Row, baseline: Row, metric: MetricParams) -> Outcome:
    """How a model stands to a baseline; sure only if their intervals lie apart."""
    sign = 1.0 if metric.better == "higher" else -1.0
    gap = sign * (model["value"] - baseline["value"])
    if gap == 0:
        return "level"
    overlap = model["lower"] <= baseline["upper"] and baseline["lower"] <= model["upper"]
    if gap > 0:
        return "maybe_ahead" if overlap else "ahead"
    return "maybe_behind" if overlap else "behind"


def sentence(duel: Contest) -> str:
    """The result of a stage in plain words."""
    metric, model, baseline = duel.metric, duel.model, duel.baseline
    mine = f"`{model['model']}` reaches {metric.label} {wording.estimate(model)}"
    theirs = f"the best baseline, `{baseline['model']}`, {wording.estimate(baseline)}"
    direction = f" ({metric.better} is better; n = {wording.count(model['n'])})"
    return f"{_OPENING[duel.outcome]}{mine}, {theirs}{direction}. {_CLOSING[duel.outcome]}"


def losses(rows: pd.DataFrame, stage: StageParams) -> list[Contest]:
    """Every model on every shown metric whose value is worse than the best baseline's."""
    lost = []
    for metric in stage.metrics:
        ranked = rows_of(rows, metric)
        best = each(competitors(ranked, stage, baselines=True).head(1))
        duels = [
            Contest(metric, model, baseline, outcome(model, baseline, metric))
            for baseline in best
            for model in each(competitors(ranked, stage, baselines=False))
        ]
        lost += [duel for duel in duels if duel.outcome in ("maybe_behind", "behind")]
    return lost


_OPENING: dict[Outcome, str] = {
    "ahead": "",
    "maybe_ahead": "",
    "level": "No model beats the baselines. ",
    "maybe_behind": "No model beats the baselines. ",
    "behind": "The baseline wins. ",
}
_CLOSING: dict[Outcome, str] = {
    "ahead": "The two intervals lie apart.",
    "maybe_ahead": "The two intervals overlap, so this run alone does not show that the model is better.",
    "level": "The two values are the same.",
    "maybe_behind": "The two intervals overlap.",
    "behind": "The two intervals lie apart.",
}
