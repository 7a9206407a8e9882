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


def prose(text: str) -> Markup:
    """A sentence with its back-ticked names as code; everything else is escaped."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(visible(text)))))  # noqa: S704  escaped first


def reports(
    evaluation: Sequence[Section], attention: Sequence[Section], expression: Sequence[Section], tongue: LanguageCode
) -> tuple[dict[str, str], dict[str, Any]]:
    """The pages by the names of their files, and the numbers of all their sections as JSON.

    Args:
        evaluation: the sections of the evaluation; the first one says what ran.
        attention: the sections of the page on the attention economy.
        expression: the sections of the page on the shift of expression.
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
        "sections": {part["id"]: _numbers(part, spoken) for page in every for part in page.sections},
    }
    return {page.name: _page(page, every, facts, tongue) for page in every}, summary


def _page(page: Page, every: Sequence[Page], run: Mapping[str, Any], tongue: LanguageCode) -> str:
    template = _environment(tongue).get_template("report.html.j2")
    return template.render(page=page, pages=every, run=run, how_to_read=_HOW_TO_READ = (
    "Brackets are 95 % intervals. Ahead or behind is called clear only where the difference, unit by unit, has an "
    "interval without zero and p below 0.05, or, where no such difference was measured, the two intervals lie apart."
)
