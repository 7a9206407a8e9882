"""What the datasets of single versioned files share."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

import fsspec
from kedro.io.core import (
    AbstractVersionedDataset,
    DatasetError,
    Version,
    VersionNotFoundError,
    get_filepath_str,
    get_protocol_and_path,
)

Held = TypeVar("Held")


class VersionedFileDataset(AbstractVersionedDataset[Held, Held]):
    """One local file a version; subclasses say what stands in it."""

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

    def _file_to_load(self) -> Path:
        return Path(get_filepath_str(self._get_load_path(), "file"))

    def _file_to_save(self) -> Path:
        return Path(get_filepath_str(self._get_save_path(), "file"))

    def _exists(self) -> bool:
        try:
            return bool(self._fs.exists(get_filepath_str(self._get_load_path(), "file")))
        except (DatasetError, VersionNotFoundError):
            return False

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath, "version": self._version}
