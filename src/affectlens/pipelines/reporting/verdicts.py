"""Who won: each stage's best model against its best baseline, and every model that lost against one."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from . import wording
from .blocks import each
from .params import MetricParams, StageParams
from .texts import Text, code, say

Row = Mapping[str, Any]
Outcome = Literal["ahead", "maybe_ahead", "level", "maybe_behind", "behind"]
PAIRED = "paired"
SIGNIFICANCE = 0.05  # goes with intervals of 95 %


@dataclass(frozen=True)
class Pair:
    """Value of `model` minus that of `other` on one metric, unit by unit, with its p-value (NaN if there is none)."""

    model: str
    other: str
    metric: str
    difference: Row
    p_value: float

    @property
    def is_clear(self) -> bool:
        """The interval excludes 0, and no p-value says otherwise."""
        excludes_zero = self.difference["lower"] > 0 or self.difference["upper"] < 0
        return bool(excludes_zero and not self.p_value >= SIGNIFICANCE)


@dataclass(frozen=True)
class Contest:
    """A model beside a baseline on one metric, and their paired difference where the stage measured it."""

    metric: MetricParams
    model: Row
    baseline: Row
    paired: Pair | None

    @property
    def outcome(self) -> Outcome:
        """How the model stands; `maybe_` where the data do not tell the two apart."""
        gap = self._sign * (self.model["value"] - self.baseline["value"])
        if gap == 0:
            return "level"
        if gap > 0:
            return "ahead" if self.is_clear else "maybe_ahead"
        return "behind" if self.is_clear else "maybe_behind"

    @property
    def is_clear(self) -> bool:
        """Whether the data tell the two apart: by their paired difference, else by intervals that lie apart."""
        if self.paired is not None:
            return self.paired.is_clear
        return bool(self.model["lower"] > self.baseline["upper"] or self.baseline["lower"] > self.model["upper"])

    @property
    def _sign(self) -> float:
        return 1.0 if self.metric.better == "higher" else -1.0


def is_pair(leaderboard: pd.DataFrame) -> pd.Series:
    """Which rows compare two models unit by unit instead of telling about one."""
    return (leaderboard["protocol"] == PAIRED) | leaderboard["model"].str.contains(" - ", regex=False)


def main_rows(leaderboard: pd.DataFrame) -> pd.DataFrame:
    """The rows that a reader sees first: of the test split if it is there, of the first protocol and seed."""
    rows = leaderboard[~is_pair(leaderboard)] if len(leaderboard) else leaderboard
    if rows.empty:
        return rows
    split = "test" if (rows["split"] == "test").any() else rows["split"].iloc[0]
    rows = rows[rows["split"] == split]
    for column in ("protocol", "seed", "dataset"):
        rows = rows[rows[column] == rows[column].iloc[0]]
    return rows


def primary_metric(rows: pd.DataFrame, stage: StageParams) -> MetricParams | None:
    """The first metric of the stage of which these rows hold a number."""
    held = set(rows.loc[rows["value"].notna(), "metric"])
    return next((metric for metric in stage.metrics if metric.name in held), None)


def rows_of(rows: pd.DataFrame, metric: MetricParams) -> pd.DataFrame:
    """The defined rows of one metric, best first; equal values keep the order of the leaderboard."""
    mine = rows[(rows["metric"] == metric.name) & rows["value"].notna()]
    return mine.sort_values("value", ascending=metric.better == "lower", kind="stable")


def competitors(rows: pd.DataFrame, stage: StageParams, *, baselines: bool) -> pd.DataFrame:
    """The rows of models, or of baselines, that compete: references (limits, ceilings) do not."""
    return rows[(rows["is_baseline"].astype(bool) == baselines) & ~rows["model"].isin(stage.references)]


def contests(leaderboard: pd.DataFrame, stage: StageParams, metrics: Sequence[MetricParams]) -> list[Contest]:
    """Every model against the best baseline, metric by metric, best model first; none without a baseline."""
    shown, differences = main_rows(leaderboard), pairs(leaderboard)
    found = []
    for metric in metrics:
        ranked = rows_of(shown, metric)
        models, baselines = (each(competitors(ranked, stage, baselines=flag)) for flag in (False, True))
        for baseline in baselines[:1]:
            found += [
                Contest(metric, model, baseline, _pair_of(differences, model, baseline, metric)) for model in models
            ]
    return found


def contest(leaderboard: pd.DataFrame, stage: StageParams) -> Contest | None:
    """The best model against the best baseline on the primary metric; None if either is missing."""
    metric = primary_metric(main_rows(leaderboard), stage)
    return None if metric is None else next(iter(contests(leaderboard, stage, [metric])), None)


def losses(leaderboard: pd.DataFrame, stage: StageParams) -> list[Contest]:
    """Every model on every shown metric whose value is worse than the best baseline's."""
    return [duel for duel in contests(leaderboard, stage, stage.metrics) if duel.outcome in ("maybe_behind", "behind")]


def sentence(duel: Contest) -> Text:
    """The result of a stage in plain words."""
    metric, model, baseline = duel.metric, duel.model, duel.baseline
    standing = say(
        "{model} reaches {metric} {value}, the best baseline, {baseline}, {theirs} ({direction}; n = {n}).",
        model=code(model["model"]),
        metric=metric.label,
        value=wording.estimate(model),
        baseline=code(baseline["model"]),
        theirs=wording.estimate(baseline),
        direction=DIRECTIONS[metric.better],
        n=wording.count(model["n"]),
    )
    return [*_OPENING[duel.outcome], standing, _evidence(duel)]


def pairs(leaderboard: pd.DataFrame) -> list[Pair]:
    """The paired differences of a leaderboard, in either of their spellings.

    A row is named `ours - theirs` and carries the metric, or is named `ours` and carries
    `difference:<metric>:<theirs>`.
    """
    rows = each(leaderboard[is_pair(leaderboard) & leaderboard["value"].notna()])
    values = {(row["model"], row["metric"], row["split"], row["seed"]): row["value"] for row in rows}
    found = []
    for row in rows:
        if spelt := _spelling(row["model"], row["metric"]):
            ours, theirs, metric, p_names = spelt
            keys = [(row["model"], name, row["split"], row["seed"]) for name in p_names]
            p_value = next((values[key] for key in keys if key in values), float("nan"))
            found.append(Pair(ours, theirs, metric, row, p_value))
    return found


def _spelling(model: str, metric: str) -> tuple[str, str, str, tuple[str, ...]] | None:
    """Ours, theirs, the metric and the names that its p-value may have; None for a row that is no difference."""
    if " - " in model:
        ours, theirs = model.split(" - ", 1)
        return None if metric.endswith("_p_value") else (ours, theirs, metric, (f"{metric}_p_value",))
    if metric.startswith("difference:"):
        what = metric.removeprefix("difference:")
        name, theirs = what.rsplit(":", 1)
        return model, theirs, name, (f"p_holm:{what}", f"p:{what}")
    return None


def _pair_of(differences: Sequence[Pair], model: Row, baseline: Row, metric: MetricParams) -> Pair | None:
    """The paired difference of two models on the split and seed that are shown."""
    wanted = (model["model"], baseline["model"], model["split"], model["seed"])
    names = {metric.name, metric.name.removeprefix("value:")}
    fitting = (
        pair
        for pair in differences
        if (pair.model, pair.other, pair.difference["split"], pair.difference["seed"]) == wanted
        and pair.metric in names
    )
    return next(fitting, None)


def _evidence(duel: Contest) -> Text:
    if duel.outcome == "level":
        return "The two values are the same."
    doubt = ["So this run alone does not show that the model is better."] if duel.outcome == "maybe_ahead" else []
    if duel.paired is None:
        return ["The two intervals lie apart." if duel.is_clear else "The two intervals overlap.", *doubt]
    difference = wording.estimate(duel.paired.difference)
    if math.isnan(duel.paired.p_value):
        return [say("Unit by unit the difference is {difference}.", difference=difference), *doubt]
    p_value = wording.p_value(duel.paired.p_value)
    return [say("Unit by unit the difference is {difference}, p {p}.", difference=difference, p=p_value), *doubt]


DIRECTIONS = {"higher": "higher is better", "lower": "lower is better"}
_OPENING: dict[Outcome, list[Text]] = {
    "ahead": [],
    "maybe_ahead": [],
    "level": ["No model beats the baselines."],
    "maybe_behind": ["No model beats the baselines."],
    "behind": ["The baseline wins."],
}
