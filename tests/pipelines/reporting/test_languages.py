"""The report says everything in both of its languages."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from string import Formatter
from typing import Any

import pandas as pd
import pytest
import yaml

from affectlens.pipelines.reporting import texts
from affectlens.pipelines.reporting.texts import language, say, told

Reports = tuple[dict[str, str], dict[str, Any]]
# What is no prose: names with a dash between them, numbers with units, dates, references of a stage.
NO_PROSE = re.compile(r"[^A-Za-z]*|\S+|.* - .*|reference: .*|[\d.,− ]+ \S+|\[.*\]|r\d?|\w+, \w+")


class Recorder(dict[str, str]):
    """A catalogue that notes what it was asked for and lacks."""

    def __init__(self, known: dict[str, str]) -> None:
        super().__init__(known)
        self.missing: set[str] = set()

    def get(self, key: str, default: Any = None) -> Any:
        if key not in self:
            self.missing.add(key)
        return super().get(key, default)


def test_every_sentence_of_the_report_has_its_chinese(
    run_all: Callable[..., Reports], tables: dict[str, pd.DataFrame], monkeypatch: pytest.MonkeyPatch
) -> None:
    catalogue = Recorder(dict(language("zh").catalogue))
    spoken = texts.Language("zh-Hans", "", catalogue)
    monkeypatch.setattr("affectlens.pipelines.reporting.render.language", lambda _: spoken)
    monkeypatch.setattr("affectlens.pipelines.reporting.render._environment", render_environment())
    pages, _ = run_all(tables, tongue="zh")
    assert sorted(text for text in catalogue.missing if not NO_PROSE.fullmatch(text)) == []
    assert all('lang="zh-Hans"' in page for page in pages.values())


def render_environment() -> Callable[..., Any]:
    """The environment without its cache, so that it asks the recording catalogue."""
    from affectlens.pipelines.reporting import render

    return render._environment.__wrapped__


def test_a_translation_keeps_the_places_of_its_values() -> None:
    for english, chinese in language("zh").catalogue.items():
        places = [{name for _, name, _, _ in Formatter().parse(text) if name} for text in (english, chinese)]
        assert places[0] == places[1], english


def test_sentences_follow_each_other_without_a_gap_in_chinese() -> None:
    assert told(["The two values are the same.", "The baseline wins."], language("zh")).count(" ") == 0


def test_what_a_catalogue_lacks_stays_english() -> None:
    assert told(say("Nothing knows {n}.", n="this"), language("zh")) == "Nothing knows this."


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(ValueError, match="expected 'en' or 'zh'"):
        language("fr")  # type: ignore[arg-type]


def test_every_text_of_the_parameters_has_its_chinese(project_root: Path) -> None:
    told_of = yaml.safe_load((project_root / "conf/base/parameters_reporting.yml").read_text())["reporting"]["stages"]
    reasons = yaml.safe_load((project_root / "conf/base/parameters.yml").read_text())["stages"]
    wanted = [stage[name] for stage in told_of.values() for name in ("title", "question")]
    wanted += [
        metric[name] for stage in told_of.values() for metric in stage["metrics"] for name in ("label", "meaning")
    ]
    wanted += [why for row in reasons.values() for why in row["skips"].values()]
    assert [text for text in wanted if text not in language("zh").catalogue] == []
