"""What a leaderboard says about the spread over seeds of fitting."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from . import verdicts, wording
from .blocks import Block, Cell, code_cell, table
from .params import MetricParams, StageParams
from .texts import Text, say


def seeds_of(leaderboard: pd.DataFrame) -> list[int]:
    """The seeds of the rows that a reader sees first, in their order."""
    return [int(seed) for seed in dict.fromkeys(_rows(leaderboard)["seed"])]


def seeds_sentence(leaderboard: pd.DataFrame, params: StageParams) -> Text:
    """How many seeds were fitted, and in how many of them the best model is ahead of the best baseline."""
    n = len(seeds_of(leaderboard))
    if n < 2:
        return "One seed was fitted, so this says nothing about the spread over seeds."
    duels = [verdicts.contest(board, params) for _, board in leaderboard.groupby("seed", sort=False)]
    ahead = sum(duel is not None and duel.outcome in ("ahead", "maybe_ahead") for duel in duels)
    told = "{n} seeds were fitted; the best model of a seed is ahead of the best baseline in {ahead} of them."
    return say(told, n=str(n), ahead=str(ahead))


def seeds_table(leaderboard: pd.DataFrame, params: StageParams) -> Block | None:
    """Mean and standard deviation over seeds of every model that was fitted more than once, below the references."""
    rows = _rows(leaderboard)
    metrics = [metric for metric in params.metrics if metric.name in set(rows["metric"])]
    fitted = rows.groupby("model", sort=False)["seed"].nunique()
    if not (fitted > 1).any():
        return None
    body: list[list[Cell]] = [
        [code_cell(str(model), tag), *_cells(rows[rows["model"] == model], metrics), wording.count(n)]
        for model, n in fitted.items()
        if (tag := "reference" if model in params.references else "") or n > 1
    ]
    caption = say("{stage}: mean ± standard deviation over seeds, with the lowest and the highest", stage=params.title)
    return table(caption, ["Model", *(metric.label for metric in metrics), "Seeds"], body)


def _rows(leaderboard: pd.DataFrame) -> pd.DataFrame:
    """The rows of the main split and protocol, of every seed."""
    main = verdicts.main_rows(leaderboard)
    if main.empty:
        return main
    first = main.iloc[0]
    same = (leaderboard["split"] == first["split"]) & (leaderboard["protocol"] == first["protocol"])
    return leaderboard[same & (leaderboard["dataset"] == first["dataset"]) & ~verdicts.is_pair(leaderboard)]


def _cells(rows: pd.DataFrame, metrics: Sequence[MetricParams]) -> list[Cell]:
    return [_cell(rows.loc[rows["metric"] == metric.name, "value"].dropna()) for metric in metrics]


def _cell(values: pd.Series) -> Cell:
    if values.empty:
        return wording.ABSENT
    mean = float(values.mean())
    spread = wording.number(float(values.std(ddof=1)), mean) if len(values) > 1 else wording.ABSENT
    bounds = wording.interval(mean, float(values.min()), float(values.max()))
    return {"text": f"{wording.number(mean)} ± {spread}", "interval": bounds}
