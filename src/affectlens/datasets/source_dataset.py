"""The raw tables of a real source, read by its adapter."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, NoReturn

import pandas as pd
from kedro.io import AbstractDataset
from kedro.io.core import DatasetError

from affectlens.fetch import licence_of, resolve
from affectlens.sources import SourceParams, Tables, read_source, source_params
from affectlens.sources.base import COLUMNS

logger = logging.getLogger(__name__)


class SourceDataset(AbstractDataset[NoReturn, pd.DataFrame]):
    """One raw table of the source that `params:source` describes.

    The adapter runs once for all tables: its result is kept in the process until the parameters or a file change.
    """

    def __init__(self, *, table: str, metadata: dict[str, Any] | None = None) -> None:
        if table not in COLUMNS:
            raise DatasetError(f"table {table!r} is unknown; expected one of {sorted(COLUMNS)}")
        self._table = table
        self._source: SourceParams | None = None
        self.metadata = metadata

    def configure(self, source: Mapping[str, Any]) -> None:
        """Take the configuration `source:` of the environment.

        Raises:
            ValueError: it is not valid for the source that it names.
        """
        self._source = source_params(source)

    def load(self) -> pd.DataFrame:
        """Fetch and read the source's files where that was not done yet, and return this table."""
        if self._source is None:
            raise DatasetError(
                f"raw table {self._table!r} has no source; state `source:` in this environment's parameters"
            )
        paths = {name: resolve(name) for name in self._source.files().values()}
        states = tuple((name, str(path), path.stat().st_mtime_ns, path.stat().st_size) for name, path in paths.items())
        return _read(self._source, states)[self._table].copy()

    def save(self, data: NoReturn) -> None:  # noqa: ARG002
        """Refuse: a source is only read."""
        raise DatasetError("a source of real data is only read")

    def _exists(self) -> bool:
        return self._source is not None

    def _describe(self) -> dict[str, Any]:
        return {"table": self._table, "source": None if self._source is None else self._source.model_dump()}


@lru_cache(maxsize=1)
def _read(source: SourceParams, states: tuple[tuple[str, str, int, int], ...]) -> Tables:
    paths = {name: Path(path) for name, path, *_ in states}
    logger.info("Reading source %s; licence: %s", source.name, licence_of(source.name))
    return read_source(source, paths.__getitem__)
