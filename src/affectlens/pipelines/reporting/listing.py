"""The page that lists all reports of a project: `reports/index.html`."""

from __future__ import annotations

import json
import os
from pathlib import Path

from affectlens.pipelines.reporting.render import index
from affectlens.pipelines.reporting.texts import LanguageCode

_SUMMARIES = ("data/08_reporting/report.json/*/report.json", "data/envs/*/08_reporting/report.json/*/report.json")


def write_listing(project: Path, tongue: LanguageCode = "en") -> Path:
    """List every report under the data roots of a project, newest first, with paths relative to the page.

    Args:
        project: folder that holds `data/`.
        tongue: the language of the page; each summary stays in that of its report.

    Returns:
        The page.
    """
    page = project / "reports" / "index.html"
    found = [path for pattern in _SUMMARIES for path in project.glob(pattern)]
    entries = [_entry(path, page.parent) for path in sorted(found, key=lambda path: path.parent.name, reverse=True)]
    page.parent.mkdir(exist_ok=True)
    page.write_text(index(entries, tongue), encoding="utf-8")
    return page


def _entry(summary: Path, start: Path) -> dict[str, str]:
    facts = json.loads(summary.read_text(encoding="utf-8"))
    version = summary.parent.name
    report = summary.parents[2] / "report.html" / version / "report.html"
    return {
        "environment": facts["environment"],
        "dataset": facts["dataset"],
        "run_id": version,
        "summary": facts["lead"],
        "href": Path(os.path.relpath(report, start)).as_posix(),
    }
