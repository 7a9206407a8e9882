"""Reports on disk: one HTML file a run."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any

import fsspec
from kedro.io.core import AbstractVersionedDataset, DatasetError, Version, get_filepath_str, get_protocol_and_path

from affectlens.datasets.table_dataset import write_atomically


class HtmlDataset(AbstractVersionedDataset[str, str]):
    """A page of HTML as UTF-8 text. A save is atomic; it keeps line ends, so what loads is what was saved."""

    def __init__(
        self, *, filepath: str, version: Version | None = None, metadata: dict[str, Any] | None = None
    ) -> None:
        protocol, path = get_protocol_and_path(filepath, version)
        self.metadata = metadata
        self._fs = fsspec.filesystem(protocol)
        super().__init__(
            filepath=PurePosixPath(path),
            version=version,
            exists_function=self._fs.exists,
            glob_function=self._fs.glob,
        )

    def load(self) -> str:
        """The page."""
        return Path(get_filepath_str(self._get_load_path(), "file")).read_bytes().decode()

    def save(self, data: str) -> None:
        """Write the page."""
        write_atomically(Path(get_filepath_str(self._get_save_path(), "file")), data.encode())

    def _exists(self) -> bool:
        try:
            return bool(self._fs.exists(get_filepath_str(self._get_load_path(), "file")))
        except DatasetError:
            return False

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath, "version": self._version}
