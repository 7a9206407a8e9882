"""Texts of the report that can be said in more than one language.

A text is a string, a sentence with places for values (`say`), or a list of texts that follow each other. Sections hold
texts; only the page turns them into one language (`told`). English is written where it is used and is the key of the
catalogue of every other language (`catalogue/<language>.yml`); what a catalogue lacks stays English.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import yaml

from affectlens.exhibits import Message

Text = str | Mapping[str, Any] | Sequence["Text"]
LanguageCode = Literal["en", "zh"]


@dataclass(frozen=True)
class Language:
    """A language that the report speaks.

    Attributes:
        tag: as HTML names it.
        gap: what stands between two sentences.
        catalogue: English -> this language.
    """

    tag: str
    gap: str
    catalogue: Mapping[str, str]


@cache
def language(code: LanguageCode) -> Language:
    """A language by its code.

    Raises:
        ValueError: the report does not speak it.
    """
    if code == "en":
        return Language("en", " ", {})
    if code != "zh":
        raise ValueError(f"reporting.language is {code!r}, expected 'en' or 'zh'")
    written = files(__package__).joinpath(f"catalogue/{code}.yml").read_text(encoding="utf-8")
    return Language("zh-Hans", "", yaml.safe_load(written))


def say(text: str, **values: Text) -> Text:
    """A sentence with places for values.

    >>> told(say("{n} of {all} rows", n="3", all="12"), language("en"))
    '3 of 12 rows'
    """
    return {"text": text, "values": values}


def told(text: Text, tongue: Language) -> str:
    """A text in one language.

    >>> told(["One.", say("Two {n}.", n="2")], language("en"))
    'One. Two 2.'
    """
    if isinstance(text, str):
        return tongue.catalogue.get(text, text)
    if isinstance(text, Mapping):
        values = {name: told(value, tongue) for name, value in text["values"].items()}
        return tongue.catalogue.get(text["text"], text["text"]).format(**values)
    return tongue.gap.join(told(part, tongue) for part in text)


def plain(text: str | Message) -> Text:
    """A text of an exhibit as sections hold texts: plain JSON."""
    return text if isinstance(text, str) else text.model_dump()


def listed(parts: Sequence[Text]) -> Text:
    """Texts as an enumeration.

    >>> told(listed(["a", "b", "c"]), language("en"))
    'a, b and c'
    """
    if len(parts) < 2:
        return parts[0] if parts else ""
    head = parts[0]
    for part in parts[1:-1]:
        head = say("{head}, {next}", head=head, next=part)
    return say("{head} and {last}", head=head, last=parts[-1])


def measured(value: str, unit: str) -> Text:
    """A printed number with its unit, which may have none.

    >>> told(measured("12.3", "tokens"), language("en")), told(measured("12.3", ""), language("en"))
    ('12.3 tokens', '12.3')
    """
    return say("{value} {unit}", value=value, unit=unit) if unit else value


def told_label(label: str, tongue: Language) -> str:
    """The label of an axis, with the bracket behind it, in one language.

    >>> told_label("length (tokens)", Language("xx", "", {"length": "Länge"}))
    'Länge (tokens)'
    """
    name, bracket, rest = label.partition(" (")
    return f"{told(name, tongue)} ({told(rest.removesuffix(')'), tongue)})" if bracket else told(label, tongue)


def code(name: str) -> str:
    """A name as the page prints names: between back-ticks. It is the same in every language."""
    return f"`{name}`"


def quoted(name: str) -> Text:
    """A name of a series or a row between back-ticks, in the language of the page where it has one there."""
    return say("`{name}`", name=name)
