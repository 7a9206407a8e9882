"""The sections about data, attention, expression and the chain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from . import wording
from .blocks import (
    Block,
    Cell,
    Section,
    charts,
    code_cell,
    each,
    estimate_cell,
    fact,
    full_table,
    heading,
    paragraph,
    records,
    section,
    table,
)
from .figures import SUBJECTS
from .params import EnvironmentStages

_MOST_REASONS = 12  # with more of them, the table opens on demand
_TIMES = ("occurred_at", "created_at", "joined_at")
STATISTICS = {
    "gini": "Gini",
    "effective_number": "effective number",
    "zero_share": "share with none",
}


def stages_of(stages: Mapping[str, Any], environment: str) -> EnvironmentStages:
    """The row of an environment in the table `stages`.

    Raises:
        ValueError: the environment has no row.
    """
    if environment not in stages:
        raise ValueError(f"environment {environment!r} has no row in `stages`; rows: {sorted(stages)}")
    return EnvironmentStages.model_validate(stages[environment])


def absence(stage: str, stages: EnvironmentStages) -> str:
    """One sentence on why a stage has nothing to show."""
    if stage in stages.skips:
        return f"The stage `{stage}` does not run in this environment: {stages.skips[stage]}."
    if stage in stages.runs:
        return f"The stage `{stage}` belongs to this environment, but has left no results yet."
    return f"The stage `{stage}` does not belong to this environment."


def run_section(
    stages: EnvironmentStages, environment: str, dataset: str, seed: int, evidence: Mapping[str, pd.DataFrame]
) -> Section:
    """What ran on which data. `evidence` holds a table of results for the stages that leave one."""
    names = [*stages.runs, *(name for name in stages.skips if name not in stages.runs)]
    rows: list[list[Cell]] = [[code_cell(name), *_stage_cells(name, stages, evidence)] for name in names]
    caption = f"The stages of environment {environment}"
    lead = [f"Environment `{environment}`, dataset `{dataset}`, seed {seed}."]
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


def _result(found: pd.DataFrame) -> str:
    if "read" in found:
        return f"{wording.count(found['read'].sum())} rows read"
    if "check" in found:
        return f"{wording.count(len(found))} checks of the chain"
    return f"{wording.count(found['model'].nunique())} models and comparisons, {wording.count(len(found))} numbers"


def accounting_section(
    row_accounting: pd.DataFrame, rejected_rows: pd.DataFrame, tables: Mapping[str, pd.DataFrame]
) -> Section:
    """Every row that was read: accepted or refused, and why."""
    if row_accounting.empty:
        return section("accounting", "Row accounting", ["Ingestion has left no row counts yet."], [], numbers={})
    read, accepted, rejected = (int(row_accounting[name].sum()) for name in ("read", "accepted", "rejected"))
    sums = "so no row was lost" if read == accepted + rejected else "which does not add up: rows were lost"
    lead = [
        f"Of {wording.count(read)} rows read, {wording.count(accepted)} were accepted and "
        f"{wording.count(rejected)} rejected, {sums}."
    ]
    reasons = rejected_rows.groupby(["source", "reason"], sort=True).size().reset_index(name="rows")
    blocks = [_accounting_table(row_accounting), _reason_table(reasons), _data_table(tables)]
    facts = [fact("rows read", wording.count(read), note=f"{wording.share(rejected / max(read, 1))} rejected")]
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
        [code_cell(row["source"]), row["reason"], wording.count(row["rows"])] for row in each(reasons)
    ]
    caption = "Why rows were rejected"
    return table(caption, ["Source", "Reason", "Rows"], rows, text_columns=2, folded=len(rows) > _MOST_REASONS)


def _data_table(tables: Mapping[str, pd.DataFrame]) -> Block | None:
    rows: list[list[Cell]] = []
    for name, frame in tables.items():
        column = next((column for column in _TIMES if column in frame), None)
        times = pd.Series(dtype=object) if column is None else frame[column].dropna()
        span = ("", "") if times.empty else (f"{times.min():%Y-%m-%d}", f"{times.max():%Y-%m-%d}")
        rows.append([code_cell(name), wording.count(len(frame)), *span])
    return table("The accepted tables", ["Table", "Rows", "From", "To"], rows)


def attention_section(
    statistics: pd.DataFrame,
    expression: pd.DataFrame,
    attention_figures: tuple[go.Figure, go.Figure],
    expression_figures: tuple[go.Figure, ...],
) -> Section:
    """How attention and activity are spread, and how the forms of expression move."""
    lorenz, rank_size = attention_figures
    published, attended, written, length, emoji = expression_figures
    lead = _attention_lead(statistics)
    blocks = [
        charts(
            (lorenz, "Lorenz curves: the further below the diagonal, the more unequal."),
            (rank_size, "Rank and size on logarithmic axes: heavy tails fall slowly and nearly straight."),
        ),
        _statistics_table(statistics),
        heading("Forms of expression"),
        paragraph("Bands are 95 % intervals over authors.") if not expression.empty else _no_times(),
        charts(
            (published, "Forms of the contents that were published, by period."),
            (attended, "Forms of the contents that received attention, by period."),
            (written, "Forms of what people wrote, by period."),
            (length, "Length of the texts that people wrote: a tenth, half and nine tenths are shorter."),
            (emoji, "Share of texts with at least one emoji."),
        ),
        full_table(expression, "expression_statistics"),
    ]
    numbers = {"attention": records(statistics), "expression": records(expression)}
    return section("attention", "Attention and form", lead, blocks, facts=_attention_facts(statistics), numbers=numbers)


def _no_times() -> Block:
    return paragraph("The sources carry no times, or too few posts a period, so forms cannot be followed over time.")


def _attention_lead(statistics: pd.DataFrame) -> list[str]:
    if statistics.empty:
        return ["There is no behaviour and no author in these data, so no distribution of attention can be shown."]
    told = _by_subject(statistics).items()
    return [f"{SUBJECTS[subject].capitalize()}: {_concentration(found)}" for subject, found in told][:2]


def _concentration(found: Mapping[str, Mapping[str, Any]]) -> str:
    tops = {name: row for name, row in found.items() if name.startswith("top_")}
    held = [
        f"the {_name(name).removesuffix(' share')} hold {wording.share(row['value'])}" for name, row in tops.items()
    ]
    told = ", ".join([f"Gini {wording.estimate(found['gini'])}", *held])
    return f"{told} (n = {wording.count(found['gini']['n'])})."


def _by_subject(statistics: pd.DataFrame) -> dict[str, dict[str, dict[str, Any]]]:
    """Subject -> statistic -> row."""
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for row in each(statistics):
        found.setdefault(row["subject"], {})[row["statistic"]] = row
    return found


def _name(statistic: str) -> str:
    return STATISTICS.get(statistic, wording.plain(statistic).replace(" percent", " %"))


def _attention_facts(statistics: pd.DataFrame) -> list[dict[str, str]]:
    found = each(statistics[statistics["statistic"] == "gini"].dropna(subset=["value"]).head(1))
    return [
        fact("Gini", wording.number(row["value"]), wording.interval(row["value"], row["lower"], row["upper"]),
             SUBJECTS[row["subject"]])
        for row in found
    ]  # fmt: skip


def _statistics_table(statistics: pd.DataFrame) -> Block | None:
    names = [name for name in dict.fromkeys(statistics["statistic"]) if name != "effective_number_simpson"]
    rows: list[list[Cell]] = [
        [SUBJECTS[subject], *(estimate_cell(found[name]) for name in names), wording.count(found["gini"]["n"])]
        for subject, found in _by_subject(statistics).items()
    ]
    columns = ["Distribution", *map(_name, names), "n"]
    return table("Concentration, with 95 % intervals", columns, rows)


def inference_section(chain_checks: pd.DataFrame, recommendations: pd.DataFrame, stages: EnvironmentStages) -> Section:
    """What the whole chain recommends, and whether its links carry anything."""
    if chain_checks.empty and recommendations.empty:
        return section("inference", "The chain", [absence("inference", stages)], [], numbers={})
    users, contents = recommendations["user_id"].nunique(), recommendations["content_id"].nunique()
    lead = [f"{wording.count(users)} users were recommended {wording.count(contents)} different contents."]
    rows: list[list[Cell]] = [
        [wording.plain(row["check"]), wording.plain(row["quantity"]), estimate_cell(row), wording.count(row["n"])]
        for row in each(chain_checks)
    ]
    checks = table("Checks of the links of the chain", ["Check", "Quantity", "Value", "n"], rows, text_columns=2)
    numbers = {"chain_checks": records(chain_checks), "n_users": users, "n_contents": contents}
    return section("inference", "The chain", lead, [checks], numbers=numbers)
