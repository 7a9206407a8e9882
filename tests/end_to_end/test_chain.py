"""The tiny world from raw tables to the report, and the notebook that reads it."""

from __future__ import annotations

import json
import re
from html import unescape
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest
import yaml
from jupyter_client.manager import KernelManager
from kedro.framework.session import KedroSession
from nbclient import NotebookClient

from affectlens.evaluation.half_life import LEAST_CONTENTS
from affectlens.pipelines.reporting import render, verdicts, wording
from affectlens.pipelines.reporting.comparison import comparison_page
from affectlens.pipelines.reporting.params import StageParams
from affectlens.pipelines.reporting.runs import load_run
from affectlens.runner import ProcessRunner
from affectlens.session import StageSession
from untranslated import recorded


def session_for(root: Path, data_root: Path) -> KedroSession:
    return StageSession.create(project_path=root, env="test", runtime_params={"data_root": str(data_root)})


@pytest.fixture(scope="module")
def data_root(project_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data")
    with session_for(project_root, path) as session:
        session.run()
    return path


@pytest.fixture(scope="module")
def catalog(project_root: Path, data_root: Path):
    with session_for(project_root, data_root) as session:
        return session.load_context().catalog


def measured(data_root: Path) -> pd.DataFrame:
    boards = [
        pd.read_parquet(next(data_root.rglob(f"{noun}_leaderboard.parquet/*/*.parquet")))
        for noun in ("emotion", "gan", "recommender", "policy")
    ]
    return pd.concat(boards, ignore_index=True).drop(columns="run_id")


def test_every_stage_leaves_its_leaderboard_with_baselines_and_intervals(data_root: Path) -> None:
    rows = measured(data_root)
    assert set(rows["stage"]) == {"emotion", "gan", "recommender", "policy"}
    for _, board in rows.groupby("stage"):
        assert board["is_baseline"].any()
        assert not board["is_baseline"].all()
    defined = rows.dropna(subset=["value"])
    assert (defined["lower"] <= defined["upper"]).all()


def test_each_page_of_the_report_is_one_file_that_needs_no_network(data_root: Path) -> None:
    pages = {path.stem: path for path in data_root.glob("08_reporting/report.html/*/*.html")}
    assert set(pages) == {"report", "attention", "expression", "flow"}
    for path in pages.values():
        assert path.stat().st_size < 5_000_000
        assert 'src="http' not in path.read_text()
        assert '<link rel="stylesheet"' not in path.read_text()
    assert "kedro run" in pages["report"].read_text()


def card(data_root: Path, name: str) -> dict[str, dict[str, str]]:
    """Group -> label -> text of a card, as a reader sees it."""
    (path,) = data_root.glob("08_reporting/report.html/*/report.html")
    section = re.search(f'<section id="{name}".*?</section>', path.read_text(), flags=re.DOTALL)
    groups = re.findall(r'<p class="group">(.*?)</p>\s*<dl class="facts">(.*?)</dl>', section[0], flags=re.DOTALL)
    pairs = {title: re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", facts) for title, facts in groups}
    return {plain(title): {plain(k): plain(v) for k, v in found} for title, found in pairs.items()}


def plain(text: str) -> str:
    return unescape(text).replace("\u00a0", " ")


def best_of(rows: pd.DataFrame, metric: dict[str, str]) -> pd.Series:
    ranked = rows[(rows["metric"] == metric["name"]) & rows["value"].notna()]
    return ranked.sort_values("value", ascending=metric["better"] == "lower", kind="stable").iloc[0]


def expected_facts(board: pd.DataFrame, stage: dict) -> tuple[dict[str, str], dict[str, str]]:
    """What the model card has to say of a stage, and of the labels of its best model, from the leaderboard alone."""
    board = board[~board["model"].str.contains(" - ", regex=False) & ~board["model"].isin(stage["references"])]
    rows = board[(board["split"] == "test") & (board["protocol"] == board["protocol"].iloc[0])]
    deciding = next(metric for metric in stage["metrics"] if (rows["metric"] == metric["name"]).any())
    model, baseline = (best_of(rows[rows["is_baseline"].astype(bool) == flag], deciding) for flag in (False, True))
    mine = rows[rows["model"] == model["model"]].dropna(subset=["value"]).set_index("metric")
    by_metric = {name: wording.estimate(row) for name, row in mine.iterrows()}
    facts = {
        "Model": model["model"],
        "Evaluated on": f"{model['n']:,} units of the {model['split']} split, protocol {model['protocol']}",
        **{found["label"]: by_metric[found["name"]] for found in stage["metrics"] if found["name"] in by_metric},
        "Best baseline": f"{baseline['model']}, {deciding['label']} {wording.estimate(baseline)}",
    }
    return facts, {name[3:]: told for name, told in by_metric.items() if name.startswith("f1:")}


def test_the_model_card_says_what_the_run_says_and_no_other_number(
    project_root: Path, data_root: Path, catalog
) -> None:
    shown = card(data_root, "model-card")
    told = yaml.safe_load((project_root / "conf/base/parameters_reporting.yml").read_text())["reporting"]["stages"]
    boards = {noun: catalog.load(f"{noun}_leaderboard") for noun in told}
    for noun, stage in told.items():
        facts, by_label = expected_facts(boards[noun], stage)
        assert shown.pop(stage["title"]) == facts, noun
        assert shown.pop(f"{stage['title']}, F1 by label", {}) == by_label, noun
    runs = ", ".join(sorted({run_id for board in boards.values() for run_id in board["run_id"]}))
    assert shown.pop("Details") == {"Environment": "test", "Data": "embedded", "Runs": runs, "Seeds": "7"}
    lost = [row for noun, stage in told.items() for row in verdicts.losses(boards[noun], StageParams(**stage))]
    assert shown["Caveats"]["Metrics on which a model is behind the best baseline"].startswith(f"{len(lost)}, listed")
    assert set(shown) == {"Use", "Caveats"}


def expected_composition(table: pd.DataFrame) -> dict[str, str]:
    """What the data card has to say of a primary table."""
    facts = {"Rows": f"{len(table):,}"}
    for column in ("occurred_at", "created_at", "joined_at"):
        if column in table and "Times" not in facts:
            facts["Times"] = f"{table[column].min():%Y-%m-%d} to {table[column].max():%Y-%m-%d}"
    for column, label in (("form", "Forms"), ("language", "Languages"), ("kind", "Kinds")):
        if column in table:
            counts = table[column].value_counts().head(8)
            shares = [f"{name.replace('_', ' ')} {100 * n / len(table):.1f} %" for name, n in counts.items()]
            facts[label] = " and ".join([", ".join(shares[:-1]), shares[-1]] if len(shares) > 1 else shares)
    return facts


def test_the_data_card_says_what_the_run_says_and_no_other_number(data_root: Path, catalog) -> None:
    shown = card(data_root, "data-card")
    for name in ("users", "contents", "interactions", "utterances"):
        assert shown.pop(name) == expected_composition(catalog.load(name)), name
    assert shown.pop("Collection") == {
        row.source: f"{row.read:,} read, {row.accepted:,} accepted, {row.rejected:,} rejected"
        for row in catalog.load("row_accounting").itertuples()
    }
    origin = shown.pop("Origin")
    assert (origin["Data"], origin["Environment"], shown) == ("embedded", "test", {})


def test_a_real_run_has_a_chinese_word_for_everything(data_root: Path) -> None:
    sections = data_root / "08_reporting/sections"
    shown = {path.stem: json.loads(path.read_text()) for path in sections.glob("*.json")}
    analytics = [shown.pop(name) for name in ("attention_page", "expression_page")]
    evaluation = [shown.pop("run"), *shown.values()]
    with recorded() as catalogue:
        render.reports(evaluation, *analytics, {"nodes": [], "datasets": []}, "zh")
    assert catalogue.missing == []


def test_what_the_world_knows_of_attention_is_found_again(catalog) -> None:
    known = catalog.load("attention_statistics").dropna(subset=["truth"]).set_index("quantity")
    assert known.loc["gini", "value"] == pytest.approx(known.loc["gini", "truth"], rel=0.02)
    assert known.loc["half_life", "n"] < LEAST_CONTENTS  # too few of this small world have enough attention
    assert np.isnan(known.loc["half_life", "value"])


def test_every_figure_has_a_sentence_above_it(data_root: Path) -> None:
    for path in data_root.glob("08_reporting/report.html/*/*.html"):
        captions = re.findall(r"<figcaption.*?</figcaption>", path.read_text(), flags=re.DOTALL)
        told = [re.findall(r'class="says">(.+?)</span>', caption, flags=re.DOTALL) for caption in captions]
        assert all(len(sentence) == 1 for sentence in told), path.name


def test_two_runs_can_be_compared(data_root: Path) -> None:
    version = min(path.parent.name for path in data_root.glob("08_reporting/emotion_leaderboard.parquet/*/*.parquet"))
    run = load_run(data_root, version)
    assert run.manifest["parameters"]["seed"] == 7
    assert run.manifest["data"]["users"]["rows"] > 0
    page = comparison_page(run, run, "en")
    assert "Nothing differs." in page
    assert "different: 0," in page


def test_accepted_and_rejected_rows_add_up_to_those_read(catalog) -> None:
    accounting = catalog.load("row_accounting")
    assert (accounting["accepted"] + accounting["rejected"] == accounting["read"]).all()
    assert accounting["rejected"].sum() == len(catalog.load("rejected_rows"))
    assert accounting["rejected"].sum() > 0


def test_no_plain_user_id_leaves_ingestion(catalog) -> None:
    plain = set(catalog.load("raw_users")["user_id"].dropna())
    for name in ("users", "interactions", "utterances", "behaviour_sequences", "recommendations"):
        assert not plain & set(catalog.load(name)["user_id"].dropna()), name


def test_the_same_seed_gives_the_same_numbers_side_by_side_too(
    project_root: Path, data_root: Path, tmp_path: Path
) -> None:
    (tmp_path / "user_id.key").write_bytes(next(data_root.rglob("user_id.key")).read_bytes()[::-1])
    with session_for(project_root, tmp_path) as session:
        session.run(runner=ProcessRunner(max_workers=2))
    pd.testing.assert_frame_equal(measured(data_root), measured(tmp_path), rtol=1e-4, atol=1e-5)


def test_a_trace_shows_all_six_links(catalog) -> None:
    from affectlens.pipelines.inference.trace import trace_from_catalog

    text = trace_from_catalog(catalog, "u000001")
    for symbol in ("S_t", "E_t", "A_t", "G_t", "W_t", "R_t"):
        assert symbol in text
    with pytest.raises(LookupError, match="nobody"):
        trace_from_catalog(catalog, "nobody")


def test_contents_are_generated_with_the_models_of_the_run(catalog, tmp_path: Path) -> None:
    from affectlens.pipelines.gan_training.request import Request, generate_from_catalog

    generate_from_catalog(catalog, Request({"joy": 1.0}, 0.8, "any", 3, 0), tmp_path)
    rows = [json.loads(line) for line in (tmp_path / "contents.jsonl").read_text().splitlines()]
    assert [row["form"] for row in rows] == 3 * ["text"] + 3 * ["image"] + 3 * ["clip"]
    assert all(row["is_generated"] for row in rows)


def test_swapped_emotion_moves_r_and_noise_changes_the_ranking(catalog) -> None:
    checks = catalog.load("chain_checks").set_index("quantity")["value"]
    assert checks["distance_of_r"] > 0
    assert json.loads(checks.to_json())


def test_a_stage_runs_alone_from_what_the_catalog_holds(project_root: Path, data_root: Path) -> None:
    with session_for(project_root, data_root) as session:
        session.run(pipeline_names=["policy_training"])
    assert len(list(data_root.glob("08_reporting/policy_leaderboard.parquet/*"))) == 2


def test_load_versions_reproduce_the_report_of_an_older_run(project_root: Path, data_root: Path) -> None:
    reports = data_root / "08_reporting/report.html"
    first = min(reports.iterdir())
    with session_for(project_root, data_root) as session:
        catalog = session.load_context().catalog  # made anew each time that it is asked for
        from kedro.framework.project import pipelines

        pipelines.set_requested(None)
        cited = [
            name
            for name in pipelines["reporting"].inputs()
            if not name.startswith("params:") and getattr(catalog.get(name), "_version", None) is not None
        ]
        session.run(pipeline_names=["reporting"], load_versions=dict.fromkeys(cited, first.name))
    last = max(reports.iterdir())
    assert last.name != first.name
    for page in first.iterdir():
        assert (last / page.name).read_text() == page.read_text(), page.name


def test_the_notebooks_run(project_root: Path, data_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEDRO_ENV", "test")
    monkeypatch.setenv("AFFECTLENS_DATA_ROOT", str(data_root))
    folder, kernel = project_root / "notebooks", KernelManager()
    kernel.start_kernel(cwd=str(folder))
    for path in sorted(folder.glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        assert not any(cell.get("outputs") for cell in notebook.cells), f"{path.name} is committed with output"
        notebook.cells.insert(0, nbformat.v4.new_code_cell("%reset -f"))  # one kernel: libraries are imported once
        NotebookClient(notebook, km=kernel, timeout=120).execute()
        finding = "".join(output.get("text", "") for output in notebook.cells[-1].outputs).strip()
        assert re.search(r"\d.*\.$", finding), f"{path.name} ends without a finding but with {finding!r}"
    kernel.shutdown_kernel(now=True)
