"""The sections about data, attention, expression and the chain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from . import wording
from .blocks import (
    Block,
    Cell,
    Section,
    code_cell,
    each,
    estimate_cell,
    fact,
    records,
    section,
    span,
    table,
    verbatim,
)
from .params import EnvironmentStages
from .texts import Text, code, say

_ADDS_UP = "Of {read} rows read, {accepted} were accepted and {rejected} rejected, so no row was lost."
_ROWS_LOST = "Of {read} rows read, {accepted} were accepted and {rejected} rejected: rows were lost."
_LINKS = {  # of a link that does not carry, and of one that does
    "distance_of_r_beyond_redraw": (
        "When users exchange their emotion states, R does not move further than when the noise is drawn again: "
        "distance beyond it {value}.",
        "When users exchange their emotion states, R moves further than when the noise is drawn again: distance beyond "
        "it {value}.",
    ),
    "emotion_agreement_lost": (
        "R loses no emotion of its user by this exchange that could be told from chance: {value}.",
        "R loses emotion of its user by this exchange: {value}.",
    ),
    "ndcg10_lost": (
        "With noise for what was generated, NDCG@10 loses nothing that could be told from chance: {value}.",
        "With noise for what was generated, NDCG@10 loses {value}.",
    ),
    "comprehensiveness_beyond_attention": (
        "The events that are named as reasons carry a recommendation no more than those that attention names: {value}.",
        "Without the events that are named as reasons a recommendation loses more of its likelihood than without those "
        "that attention names: {value} of it.",
    ),
}
_MOST_REASONS = 12  # with more of them, the table opens on demand


def stages_of(stages: Mapping[str, Any], environment: str) -> EnvironmentStages:
    """The row of an environment in the table `stages`.

    Raises:
        ValueError: the environment has no row.
    """
    if environment not in stages:
        raise ValueError(f"environment {environment!r} has no row in `stages`; rows: {sorted(stages)}")
    return EnvironmentStages.model_validate(stages[environment])


def absence(stage: str, stages: EnvironmentStages) -> Text:
    """One sentence on why a stage has nothing to show."""
    if stage in stages.skips:
        told = "The stage {stage} does not run in this environment: {why}."
        return say(told, stage=code(stage), why=stages.skips[stage])
    if stage in stages.runs:
        return say("The stage {stage} belongs to this environment, but has left no results yet.", stage=code(stage))
    return say("The stage {stage} does not belong to this environment.", stage=code(stage))


def run_section(
    stages: EnvironmentStages, environment: str, dataset: str, seed: int, evidence: Mapping[str, pd.DataFrame]
) -> Section:
    """What ran on which data. `evidence` holds a table of results for the stages that leave one."""
    names = [*stages.runs, *(name for name in stages.skips if name not in stages.runs)]
    rows: list[list[Cell]] = [[code_cell(name), *_stage_cells(name, stages, evidence)] for name in names]
    caption = say("The stages of environment {environment}", environment=environment)
    place = {"environment": code(environment), "dataset": code(dataset), "seed": str(seed)}
    lead = [say("Environment {environment}, dataset {dataset}, seed {seed}.", **place)]
    stage_table = table(caption, ["Stage", "Here", "Result or reason", "Run id"], rows, text_columns=4)
    numbers = {"environment": environment, "dataset": dataset, "seed": seed, "stages": stages.model_dump(mode="json")}
    ids = [found["run_id"] for found in evidence.values() if "run_id" in found]
    numbers["run_ids"] = sorted(set().union(*ids))
    return section("run", "What ran, on which data", lead, [stage_table], numbers=numbers)


def _stage_cells(name: str, stages: EnvironmentStages, evidence: Mapping[str, pd.DataFrame]) -> list[Cell]:
    if name not in stages.runs:
        return [{"text": "skipped", "tag": "skipped"}, stages.skips[name], ""]
    found = evidence.get(name)
    if found is None:
        return [{"text": "runs", "tag": "runs"}, "", ""]
    if found.empty:
        return [{"text": "runs", "tag": "runs"}, "no results found", ""]
    ids = sorted(set(found["run_id"])) if "run_id" in found else []
    return [{"text": "runs", "tag": "runs"}, _result(found), {"text": ", ".join(ids), "code": True}]


def _result(found: pd.DataFrame) -> Text:
    if "read" in found:
        return say("{n} rows read", n=wording.count(found["read"].sum()))
    if "check" in found:
        return say("{n} checks of the chain", n=wording.count(len(found)))
    models, numbers = wording.count(found["model"].nunique()), wording.count(len(found))
    return say("{models} models and comparisons, {numbers} numbers", models=models, numbers=numbers)


def accounting_section(
    row_accounting: pd.DataFrame, rejected_rows: pd.DataFrame, tables: Mapping[str, pd.DataFrame]
) -> Section:
    """Every row that was read: accepted or refused, and why."""
    if row_accounting.empty:
        return section("accounting", "Row accounting", ["Ingestion has left no row counts yet."], [], numbers={})
    read, accepted, rejected = (int(row_accounting[name].sum()) for name in ("read", "accepted", "rejected"))
    counts = {"read": read, "accepted": accepted, "rejected": rejected}
    template = _ADDS_UP if read == accepted + rejected else _ROWS_LOST
    lead = [say(template, **{name: wording.count(n) for name, n in counts.items()})]
    reasons = rejected_rows.groupby(["source", "reason"], sort=True).size().reset_index(name="rows")
    blocks = [_accounting_table(row_accounting), _reason_table(reasons), _data_table(tables)]
    rejected_share = say("{share} rejected", share=wording.share(rejected / max(read, 1)))
    facts = [fact("rows read", wording.count(read), note=rejected_share)]
    facts += [fact(name, wording.count(len(frame))) for name, frame in tables.items() if len(frame)]
    numbers = {"row_accounting": records(row_accounting), "reasons": records(reasons)}
    return section("accounting", "Row accounting", lead, blocks, facts=facts, numbers=numbers)


def _accounting_table(row_accounting: pd.DataFrame) -> Block | None:
    rows: list[list[Cell]] = [
        [code_cell(row["source"]), *(wording.count(row[name]) for name in ("read", "accepted", "rejected")),
         wording.share(row["rejected"] / row["read"] if row["read"] else float("nan"))]
        for row in each(row_accounting)
    ]  # fmt: skip
    return table("Rows by source", ["Source", "Read", "Accepted", "Rejected", "Rejected share"], rows)


def _reason_table(reasons: pd.DataFrame) -> Block | None:
    rows: list[list[Cell]] = [
        [code_cell(row["source"]), verbatim(row["reason"]), wording.count(row["rows"])] for row in each(reasons)
    ]
    caption = "Why rows were rejected"
    return table(caption, ["Source", "Reason", "Rows"], rows, text_columns=2, folded=len(rows) > _MOST_REASONS)


def _data_table(tables: Mapping[str, pd.DataFrame]) -> Block | None:
    rows: list[list[Cell]] = []
    for name, frame in tables.items():
        rows.append([code_cell(name), wording.count(len(frame)), *(span(frame) or ("", ""))])
    return table("The accepted tables", ["Table", "Rows", "From", "To"], rows)


def weak_links(chain_checks: pd.DataFrame) -> list[Text]:
    """The links of the chain that carry nothing that can be told from chance."""
    return [_link(row) for row in each(chain_checks) if row["quantity"] in _LINKS and not row["lower"] > 0]


def _link(row: Mapping[str, Any]) -> Text:
    return say(_LINKS[row["quantity"]][bool(row["lower"] > 0)], value=wording.estimate(row))


def inference_section(
    chain_checks: pd.DataFrame, recommendations: pd.DataFrame, details: list[Block | None], stages: EnvironmentStages
) -> Section:
    """What the whole chain recommends, and whether its links carry anything."""
    if chain_checks.empty and recommendations.empty:
        return section("inference", "The chain", [absence("inference", stages)], [], numbers={})
    users, contents = recommendations["user_id"].nunique(), recommendations["content_id"].nunique()
    template = "{users} users were recommended {contents} different contents."
    lead = [say(template, users=wording.count(users), contents=wording.count(contents))]
    lead += [_link(row) for row in each(chain_checks) if row["quantity"] in _LINKS]
    rows: list[list[Cell]] = [
        [wording.plain(row["check"]), wording.plain(row["quantity"]), estimate_cell(row), wording.count(row["n"])]
        for row in each(chain_checks)
    ]
    checks = table("Checks of the links of the chain", ["Check", "Quantity", "Value", "n"], rows, text_columns=2)
    numbers = {"chain_checks": records(chain_checks), "n_users": users, "n_contents": contents}
    return section("inference", "The chain", lead, [checks, *details], numbers=numbers)
