"""Links and promises of the documentation that a computer can check without a network."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from affectlens.pipeline_registry import STAGES

PARTS = ("Question", "Data", "Method", "Result", "Limits")
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)|!\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as MyST and GitHub name them."""
    headings = re.findall(r"^#{1,6} (.+)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def pages(root: Path) -> list[Path]:
    return [*sorted((root / "docs").rglob("*.md")), *sorted(root.glob("*.md"))]


def test_every_link_inside_the_documentation_leads_somewhere(project_root: Path) -> None:
    broken = []
    for page in pages(project_root):
        for found in LINK.findall(CODE.sub("", page.read_text(encoding="utf-8"))):
            target = next(filter(None, found))
            if re.match(r"[a-z]+:", target):
                continue
            path, _, anchor = target.partition("#")
            file = (page.parent / path).resolve() if path else page
            if not file.exists() or (anchor and anchor not in anchors(file)):
                broken.append(f"{page.relative_to(project_root)}: {target}")
    assert broken == []


def test_every_page_stands_in_the_contents(project_root: Path) -> None:
    index = (project_root / "docs/index.md").read_text(encoding="utf-8")
    for page in (project_root / "docs").rglob("*.md"):
        name = page.relative_to(project_root / "docs").with_suffix("").as_posix()
        listed = (
            name == "index"
            or name.startswith(("decisions/", "_reference/"))
            or re.search(f"^{name}$", index, re.MULTILINE)
        )
        assert listed, f"{name} is in no list of contents"


def test_every_decision_has_a_number_of_its_own(project_root: Path) -> None:
    numbers = [path.name[:3] for path in (project_root / "docs/decisions").glob("*.md")]
    assert len(numbers) == len(set(numbers))


@pytest.mark.parametrize("stage", STAGES)
def test_every_stage_has_a_page_with_question_data_method_result_and_limits(project_root: Path, stage: str) -> None:
    page = (project_root / f"docs/pipelines/{stage}.md").read_text(encoding="utf-8")
    found = [re.search(rf"^(\*\*|## ){word}", page, re.MULTILINE) for word in PARTS]
    assert [word for word, place in zip(PARTS, found, strict=True) if place is None] == []


def test_every_environment_stands_in_the_table_of_the_flow(project_root: Path) -> None:
    known = yaml.safe_load((project_root / "conf/base/parameters.yml").read_text())["stages"]
    page = (project_root / "docs/flow.md").read_text(encoding="utf-8")
    rows = "".join(re.findall(r"^\| (`.*?) \|", page, re.MULTILINE))
    assert [name for name in known if f"`{name}`" not in rows] == []


def test_environments_that_the_documentation_names_exist(project_root: Path) -> None:
    known = yaml.safe_load((project_root / "conf/base/parameters.yml").read_text())["stages"]
    for page in pages(project_root):
        for name in re.findall(r"--env ([a-z0-9_]+)", page.read_text(encoding="utf-8")):
            assert name in known or name in ("forum", "name"), f"{page.name} names environment {name!r}"
