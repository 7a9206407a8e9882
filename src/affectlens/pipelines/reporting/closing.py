"""The sections that close the report: what did not work, and how to get here again."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from . import verdicts
from .blocks import Cell, Section, code_cell, commands, estimate_cell, section, table
from .params import EnvironmentStages, StagesParams
from .texts import Text, code, say


def limits_section(
    leaderboards: Mapping[str, pd.DataFrame], params: StagesParams, stages: EnvironmentStages, flagged: list[Text]
) -> Section:
    """Every model that lost against a baseline, every estimate without a verdict, every stage that did not run."""
    lost = [
        (name, duel) for name, board in leaderboards.items() for duel in verdicts.losses(board, getattr(params, name))
    ]
    rows: list[list[Cell]] = [
        [getattr(params, name).title, code_cell(duel.model["model"]), duel.metric.label,
         code_cell(duel.baseline["model"]), "yes" if duel.is_clear else "no",
         estimate_cell(duel.model), estimate_cell(duel.baseline)]
        for name, duel in lost
    ]  # fmt: skip
    columns = ["Stage", "Model", "Metric", "Best baseline", "Clear", "Value of the model", "Of the baseline"]
    judged = any(not board.empty for board in leaderboards.values())
    lead: list[Text] = [_loss_sentence(len(rows)) if judged else "No model was judged in this run.", *flagged]
    lead += [say("{stage} did not run: {why}.", stage=code(name), why=why) for name, why in stages.skips.items()]
    found = table("Models whose value is worse than the best baseline's", columns, rows, text_columns=5)
    return section("limits", "What did not work", lead, [found], numbers={"n_losses": len(rows)})


def _loss_sentence(n: int) -> Text:
    if n == 0:
        return "No model is behind its best baseline on any metric shown here."
    if n == 1:
        return "In one case a model is behind the best baseline."
    return say("In {n} cases a model is behind the best baseline.", n=str(n))


def cited_versions(
    leaderboards: Mapping[str, pd.DataFrame],
    params: StagesParams,
    row_accounting: pd.DataFrame,
    chain_checks: pd.DataFrame,
) -> dict[str, str]:
    """The version of every dataset that the report cites, as far as the tables carry the run that wrote them."""
    cited = [(board, getattr(params, name).cited) for name, board in leaderboards.items()]
    cited += [
        (row_accounting, ("row_accounting", "rejected_rows")),
        (chain_checks, ("chain_checks", "recommendations")),
    ]
    versions = {
        dataset: str(board["run_id"].max())
        for board, datasets in cited
        if len(board) and "run_id" in board
        for dataset in datasets
    }
    return {dataset: version for dataset, version in versions.items() if version != "unversioned"}


def reproduce_section(environment: str, seed: int, versions: Mapping[str, str]) -> Section:
    """The exact commands that lead to this page again."""
    run = f"kedro run --env {environment}"
    lines: list[tuple[Text, str]] = [
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
