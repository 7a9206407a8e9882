"""Two runs beside each other."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from affectlens.exhibits import Finding, Intervals, Note, Records
from affectlens.pipelines.reporting import comparison
from affectlens.pipelines.reporting.runs import Run, load_run
from untranslated import recorded

NO_UNITS = pd.DataFrame(columns=["stage", "model", "metric", "unit", "value"])
NO_ANSWERS = pd.DataFrame(columns=["model", "unit", "truth", "decided"])
Board = Callable[..., pd.DataFrame]


def manifest(learning_rate: float, sha256: str = "a" * 64) -> dict[str, object]:
    parameters = {"emotion": {"learning_rate": learning_rate, "layers": [1, 2]}, "seed": 7}
    return {"environment": "tiny", "parameters": parameters, "data": {"users": {"rows": 12, "sha256": sha256}}}


def units(values: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(
        {"stage": "policy", "model": "linucb", "metric": "value:true", "unit": [f"s{i}" for i in range(len(values))],
         "value": values}
    )  # fmt: skip


@pytest.fixture
def runs(make_board: Board) -> tuple[Run, Run]:
    old = make_board("policy", {"linucb": {"value:true": 0.3, "n_eff": 90.0}}, set())
    new = make_board("policy", {"linucb": {"value:true": 0.4, "n_eff": 90.0}, "random": {"value:true": 0.1}}, set())
    base, wave = np.linspace(0, 1, 50), np.tile([-0.05, 0.05], 20)
    late = units(base[:40] + 0.1 + wave)
    return Run("old", manifest(0.1), old, units(base), NO_ANSWERS), Run("new", manifest(0.2), new, late, NO_ANSWERS)


def test_what_differs_is_counted(runs: tuple[Run, Run]) -> None:
    (overview,) = [found for found in comparison.exhibits(*runs) if isinstance(found, Finding)]
    assert overview.value == 1
    assert overview.note.values == {"both": "2", "moved": "1", "apart": "1", "one": "1"}


def test_what_is_undefined_in_both_runs_is_in_both_and_does_not_differ(runs: tuple[Run, Run]) -> None:
    undefined = [replace(run, leaderboard=run.leaderboard.assign(value=float("nan"))) for run in runs]
    (overview,) = [found for found in comparison.exhibits(*undefined) if isinstance(found, Finding)]
    assert overview.note.values == {"both": "2", "moved": "0", "apart": "0", "one": "1"}


def test_only_parameters_and_tables_that_differ_are_listed(runs: tuple[Run, Run]) -> None:
    records = {found.title: found.rows for found in comparison.exhibits(*runs) if isinstance(found, Records)}
    notes = {found.title: found.sentences for found in comparison.exhibits(*runs) if isinstance(found, Note)}
    assert records["Parameters"] == (("emotion.learning_rate", "0.1", "0.2"),)
    assert notes["Data"] == ("Nothing differs.",)


def test_other_data_are_told_by_their_digest(runs: tuple[Run, Run]) -> None:
    other = Run("new", manifest(0.1, "b" * 64), runs[1].leaderboard, NO_UNITS, NO_ANSWERS)
    records = {found.title: found.rows for found in comparison.exhibits(runs[0], other) if isinstance(found, Records)}
    assert records["Data"] == (("users", "12 rows, aaaaaaaaaaaa", "12 rows, bbbbbbbbbbbb"),)


def test_paired_differences_use_the_units_that_both_runs_scored(runs: tuple[Run, Run]) -> None:
    (paired,) = [found for found in comparison.exhibits(*runs) if isinstance(found, Intervals)]
    (row,) = paired.rows
    assert (row.n, row.group) == (40, "policy")
    assert row.value == pytest.approx(0.1)
    assert 0.07 < row.lower < 0.1 < row.upper < 0.13


def test_the_page_has_a_chinese_word_for_everything(runs: tuple[Run, Run]) -> None:
    without = replace(runs[0], manifest={}, units=NO_UNITS)
    with recorded() as catalogue:
        for first, second in (runs, runs[::-1], (without, runs[1]), (runs[0], runs[0])):
            comparison.comparison_page(first, second, "zh")
    assert catalogue.missing == []


def test_runs_without_common_units_say_so(runs: tuple[Run, Run]) -> None:
    first = Run("old", {}, runs[0].leaderboard, NO_UNITS, NO_ANSWERS)
    notes = [found.title for found in comparison.exhibits(first, runs[1]) if isinstance(found, Note)]
    assert notes == ["Parameters", "Data", "Paired, unit by unit"]


def answers(decided: list[list[str]], truth: list[list[str]]) -> pd.DataFrame:
    return pd.DataFrame(
        {"model": "cnn", "unit": [f"t{i}" for i in range(len(truth))], "truth": truth, "decided": decided}
    )


def test_macro_f1_is_compared_on_the_texts_whose_labels_both_runs_share() -> None:
    truth = [["joy"], ["anger"]] * 30
    right, wrong = truth, [["joy"], ["joy"]] * 30
    relabelled = [["anger"], *truth[1:]]
    shared = comparison.paired_f1_rows(answers(wrong, truth), answers(right, truth).iloc[:50])
    assert shared[["stage", "model", "metric", "n"]].iloc[0].tolist() == ["emotion", "cnn", "macro_f1", 50]
    assert shared["value"].iloc[0] == pytest.approx(1 - (2 / 3 + 0) / 2)
    assert shared["lower"].iloc[0] > 0.5
    assert shared["p_value"].iloc[0] < 0.01
    assert comparison.paired_f1_rows(answers(wrong, truth), answers(right, relabelled))["n"].iloc[0] == 59
    assert comparison.paired_f1_rows(answers(right, truth), NO_ANSWERS).empty


def test_the_page_shows_both_values_of_every_number(runs: tuple[Run, Run]) -> None:
    page = comparison.comparison_page(*runs, "en")
    assert "Numbers in both runs: 2; different: 1, with intervals that lie apart: 1. In one run only: 1." in page
    assert page.index("value:true") < page.index("n_eff")
    assert "0.300" in page
    assert "0.400" in page


def test_a_run_is_read_from_its_versions(runs: tuple[Run, Run], tmp_path: Path) -> None:
    folder = tmp_path / "08_reporting"
    said = answers([["joy"], []], [["joy"], ["anger"]]).assign(brier=[0.1, 0.9])
    tables = {"policy_leaderboard": runs[0].leaderboard, "policy_unit_scores": runs[0].units, "emotion_answers": said}
    for name, table in tables.items():
        path = folder / f"{name}.parquet/v1/{name}.parquet"
        path.parent.mkdir(parents=True)
        table.to_parquet(path)
    (folder / "runs").mkdir()
    (folder / "runs/v1.json").write_text(json.dumps(manifest(0.1)))
    run = load_run(tmp_path, "v1")
    assert len(run.leaderboard) == 2
    assert run.units.groupby("stage")["value"].agg(["size", "sum"]).loc["emotion"].tolist() == [2, 1.0]
    assert len(run.units) == 50 + 2
    assert run.answers["decided"].map(list).tolist() == [["joy"], []]
    assert run.manifest["environment"] == "tiny"
    with pytest.raises(LookupError, match="versions: v1"):
        load_run(tmp_path, "v2")
