"""The sections of the modelling stages: leaderboard, learning curves, and what is particular to one of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from affectlens.exhibits import Exhibit

from . import seeds, verdicts, wording
from .blocks import (
    Block,
    Cell,
    Section,
    code_cell,
    each,
    estimate_cell,
    fact,
    full_table,
    heading,
    records,
    section,
    table,
    verbatim,
)
from .exhibited import blocks_of
from .params import EnvironmentStages, ExamplesParams, MetricParams, StageParams
from .sections import absence
from .texts import Text, code, say


def stage_section(
    leaderboard: pd.DataFrame,
    fitted: Sequence[Exhibit],
    params: StageParams,
    stages: EnvironmentStages,
    details: Iterable[Block | None] = (),
) -> Section:
    """The section of a modelling stage; one sentence says why if it has no results.

    Args:
        leaderboard: every number of the stage.
        fitted: how the models stand, and how they were fitted.
        params: how the stage is told.
        stages: what runs in the environment, and why the rest does not.
        details: what only this stage shows.
    """
    name = params.pipeline.removesuffix("_training")
    if leaderboard.empty:
        lead = [params.question, absence(params.pipeline, stages)]
        return section(name, params.title, lead, [], numbers={"leaderboard": []})
    rows = verdicts.main_rows(leaderboard)
    duel = verdicts.contest(leaderboard, params)
    verdict = None if duel is None else {"outcome": duel.outcome, "sentence": verdicts.sentence(duel)}
    lead = [params.question, [_what_is_shown(rows, leaderboard), seeds.seeds_sentence(leaderboard, params)]]
    blocks = [
        leaderboard_table(rows, params, say("{stage}: leaderboard, with 95 % intervals", stage=params.title)),
        seeds.seeds_table(leaderboard, params),
        *_other_tables(leaderboard, rows, params),
        _metric_table(leaderboard, params),
        *blocks_of(fitted),
        paired_table(leaderboard),
        *details,
        full_table(leaderboard, f"{name}_leaderboard"),
    ]
    numbers = {"leaderboard": records(leaderboard)}
    return section(name, params.title, lead, blocks, verdict=verdict, facts=_stage_facts(duel, params), numbers=numbers)


def _other_tables(leaderboard: pd.DataFrame, rows: pd.DataFrame, params: StageParams) -> list[Block | None]:
    """Leaderboards of metrics that only other protocols measure."""
    wanted = {metric.name for metric in params.metrics} - set(rows["metric"])
    others = leaderboard[leaderboard["metric"].isin(wanted) & ~verdicts.is_pair(leaderboard)]
    return [
        leaderboard_table(
            found, params, say(_OTHER, stage=params.title, protocol=code(str(protocol)), split=code(str(split)))
        )
        for (protocol, split), found in others.groupby(["protocol", "split"], sort=False)
    ]


def leaderboard_table(rows: pd.DataFrame, params: StageParams, caption: Text) -> Block | None:
    """Models down, the stage's metrics across, best first; the best competitor of each metric is marked."""
    metrics = [metric for metric in params.metrics if metric.name in set(rows["metric"])]
    if not metrics:
        return None
    ranked = {metric.name: verdicts.rows_of(rows, metric) for metric in metrics}
    order = dict.fromkeys(model for metric in metrics for model in ranked[metric.name]["model"])
    best = {name: _best(found, params) for name, found in ranked.items()}
    lookup = {name: {row["model"]: row for row in each(found)} for name, found in ranked.items()}
    baselines = set(rows.loc[rows["is_baseline"].astype(bool), "model"])
    body: list[list[Cell]] = []
    for model in order:
        tag = "reference" if model in params.references else "baseline" if model in baselines else ""
        cells = [_cell(lookup[metric.name].get(model), best=best[metric.name] == model) for metric in metrics]
        body.append([code_cell(model, tag), *cells, _n_of(model, metrics, lookup)])
    measured = [say("{metric}\u00a0{arrow}", metric=metric.label, arrow=_ARROWS[metric.better]) for metric in metrics]
    columns = ["Model", *measured, "n"]
    return table(caption, columns, body)


def _n_of(model: str, metrics: Sequence[MetricParams], lookup: Mapping[str, Mapping[str, verdicts.Row]]) -> Cell:
    """Units behind the first metric that the model has."""
    return wording.count(next(lookup[each.name][model]["n"] for each in metrics if model in lookup[each.name]))


def _metric_table(rows: pd.DataFrame, params: StageParams) -> Block | None:
    shown = [metric for metric in params.metrics if metric.name in set(rows["metric"])]
    body: list[list[Cell]] = [[metric.label, metric.meaning, verdicts.DIRECTIONS[metric.better]] for metric in shown]
    return table("What the columns mean", ["Metric", "Meaning", "Direction"], body, text_columns=3, folded=True)


def _best(found: pd.DataFrame, params: StageParams) -> str | None:
    competing = found[~found["model"].isin(params.references)]
    return None if competing.empty else str(competing["model"].iloc[0])


def _cell(row: dict[str, Any] | None, *, best: bool) -> Cell:
    return wording.ABSENT if row is None else estimate_cell(row, best=best)


def _what_is_shown(rows: pd.DataFrame, leaderboard: pd.DataFrame) -> Text:
    first = rows.iloc[0]
    facts = {name: code(first[name]) for name in ("split", "protocol")}
    shown = say("Shown is the {split} split by protocol {protocol}, seed {seed}.", seed=str(first["seed"]), **facts)
    others = len(leaderboard) > len(rows)
    return [shown, "What belongs to other splits, protocols or seeds stands below."] if others else shown


def _stage_facts(duel: verdicts.Contest | None, params: StageParams) -> list[dict[str, Any]]:
    """The best model's number for the cards, which also say if a baseline is better."""
    if duel is None:
        return []
    row, is_behind = duel.model, duel.outcome in ("behind", "maybe_behind")
    bounds = wording.interval(row["value"], row["lower"], row["upper"])
    names = {"stage": params.title, "model": row["model"], "baseline": duel.baseline["model"]}
    note = say("{stage}: {model}, behind {baseline}" if is_behind else "{stage}: {model}", **names)
    return [fact(duel.metric.label, wording.number(row["value"]), bounds, note)]


def examples_blocks(examples: pd.DataFrame, params: ExamplesParams) -> list[Block | None]:
    """Texts that the best model was surest about, right and wrong."""
    if examples.empty or params.n_each == 0:
        return []
    ranked = examples.sort_values("probability", ascending=False, kind="stable")
    right = ranked["is_right"].astype(bool)
    parts = ((~right, "Wrong, although the model was sure"), (right, "Right, and the model was sure"))
    tables = [_examples_table(ranked[chosen].head(params.n_each), caption, params) for chosen, caption in parts]
    return [heading("Examples from the scored texts"), *tables]


def _examples_table(rows: pd.DataFrame, caption: str, params: ExamplesParams) -> Block | None:
    body: list[list[Cell]] = [
        [{"text": _cut(row["text"], params.max_characters), "user_text": True}, _labels(row["labels"]),
         _labels(row["predicted"]), wording.number(row["probability"])]
        for row in each(rows)
    ]  # fmt: skip
    return table(caption, ["Text", "Labels", "Predicted", "Probability"], body, text_columns=3)


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def _labels(value: Any) -> Cell:
    return verbatim(value if isinstance(value, str) else ", ".join(map(str, value)) or "none")


def paired_table(leaderboard: pd.DataFrame) -> Block | None:
    """The rows that compare two models unit by unit, which say more than two intervals side by side."""
    body: list[list[Cell]] = [
        [code_cell(pair.model), code_cell(pair.other), code_cell(pair.metric), "yes" if pair.is_clear else "no",
         estimate_cell(pair.difference), wording.p_value(pair.p_value).removeprefix("= "),
         wording.count(pair.difference["n"])]
        for pair in verdicts.pairs(leaderboard)
    ]  # fmt: skip
    columns = ["Model", "Against", "Metric", "Clear", "Difference", "p", "n"]
    folded = len(body) > _MOST_PAIRS
    return table("Paired comparisons, unit by unit", columns, body, text_columns=4, folded=folded)


def flagged_sentence(policy_values: pd.DataFrame) -> list[Text]:
    """How many off-policy estimates bear no verdict, as one sentence or none."""
    n = 0 if policy_values.empty else int((~policy_values["is_healthy"].astype(bool)).sum())
    told = "{n} of {all} off-policy estimates bear no verdict: a health check fails."
    return [say(told, n=str(n), all=str(len(policy_values)))] if n else []


_MOST_PAIRS = 12  # with more of them, the table opens on demand
_OTHER = "{stage}: {protocol} on {split}, with 95 % intervals"
_ARROWS = {"higher": "↑", "lower": "↓"}
