"""A Parquet file of interactions that is handed on as a place, not as rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NoReturn

from kedro.io import AbstractDataset
from kedro.io.core import DatasetError

from affectlens.features.event_log import EventLog


class EventLogDataset(AbstractDataset[NoReturn, EventLog]):
    """The log that another entry of the catalog writes; DuckDB scans it, so that its size does not matter."""

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._filepath = Path(filepath)
        self.metadata = metadata

    def load(self) -> EventLog:
        """Where the log lies.

        Raises:
            DatasetError: there is none.
        """
        if not self._filepath.is_file():
            raise DatasetError(f"no log lies at {self._filepath}; run the stage `ingestion` first")
        return EventLog(self._filepath)

    def save(self, data: NoReturn) -> None:  # noqa: ARG002
        """Refuse: the entry `interactions` writes the file."""
        raise DatasetError("a log is only read here; the entry `interactions` writes it")

    def _exists(self) -> bool:
        return self._filepath.is_file()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._filepath)}
