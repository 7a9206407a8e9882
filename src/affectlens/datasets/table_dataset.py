"""Parquet tables that are written atomically and may be absent."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pandas as pd
from kedro.io.core import DatasetError, VersionNotFoundError
from kedro.utils import load_obj
from kedro_datasets.pandas import ParquetDataset


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

    def _has_been_written(self) -> bool:
        try:
            return bool(self._fs.exists(str(self._get_load_path())))
        except (DatasetError, VersionNotFoundError):
            return False


def empty_table(contract: str) -> pd.DataFrame:
    """No rows, with the columns and types of a contract."""
    schema = load_obj(contract)
    frame = pd.DataFrame({name: pd.Series(dtype=object) for name in schema.columns})
    return schema.validate(frame)
