"""Which goals a generator meets, and by how much it misses the others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import pandas as pd
from pydantic import Field

from affectlens.params import Params

GOAL_COLUMNS = ("model", "is_chosen", "metric", "wanted", "bound", "value", "spread", "margin", "is_met", "n_seeds")


class GoalParams(Params):
    """A bound that a metric of the leaderboard should keep, in the mean over the seeds."""

    metric: str
    wanted: Literal["at_least", "at_most"]
    bound: float = Field(description="value that still meets the goal")


def goal_table(leaderboard: pd.DataFrame, goals: Sequence[GoalParams], chosen: str) -> pd.DataFrame:
    """One row a model and goal, the chosen model first.

    Args:
        leaderboard: rows of models, one a seed.
        goals: the bounds.
        chosen: the model that is handed on.

    Returns:
        GOAL_COLUMNS: `spread` is the standard deviation over the seeds (NaN for one), `margin` how far the mean lies
        on the good side of the bound (negative: missed by so much), `is_met` whether it does. A value that one seed
        lacks is NaN, which meets nothing.

    >>> rows = pd.DataFrame({"model": ["a", "a"], "metric": ["m", "m"], "value": [0.8, 1.0], "seed": [1, 2]})
    >>> goal_table(rows, [GoalParams(metric="m", wanted="at_least", bound=0.85)], "a").round(2).iloc[0].to_dict()
    ... # doctest: +NORMALIZE_WHITESPACE
    {'model': 'a', 'is_chosen': True, 'metric': 'm', 'wanted': 'at_least', 'bound': 0.85, 'value': 0.9, 'spread': 0.14,
     'margin': 0.05, 'is_met': True, 'n_seeds': 2}
    """
    rows = [
        _row(model, goal, values[values["metric"] == goal.metric], is_chosen=str(model) == chosen)
        for model, values in leaderboard.groupby("model", sort=False)
        for goal in goals
    ]
    table = pd.DataFrame(rows, columns=list(GOAL_COLUMNS))
    return table.sort_values("is_chosen", ascending=False, kind="stable").reset_index(drop=True)


def _row(model: object, goal: GoalParams, found: pd.DataFrame, *, is_chosen: bool) -> dict[str, object]:
    value = float(found["value"].mean(skipna=False))
    margin = value - goal.bound if goal.wanted == "at_least" else goal.bound - value
    return {
        "model": model,
        "is_chosen": is_chosen,
        **goal.model_dump(),
        "value": value,
        "spread": float(found["value"].std(skipna=False)),
        "margin": margin,
        "is_met": bool(margin >= 0),
        "n_seeds": found["seed"].nunique(),
    }
