"""Sections to one self-contained page. Nothing in it runs: no script, no outside address, all text escaped."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from .blocks import Section
from .charts import legend, to_svg

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


def page(title: str, summary: Mapping[str, Any], sections: Sequence[Section]) -> str:
    """The whole report as HTML, a function of its arguments alone."""
    template = _environment().get_template("report.html.j2")
    return template.render(title=title, summary=summary, sections=sections)


def report(sections: Sequence[Section]) -> tuple[str, dict[str, Any]]:
    """The page, and the numbers of all its sections as JSON.

    Args:
        sections: in the order of the page; the first one says what ran.
    """
    run = sections[0]["numbers"]
    verdicts = [{"stage": part["title"], **part["verdict"]} for part in sections if part["verdict"]]
    summary = {
        **{name: run[name] for name in ("environment", "dataset", "seed", "run_ids")},
        "lead": summary_sentence(run, verdicts),
        "verdicts": verdicts,
        "facts": [fact for part in sections for fact in part["facts"]],
    }
    numbers = {part["id"]: {"title": part["title"], "lead": part["lead"], **part["numbers"]} for part in sections}
    return page(f"Environment {run['environment']}", summary, sections), {**summary, "sections": numbers}


def summary_sentence(run: Mapping[str, Any], verdicts: Sequence[Mapping[str, str]]) -> str:
    """How the stages stand to their baselines, all in all."""
    place = f"On dataset `{run['dataset']}` with seed {run['seed']}"
    if not verdicts:
        return f"{place}, no model was judged against a baseline."
    groups = {
        "clearly ahead": ("ahead",),
        "not told apart": ("maybe_ahead", "level", "maybe_behind"),
        "clearly behind": ("behind",),
    }
    stages = {text: [v["stage"].lower() for v in verdicts if v["outcome"] in kinds] for text, kinds in groups.items()}
    told = [f"{text} in {len(found)} ({', '.join(found)})" for text, found in stages.items() if found]
    n = len(verdicts)
    judged = f"{place}, {n} {'stage was' if n == 1 else 'stages were'} judged"
    return f"{judged}. Against the best baseline, the best model is {_joined(told)}."


def _joined(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def index(entries: Sequence[Mapping[str, str]]) -> str:
    """A page that lists reports; each entry has `environment`, `dataset`, `run_id`, `summary` and `href`."""
    return _environment().get_template("index.html.j2").render(entries=entries)


def _svg(chart: Mapping[str, Any], name: str) -> Markup:
    return Markup(to_svg(chart["figure"], name))  # noqa: S704  our own drawing, in which Matplotlib escapes all text


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("affectlens.pipelines.reporting"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"user_text": user_text, "prose": prose, "visible": visible, "mark": _MARKS.__getitem__}
    environment.globals |= {"svg": _svg, "legend": lambda chart: legend(chart["figure"])}
    return environment
