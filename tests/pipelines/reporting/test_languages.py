"""The report says everything in both of its languages."""

from __future__ import annotations

from pathlib import Path
from string import Formatter

import pytest
import yaml

from affectlens.exhibits import Exhibit
from affectlens.pipelines.reporting.readings import reading
from affectlens.pipelines.reporting.texts import language, say, told
from untranslated import Recorder

Exhibits = dict[str, Exhibit]


def test_every_sentence_of_the_report_has_its_chinese(chinese: tuple[dict[str, str], list[str]]) -> None:
    pages, missing = chinese
    assert missing == []
    assert all('lang="zh-Hans"' in page for page in pages.values())


def test_every_kind_of_exhibit_speaks_chinese(exhibits: Exhibits) -> None:
    catalogue = Recorder()
    computed = [exhibit for kind, exhibit in exhibits.items() if kind not in ("finding", "weighted_texts")]
    for exhibit in computed:  # the others quote the fixture
        told(reading(exhibit), catalogue.as_language())
    assert catalogue.missing == ["read as"]  # a label that the fixture made up


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
