"""The pages of a report and what stands at their tops."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from affectlens.exhibits import Exhibit, Finding, Note

from .blocks import Section, section
from .exhibited import blocks_of, facts_of
from .texts import Text, code, listed, plain, say

_JUDGED = {
    "clearly ahead in {n} ({stages})": ("ahead",),
    "not told apart in {n} ({stages})": ("maybe_ahead", "level", "maybe_behind"),
    "clearly behind in {n} ({stages})": ("behind",),
}


@dataclass(frozen=True)
class Page:
    """One file of a report.

    Attributes:
        name: of the file, without suffix.
        kicker: which kind of page it is.
        lead: the page in a few sentences.
        sections: in order.
        findings: what was found, with the id of the section that shows it.
    """

    name: str
    kicker: str
    lead: Text
    sections: Sequence[Section]
    findings: Sequence[tuple[str, Text]] = ()

    @property
    def verdicts(self) -> list[dict[str, Any]]:
        """The verdict of each stage that has one."""
        return [{"stage": part["title"], **part["verdict"]} for part in self.sections if part["verdict"]]

    @property
    def facts(self) -> list[dict[str, Any]]:
        """The cards at the top."""
        return [fact for part in self.sections for fact in part["facts"]]


def sections_of(exhibits: Sequence[Exhibit]) -> list[Section]:
    """One section for each part of a list of exhibits, in order of first appearance."""
    parts: dict[str, list[Exhibit]] = {}
    for exhibit in exhibits:
        parts.setdefault(exhibit.part or exhibit.title, []).append(exhibit)
    return [_part(title, shown) for title, shown in parts.items()]


def evaluation_page(sections: Sequence[Section]) -> Page:
    """The page that judges the models; the first section says what ran."""
    judged = [{"stage": part["title"], **part["verdict"]} for part in sections if part["verdict"]]
    failed = [(part["id"], sentence) for part in sections if part["id"] == "limits" for sentence in part["lead"]]
    return Page("report", "Evaluation report", summary_sentence(sections[0]["numbers"], judged), sections, failed)


def analytics_page(name: str, kicker: str, run: Mapping[str, Any], sections: Sequence[Section]) -> Page:
    """A page about people and contents, which begins with what its sections found."""
    findings = [(part["id"], found["note"]) for part in sections for found in part["numbers"]["findings"]]
    place = say("Dataset {dataset}, environment {environment}.", **_place(run))
    return Page(name, kicker, place, sections, [(where, note) for where, note in findings if note])


def summary_sentence(run: Mapping[str, Any], judged: Sequence[Mapping[str, str]]) -> Text:
    """How the stages stand to their baselines, all in all."""
    place = _place(run)
    if not judged:
        return say("On dataset {dataset} with seed {seed}, no model was judged against a baseline.", **place)
    told = []
    for template, outcomes in _JUDGED.items():
        stages = [verdict["stage"] for verdict in judged if verdict["outcome"] in outcomes]
        told += [say(template, n=str(len(stages)), stages=listed(stages))] if stages else []
    count = "On dataset {dataset} with seed {seed}, {n} stages were judged."
    opening = say(count, n=str(len(judged)), **place)
    return [opening, say("Against the best baseline, the best model is {standing}.", standing=listed(told))]


def _part(title: str, exhibits: Sequence[Exhibit]) -> Section:
    findings = [found for found in exhibits if isinstance(found, Finding)]
    shown = [found.model_copy(update={"part": ""}) for found in exhibits if not isinstance(found, Finding)]
    kept = {"title", "value", "lower", "upper", "note"}
    numbers = {"findings": [found.model_dump(include=kept) for found in findings]}
    if len(shown) == 1 and isinstance(shown[0], Note):
        return section(
            _slug(title),
            title,
            [plain(sentence) for sentence in shown[0].sentences],
            [],
            facts=facts_of(findings),
            numbers=numbers,
        )
    lead = [] if shown else [plain(found.note) for found in findings if found.note]
    return section(_slug(title), title, lead, blocks_of(shown), facts=facts_of(findings), numbers=numbers)


def _slug(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")


def _place(run: Mapping[str, Any]) -> dict[str, Text]:
    return {"dataset": code(run["dataset"]), "environment": code(run["environment"]), "seed": str(run["seed"])}
