from __future__ import annotations

from pathlib import Path

import pytest
from kedro.io.core import DatasetError, Version

from affectlens.datasets import PagesDataset

PAGES = {"report": "<!DOCTYPE html>\r\n<p>grüße 🎉</p>\n", "attention": "<p>other</p>"}


def test_what_loads_is_exactly_what_was_saved(tmp_path: Path) -> None:
    dataset = PagesDataset(filepath=str(tmp_path / "deep/report.html"))
    assert not dataset.exists()
    dataset.save(PAGES)
    assert dataset.exists()
    assert dataset.load() == PAGES
    assert sorted(path.name for path in (tmp_path / "deep").iterdir()) == ["attention.html", "report.html"]


def test_versions_stand_side_by_side(tmp_path: Path) -> None:
    path = str(tmp_path / "report.html")
    for version in ("2026-01-01T00.00.00.000Z", "2026-01-02T00.00.00.000Z"):
        PagesDataset(filepath=path, version=Version(None, version)).save({"report": version})
    assert PagesDataset(filepath=path, version=Version(None, None)).load() == {"report": "2026-01-02T00.00.00.000Z"}
    old = PagesDataset(filepath=path, version=Version("2026-01-01T00.00.00.000Z", None))
    assert old.load() == {"report": "2026-01-01T00.00.00.000Z"}


def test_a_report_that_was_never_written_cannot_be_loaded(tmp_path: Path) -> None:
    with pytest.raises(DatasetError):
        PagesDataset(filepath=str(tmp_path / "report.html")).load()
