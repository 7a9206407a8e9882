"""Parquet tables that are written atomically and may be absent."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from kedro.io.core import DatasetError, VersionNotFoundError
from kedro.utils import load_obj
from kedro_datasets._typing import TablePreview
from kedro_datasets.pandas import ParquetDataset

_ITEMS_SHOWN = 4
_CHARACTERS_SHOWN = 80


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that a kill leaves the old one or the new one, never half of one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_bytes(content)
    temporary.replace(path)


class TableDataset(ParquetDataset):
    """A pandas table in a local Parquet file.

    Departs from `ParquetDataset` in two points: a save is atomic, and with `empty_if_missing` (the path of a table
    contract in `affectlens.schemas`) a table that no stage of this environment has written loads as an empty one.
    """

    def __init__(self, *, empty_if_missing: str | None = None, **options: Any) -> None:
        super().__init__(**options)
        self._empty_if_missing = empty_if_missing

    def load(self) -> pd.DataFrame:
        """The table; or an empty one with the contract's columns where that is allowed and nothing was written."""
        if self._empty_if_missing is not None and not self._has_been_written():
            return empty_table(self._empty_if_missing)
        return super().load()

    def save(self, data: pd.DataFrame) -> None:
        """Write the table."""
        path = Path(str(self._get_save_path()))
        write_atomically(path, data.to_parquet(index=False))
        self._invalidate_cache()

    def preview(self, nrows: int = 5) -> TablePreview:
        """The first rows for kedro-viz; a list is shown by its first items, bytes by their number."""
        rows = self.load().head(nrows).map(_as_shown)
        return TablePreview(json.loads(rows.to_json(orient="split", date_format="iso")))

    def _has_been_written(self) -> bool:
        try:
            return bool(self._fs.exists(str(self._get_load_path())))
        except (DatasetError, VersionNotFoundError):
            return False


def _as_shown(value: Any) -> Any:
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    if isinstance(value, np.ndarray):
        more = f", ... {len(value)} in all" if len(value) > _ITEMS_SHOWN else ""
        return f"{', '.join(str(item) for item in value[:_ITEMS_SHOWN])}{more}"
    if isinstance(value, str) and len(value) > _CHARACTERS_SHOWN:
        return f"{value[:_CHARACTERS_SHOWN]}..."
    return value


def empty_table(contract: str) -> pd.DataFrame:
    """No rows, with the columns and types of a contract."""
    schema = load_obj(contract)
    frame = pd.DataFrame({name: pd.Series(dtype=object) for name in schema.columns})
    return schema.validate(frame)
