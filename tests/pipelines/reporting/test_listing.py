from __future__ import annotations

import json
from pathlib import Path

from affectlens.pipelines.reporting.listing import write_listing
from untranslated import recorded


def summary_in(project: Path, folder: str, version: str, environment: str) -> None:
    path = project / folder / "08_reporting/report.json" / version / "report.json"
    path.parent.mkdir(parents=True)
    facts = {"environment": environment, "dataset": "<script>alert(1)</script>", "lead": "All is well."}
    path.write_text(json.dumps(facts))


def test_all_reports_of_all_environments_are_listed_newest_first(tmp_path: Path) -> None:
    summary_in(tmp_path, "data", "2030-01-01T00.00.00.000Z", "base")
    summary_in(tmp_path, "data/envs/goemotions", "2030-02-01T00.00.00.000Z", "goemotions")
    page = write_listing(tmp_path).read_text()
    places = [page.index(f"../{folder}/08_reporting/report.html/") for folder in ("data/envs/goemotions", "data")]
    assert places == sorted(places)
    assert "<script>alert" not in page


def test_a_project_without_reports_says_so(tmp_path: Path) -> None:
    assert "No report has been written yet" in write_listing(tmp_path).read_text()


def test_the_list_speaks_the_language_of_the_run_that_wrote_it(tmp_path: Path) -> None:
    summary_in(tmp_path, "data", "2030-01-01T00.00.00.000Z", "base")
    with recorded() as catalogue:
        page = write_listing(tmp_path, "zh").read_text()
    assert 'lang="zh-Hans"' in page
    assert catalogue.missing == ["All is well."]  # the summary, which its own run wrote
    assert "run 2030" not in page
