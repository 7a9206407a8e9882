"""What a page in Chinese had to leave in English."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from affectlens.pipelines.reporting import render, texts
from affectlens.pipelines.reporting.texts import language

# What is no prose: names with a dash between them, numbers with units, dates, references of a stage, protocols in full.
_NO_PROSE = re.compile(
    r"[^A-Za-z]*|\S+|.* - .*|reference: .*|[\d.,− ]+ \S+|\[.*\]|r\d?|\w+, [\w:]+(, \d+)?|`?\w+, full ranking.*|CC BY .*"
    r"|“.*”|[\d.]+ \(\w+\).*"
)


class Recorder(dict[str, str]):
    """A catalogue that notes what it was asked for and lacks."""

    def __init__(self) -> None:
        super().__init__(language("zh").catalogue)
        self.asked: set[str] = set()

    def get(self, key: str, default: Any = None) -> Any:
        self.asked.add(key)
        return super().get(key, default)

    @property
    def missing(self) -> list[str]:
        """The prose that it lacks."""
        return sorted(text for text in self.asked - set(self) if not _NO_PROSE.fullmatch(text))

    def as_language(self) -> texts.Language:
        """Chinese by this catalogue."""
        return texts.Language("zh-Hans", "", self)


@contextmanager
def recorded() -> Iterator[Recorder]:
    """Within it, every page is in Chinese, by the catalogue that is handed out."""
    catalogue = Recorder()
    uncached = render._environment.__wrapped__
    with patch.multiple(render, language=lambda _: catalogue.as_language(), _environment=uncached):
        yield catalogue
