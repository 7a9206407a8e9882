"""The sections about data, attention, expression and the chain, and the two that close the report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from . import verdicts, wording
from .blocks import (
    Block,
    Cell,
    Section,
    charts,
    code_cell,
    commands,
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
from .params import EnvironmentStages, StagesParams

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
    models = f"{found['model'].nunique()} models, " if "model" in found else ""
    told = f"{models}{wording.count(len(found))} rows"
    return [{"text": "runs", "tag": "runs"}, told, {"text": ", ".join(ids), "code": True}]


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
    return table("Why rows were rejected", ["Source", "Reason", "Rows"], rows, text_columns=2)


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


def limits_section(
    leaderboards: Mapping[str, pd.DataFrame], params: StagesParams, stages: EnvironmentStages, flagged: list[str]
) -> Section:
    """Every model that lost against a baseline, every estimate without a verdict, every stage that did not run."""
    lost = [
        (name, duel)
        for name, board in leaderboards.items()
        for duel in verdicts.losses(verdicts.main_rows(board), getattr(params, name))
    ]
    rows: list[list[Cell]] = [
        [getattr(params, name).title, code_cell(duel.model["model"]), duel.metric.label,
         code_cell(duel.baseline["model"]), "apart" if duel.outcome == "behind" else "overlap",
         estimate_cell(duel.model), estimate_cell(duel.baseline)]
        for name, duel in lost
    ]  # fmt: skip
    columns = ["Stage", "Model", "Metric", "Best baseline", "Intervals", "Value of the model", "Of the baseline"]
    judged = any(not board.empty for board in leaderboards.values())
    lead = [_loss_sentence(len(rows)) if judged else "No model was judged in this run.", *flagged]
    lead += [f"`{name}` did not run: {why}." for name, why in stages.skips.items()]
    found = table("Models whose value is worse than the best baseline's", columns, rows, text_columns=5)
    return section("limits", "What did not work", lead, [found], numbers={"n_losses": len(rows)})


def _loss_sentence(n: int) -> str:
    if n == 0:
        return "No model is behind its best baseline on any metric shown here."
    return f"In {n} {'case' if n == 1 else 'cases'} a model is behind the best baseline."


def cited_versions(
    leaderboards: Mapping[str, pd.DataFrame], params: StagesParams, row_accounting: pd.DataFrame
) -> dict[str, str]:
    """The version of every dataset that the report cites, as far as the tables carry the run that wrote them."""
    versions = {
        dataset: str(board["run_id"].max())
        for name, board in leaderboards.items()
        if len(board) and "run_id" in board
        for dataset in getattr(params, name).cited
    }
    if len(row_accounting) and "run_id" in row_accounting:
        versions |= dict.fromkeys(("row_accounting", "rejected_rows"), str(row_accounting["run_id"].max()))
    return {dataset: version for dataset, version in versions.items() if version != "unversioned"}


def reproduce_section(environment: str, seed: int, versions: Mapping[str, str]) -> Section:
    """The exact commands that lead to this page again."""
    run = f"kedro run --env {environment}"
    lines = [
        ("Run every stage of this environment.", f"{run} --params seed={seed}"),
        ("Write this page again from the newest results.", f"{run} --pipeline reporting"),
    ]
    if versions:
        cited = ",".join(f"{name}:{version}" for name, version in versions.items())
        lines.append(
            ("Write it from the very results that it cites.", f"{run} --pipeline reporting --load-versions {cited}")
        )
    lead = ["The page is a function of its inputs: the same inputs give the same bytes."]
    numbers = {"commands": [line for _, line in lines]}
    return section("reproduce", "Reproduce", lead, [commands(*lines)], numbers=numbers)
