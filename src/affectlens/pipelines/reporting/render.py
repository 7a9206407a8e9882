"""Sections to self-contained pages: no outside address, all text escaped."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from .blocks import Section
from .charts import draw
from .drawn_flow import draw_stage, draw_stages
from .flow import Flow, Origin, anchor, origin_of, sources_of, stages_of
from .pages import Page, analytics_page, evaluation_page
from .texts import Language, LanguageCode, language, told

# Characters that reorder or hide text (bidirectional controls, invisible separators, C0 and C1 controls). The joiners
# U+200C and U+200D stay: scripts and emoji need them.
_DECEIVING = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]"
)


_MARKS = {"ahead": "▲", "maybe_ahead": "△", "level": "=", "maybe_behind": "▽", "behind": "▼"}


def visible(text: str) -> str:
    """The text with characters that reorder or hide others written out.

    >>> visible("abc" + chr(0x202E) + "def")
    'abc[U+202E]def'
    """
    return _DECEIVING.sub(lambda found: f"[U+{ord(found[0]):04X}]", text)


def user_text(text: str) -> Markup:
    """What a person wrote: escaped, its direction kept to itself, hidden characters shown."""
    return Markup("<bdi>{}</bdi>").format(visible(text))


def unbroken(text: str) -> str:
    """The text with each number kept on one line with its sign of per cent or its equals sign.

    >>> unbroken("9.5 % (n = 12)").count(" ")
    1
    """
    return re.sub(r"\b([np]) ([=<]) (?=\d)", "\\1\u00a0\\2\u00a0", re.sub(r"(?<=\d) (?=%)", "\u00a0", text))


def prose(text: str) -> Markup:
    """A sentence with its back-ticked names as code; everything else is escaped."""
    safe = str(escape(unbroken(visible(text))))
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", safe))  # noqa: S704  escaped first


def reports(
    evaluation: Sequence[Section],
    attention: Sequence[Section],
    expression: Sequence[Section],
    flow: Flow,
    tongue: LanguageCode,
) -> tuple[dict[str, str], dict[str, Any]]:
    """The pages by the names of their files, and the numbers of all their sections as JSON.

    Args:
        evaluation: the sections of the evaluation; the first one says what ran.
        attention: the sections of the page on the attention economy.
        expression: the sections of the page on the shift of expression.
        flow: the nodes and datasets of the project.
        tongue: the language of the pages.
    """
    run = evaluation[0]["numbers"]
    first = evaluation_page(evaluation)
    every = [
        first,
        analytics_page("attention", "Attention economy", run, attention),
        analytics_page("expression", "Expression shift", run, expression),
    ]
    spoken = language(tongue)
    facts = {name: run[name] for name in ("environment", "dataset", "seed", "run_ids")}
    summary = {
        **facts,
        "language": tongue,
        "lead": told(first.lead, spoken),
        "verdicts": [{**verdict, "sentence": told(verdict["sentence"], spoken)} for verdict in first.verdicts],
        "sections": {_key(page, part): _numbers(part, spoken) for page in every for part in page.sections},
    }
    flow_page = Page("flow", "The flow", _HOW_IT_FLOWS, [])
    shown = {"pages": [*every, flow_page], "run": facts}
    written = {page.name: _page("report", tongue, page=page, origins=_origins(page, flow), **shown) for page in every}
    parts = {
        "flow": flow,
        "overview": draw_stages(flow),
        "stages": stages_of(flow),
        "sources": sources_of(flow),
        "how_to_read_drawings": _HOW_TO_READ_DRAWINGS,
    }
    return {**written, "flow": _page("flow", tongue, page=flow_page, **parts, **shown)}, summary


def single_page(page: Page, run: Mapping[str, Any], tongue: LanguageCode) -> str:
    """A page that stands alone."""
    return _page("report", tongue, page=page, origins={}, pages=[], run=run)


def _page(template: str, tongue: LanguageCode, **values: Any) -> str:
    return _environment(tongue).get_template(f"{template}.html.j2").render(how_to_read=_HOW_TO_READ, **values)


def _origins(page: Page, flow: Flow) -> dict[str, Origin]:
    """The origin of each section of a page by its id; the sections of a page of analytics come from one node."""
    named = {part["id"]: part["id"] if page.name == "report" else page.name for part in page.sections}
    found = {section: origin_of(flow, name) for section, name in named.items()}
    return {section: origin for section, origin in found.items() if origin is not None}


def _key(page: Page, part: Section) -> str:
    """The name of a section among those of all pages: two pages of analytics may hold sections of one title."""
    name: str = part["id"]
    return name if page.name == "report" else f"{page.name}.{name}"


def _numbers(part: Section, spoken: Language) -> dict[str, Any]:
    lead = [told(text, spoken) for text in part["lead"]]
    return {"title": told(part["title"], spoken), "lead": lead, **part["numbers"]}


def index(entries: Sequence[Mapping[str, str]], tongue: LanguageCode = "en") -> str:
    """A page that lists reports; each entry has `environment`, `dataset`, `run_id`, `summary` and `href`."""
    return _environment(tongue).get_template("index.html.j2").render(entries=entries)


@cache
def _environment(tongue: LanguageCode) -> Environment:
    spoken = language(tongue)
    environment = Environment(
        loader=PackageLoader("affectlens.pipelines.reporting"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "user_text": user_text,
        "visible": visible,
        "told": lambda text: unbroken(visible(told(text, spoken))),
        "prose": lambda text: prose(told(text, spoken)),
        "english": prose,
        "mark": _MARKS.__getitem__,
        "anchor": anchor,
    }
    script, script_hash = _script()
    environment.globals |= {
        "draw_stage": draw_stage,
        "tag": spoken.tag,
        "draw": lambda chart, name: draw(chart["figure"], name, spoken),
        "script": Markup(script),  # noqa: S704  a file of this package
        "script_hash": script_hash,
    }
    return environment


def _script() -> tuple[str, str]:
    """The script of the pages, and its hash, which is the only one that their security policy lets run."""
    script = files(__package__).joinpath("templates/report.js").read_text(encoding="utf-8").strip()
    return script, base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


_HOW_IT_FLOWS = (
    "Every node of every stage, what it reads and what it writes. `make viz` shows the same with previews of tables, "
    "figures and numbers."
)
_HOW_TO_READ_DRAWINGS = (
    "A box is a node and, below its name, what it writes; lines lead from there to the nodes that read it, left to "
    "right. × counts the variants that one box stands for, » marks what another stage reads, and a dashed box is what "
    "comes from another stage. Names lead to the words below each drawing, where parameters stand too."
)
_HOW_TO_READ = (
    "Brackets are 95 % intervals. Ahead or behind is called clear only where the difference, unit by unit, has an "
    "interval without zero and p below 0.05, or, where no such difference was measured, the two intervals lie apart."
)
