"""Model card and data card, filled from the tables of the run: no number in them stands anywhere else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from affectlens.exhibits import Card, Message
from affectlens.sources import SOURCES

from . import verdicts, wording
from .blocks import Section, each, section, span
from .exhibited import blocks_of
from .params import StageParams, StagesParams
from .seeds import seeds_of
from .texts import listed, say

Facts = dict[str, str | Message]

_BY_LABEL = "f1:"
_MOST_VALUES = 8
_USES = {
    "Intended use": "Research on recorded or simulated data: how emotion is expressed in text, where attention goes, "
    "and what recommenders and policies would do with it.",
    "Not for": "Decisions about single people; inferring emotions at work or in education, which EU law forbids "
    "(Regulation 2024/1689, Art. 5(1)(f)); faces, voices or other biometric data; steering people against their "
    "interest.",
}
_CAVEATS = {
    "What a label means": "Labels of emotion come from readers or from the simulated world, not from writers' hearts.",
    "Choice": "The best model is chosen on the rows that it is judged on, so its lead is flattered a little.",
    "Reach": "Numbers hold for the data and the time that the data card names, and for nothing else.",
}


def model_card(
    leaderboards: Mapping[str, pd.DataFrame], params: StagesParams, environment: str, dataset: str
) -> Section:
    """Who the models are, what they are for, how good they are, and where they fail."""
    groups: dict[str, Facts] = {"Details": _details(leaderboards, environment, dataset), "Use": dict(_USES)}
    for name, board in leaderboards.items():
        groups |= _stage_groups(board, getattr(params, name))
    n_losses = sum(len(verdicts.losses(board, getattr(params, name))) for name, board in leaderboards.items())
    lost = Message(text="{n}, listed under “What did not work”", values={"n": wording.count(n_losses)})
    groups["Caveats"] = {**_CAVEATS, "Metrics on which a model is behind the best baseline": lost}
    return _section("model-card", "Model card", f"{dataset}, {environment}", groups)


def data_card(
    row_accounting: pd.DataFrame, tables: Mapping[str, pd.DataFrame], environment: str, dataset: str
) -> Section:
    """What the data are: rows and their fate, times, forms, languages, terms."""
    groups: dict[str, Facts] = {"Origin": _origin(environment, dataset), "Collection": _collection(row_accounting)}
    groups |= {name: _composition(frame) for name, frame in tables.items() if len(frame)}
    return _section("data-card", "Data card", f"{dataset}, {environment}", groups)


def _section(name: str, title: str, about: str, groups: dict[str, Facts]) -> Section:
    filled = {group: facts for group, facts in groups.items() if facts}
    card = Card(title=about, groups=filled)
    return section(name, title, [], blocks_of([card]), numbers={"card": card.model_dump()["groups"]})


def _details(leaderboards: Mapping[str, pd.DataFrame], environment: str, dataset: str) -> Facts:
    judged = [board for board in leaderboards.values() if len(board)]
    ids = sorted({str(run_id) for board in judged for run_id in board["run_id"]})
    seeds = dict.fromkeys(seed for board in judged for seed in seeds_of(board))
    return {"Environment": environment, "Data": dataset, "Runs": ", ".join(ids), "Seeds": ", ".join(map(str, seeds))}


def _stage_groups(board: pd.DataFrame, params: StageParams) -> dict[str, Facts]:
    """The best model of a stage on every metric, and by group where the stage measured groups."""
    rows = verdicts.main_rows(board)
    duel = verdicts.contest(board, params)
    if duel is None:
        return {}
    mine = rows[rows["model"] == duel.model["model"]].dropna(subset=["value"])
    by_metric = {row["metric"]: row for row in each(mine)}
    shown = [metric for metric in params.metrics if metric.name in by_metric]
    facts: Facts = {"Model": duel.model["model"], "Evaluated on": _evaluated(duel.model)}
    facts |= {metric.label: wording.estimate(by_metric[metric.name]) for metric in shown}
    theirs = {"model": duel.baseline["model"], "metric": duel.metric.label, "value": wording.estimate(duel.baseline)}
    facts["Best baseline"] = Message(text="{model}, {metric} {value}", values=theirs)
    by_label = {name: row for name, row in by_metric.items() if name.startswith(_BY_LABEL)}
    labelled: Facts = {name.removeprefix(_BY_LABEL): wording.estimate(row) for name, row in by_label.items()}
    return {params.title: facts, **({f"{params.title}, F1 by label": labelled} if labelled else {})}


def _evaluated(row: Mapping[str, Any]) -> Message:
    values = {"n": wording.count(row["n"]), "split": str(row["split"]), "protocol": str(row["protocol"])}
    return Message(text="{n} units of the {split} split, protocol {protocol}", values=values)


def _origin(environment: str, dataset: str) -> Facts:
    """Where the data come from; the embedded world is no source, so it has no terms but those of this project."""
    source = SOURCES.get(environment)
    terms = "simulated by this project, under its licence" if source is None else source.licence
    return {"Data": dataset, "Environment": environment, "Terms": terms}


def _collection(row_accounting: pd.DataFrame) -> Facts:
    told = "{read} read, {accepted} accepted, {rejected} rejected"
    return {
        str(row["source"]): Message(
            text=told, values={name: wording.count(row[name]) for name in ("read", "accepted", "rejected")}
        )
        for row in each(row_accounting)
    }


def _composition(frame: pd.DataFrame) -> Facts:
    facts: Facts = {"Rows": wording.count(len(frame)), **_times(frame)}
    for column, label in (("form", "Forms"), ("language", "Languages"), ("kind", "Kinds")):
        if column in frame and frame[column].notna().any():
            facts[label] = _shares(frame[column])
    return facts


def _times(frame: pd.DataFrame) -> Facts:
    """The first and the last day of a table."""
    days = span(frame)
    return {"Times": Message(text="{first} to {last}", values={"first": days[0], "last": days[1]})} if days else {}


def _shares(column: pd.Series) -> Message:
    """The most frequent values with their shares."""
    shares = column.value_counts(normalize=True).head(_MOST_VALUES)
    told = [say("{value} {unit}", value=wording.plain(str(name)), unit=wording.share(s)) for name, s in shares.items()]
    return Message.model_validate(listed(told))
