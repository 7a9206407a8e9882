"""Two runs beside each other: what changed in parameters, in the data and in every number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from sklearn.preprocessing import MultiLabelBinarizer

from affectlens.evaluation.emotion import paired_macro_f1
from affectlens.evaluation.estimate import paired_difference
from affectlens.exhibits import Axis, Exhibit, Finding, Interval, Intervals, Message, Note, Records

from . import pages, render, wording
from .blocks import each
from .runs import ANSWERS, BOARD_KEYS, UNIT_KEYS, Run
from .texts import LanguageCode

_PARAMETERS, _DATA, _UNITS = "Parameters", "Data", "Paired, unit by unit"
_DIFFER = (
    "Numbers in both runs: {both}; different: {moved}, with intervals that lie apart: {apart}. In one run only: {one}."
)
_PAIRED = [*UNIT_KEYS[:-1], "value", "lower", "upper", "p_value", "n"]
_SEED = 0  # of the bootstrap; a comparison of two runs has no seed of its own


def comparison_page(first: Run, second: Run, tongue: LanguageCode) -> str:
    """The page that compares two runs of one environment, the second against the first."""
    sections = pages.sections_of(exhibits(first, second))
    environment = str(second.manifest.get("environment", ""))
    dataset = ", ".join(sorted(set(second.leaderboard["dataset"])))
    facts = {"environment": environment, "dataset": dataset, "seed": "", "run_ids": [first.version, second.version]}
    return render.single_page(pages.analytics_page("compare", "Comparison of two runs", facts, sections), facts, tongue)


def exhibits(first: Run, second: Run) -> list[Exhibit]:
    """Everything that the page shows."""
    numbers = _joined(first.leaderboard, second.leaderboard)
    paired = pd.concat([paired_f1_rows(first.answers, second.answers), paired_rows(first.units, second.units)])
    return [
        _overview(numbers),
        *_changes(_PARAMETERS, "parameter", *(_flat(run.manifest.get("parameters", {})) for run in (first, second))),
        *_changes(_DATA, "table", _tables(first), _tables(second)),
        _paired_exhibit(paired),
        *(exhibit for stage, rows in numbers.groupby("stage", sort=False) for exhibit in _stage(str(stage), rows)),
    ]  # fmt: skip


def paired_rows(first: pd.DataFrame, second: pd.DataFrame) -> pd.DataFrame:
    """Mean difference, second minus first, on the units that both runs scored, with interval, p and number of units."""
    both = first.merge(second, on=UNIT_KEYS, suffixes=("_first", "_second"))
    rows = []
    for (stage, model, metric), units in both.groupby(UNIT_KEYS[:-1], sort=False):
        found, p_value = paired_difference(units["value_second"].to_numpy(), units["value_first"].to_numpy(), _SEED)
        rows.append([stage, model, metric, found.value, found.lower, found.upper, p_value, found.n])
    return pd.DataFrame(rows, columns=_PAIRED)


def paired_f1_rows(first: pd.DataFrame, second: pd.DataFrame) -> pd.DataFrame:
    """The same for macro-F1, which is no mean over texts, on the texts to which both runs gave the same labels."""
    both = first.merge(second, on=ANSWERS[:2], suffixes=("_first", "_second"))
    truth, other = (both[f"truth_{run}"].map(frozenset) for run in ("first", "second"))
    both = both.assign(truth=truth)[truth == other]
    coded = MultiLabelBinarizer().fit(pd.concat([both[name] for name in ("truth", "decided_first", "decided_second")]))
    rows = []
    for model, texts in both.groupby("model", sort=False):
        truth, second_said, first_said = (
            coded.transform(texts[name]) for name in ("truth", "decided_second", "decided_first")
        )
        found, p_value = paired_macro_f1(truth, second_said, first_said, _SEED)
        rows.append(["emotion", model, "macro_f1", found.value, found.lower, found.upper, p_value, found.n])
    return pd.DataFrame(rows, columns=_PAIRED)


def _joined(first: pd.DataFrame, second: pd.DataFrame) -> pd.DataFrame:
    """One row a number that either run has; NaN where one of them lacks it, and `_merge` says which have it."""
    kept = [*BOARD_KEYS, "value", "lower", "upper"]
    return first[kept].merge(second[kept], on=BOARD_KEYS, how="outer", suffixes=("_first", "_second"), indicator=True)


def _overview(numbers: pd.DataFrame) -> Finding:
    both = numbers[numbers["_merge"] == "both"]
    undefined = both["value_first"].isna() & both["value_second"].isna()
    moved = both[(both["value_first"] != both["value_second"]) & ~undefined]
    apart = moved[(moved["lower_second"] > moved["upper_first"]) | (moved["upper_second"] < moved["lower_first"])]
    counts = {"both": len(both), "moved": len(moved), "apart": len(apart), "one": len(numbers) - len(both)}
    values: dict[str, str | Message] = {name: wording.count(n) for name, n in counts.items()}
    told = Message(text=_DIFFER, values=values)
    return Finding(title="Numbers that differ", part="Numbers", value=len(moved), note=told, is_count=True)


def _changes(part: str, label: str, first: Mapping[str, str], second: Mapping[str, str]) -> list[Exhibit]:
    """A table of what differs, or the sentence that nothing does."""
    names = sorted(name for name in {*first, *second} if first.get(name) != second.get(name))
    if not first or not second:
        return [Note(title=part, part=part, sentences=("A run without a manifest does not tell.",))]
    if not names:
        return [Note(title=part, part=part, sentences=("Nothing differs.",))]
    rows = tuple((name, first.get(name, wording.ABSENT), second.get(name, wording.ABSENT)) for name in names)
    return [Records(title=part, part=part, columns=(label, "first", "second"), rows=rows)]


def _paired_exhibit(paired: pd.DataFrame) -> Exhibit:
    if paired.empty:
        why = "The runs share no units that both scored, so no difference can be told unit by unit."
        return Note(title=_UNITS, part=_UNITS, sentences=(why,))
    rows = tuple(
        Interval(name=f"{row['model']}, {row['metric']}", value=row["value"], lower=row["lower"], upper=row["upper"],
                 n=int(row["n"]), group=row["stage"])
        for row in each(paired)
    )  # fmt: skip
    axis = Axis(label="second run minus first run")
    note = (
        "Bars are 95 % intervals over units. Generation is not among them: its metrics compare sets of vectors, so no "
        "unit has a score of its own."
    )
    return Intervals(
        title="Differences", part=_UNITS, note=note, axis=axis, rows=rows, reference=0.0, reference_label="no change"
    )


def _stage(stage: str, rows: pd.DataFrame) -> list[Exhibit]:
    """Every number of a stage in both runs, those that moved first."""
    gap = rows["value_second"] - rows["value_first"]
    ordered = rows.assign(gap=gap).iloc[gap.abs().fillna(float("inf")).argsort(kind="stable")[::-1]]
    cells = tuple(
        (row["model"], row["metric"], f"{row['split']}, {row['protocol']}, {row['seed']}", _bounded(row, "first"),
         _bounded(row, "second"), None if pd.isna(row["gap"]) else row["gap"])
        for row in each(ordered)
    )  # fmt: skip
    columns = ("Model", "Metric", "Split, protocol, seed", "first", "second", "second − first")
    n_moved = int((gap.abs() > 0).sum())
    title = f"Numbers of {stage}"
    return [Records(title=title, part=title, columns=columns, rows=cells, folded=n_moved == 0)]


def _bounded(row: Mapping[str, Any], run: str) -> tuple[float | None, ...]:
    values = (row[f"{name}_{run}"] for name in ("value", "lower", "upper"))
    return tuple(None if pd.isna(value) else float(value) for value in values)


def _tables(run: Run) -> dict[str, str]:
    tables = run.manifest.get("data", {})
    return {name: f"{facts['rows']} rows, {facts['sha256'][:12]}" for name, facts in tables.items()}


def _flat(tree: Any, prefix: str = "") -> dict[str, str]:
    """The leaves of nested parameters by their dotted names.

    >>> _flat({"a": {"b": 1, "c": [2, 3]}})
    {'a.b': '1', 'a.c': '[2, 3]'}
    """
    if not isinstance(tree, Mapping):
        return {prefix: str(tree)}
    branches = [_flat(value, f"{prefix}.{name}" if prefix else str(name)) for name, value in tree.items()]
    return {name: value for branch in branches for name, value in branch.items()}
