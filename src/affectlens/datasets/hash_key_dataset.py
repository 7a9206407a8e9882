"""The key with which ingestion replaces user ids."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path
from typing import Any, NoReturn

from kedro.io import AbstractDataset
from kedro.io.core import DatasetError

KEY_BYTES = 32
MIN_LENGTH = 16


class HashKeyDataset(AbstractDataset[NoReturn, str]):
    """The key from credentials (`key`); where that is null, one generated once beside the data.

    The generated file is readable by its owner only. The key is never logged, described or saved through the catalog.
    """

    def __init__(
        self, *, filepath: str, credentials: dict[str, str | None] | None = None, metadata: dict[str, Any] | None = None
    ) -> None:
        self._path = Path(filepath)
        self._key = (credentials or {}).get("key")
        self.metadata = metadata

    def load(self) -> str:
        """The key, at least 16 characters long."""
        key = self._key or self._local_key()
        if len(key) < MIN_LENGTH:
            origin = "AFFECTLENS_USER_ID_KEY" if self._key else str(self._path)
            raise DatasetError(
                f"the key of user ids ({origin}) is shorter than {MIN_LENGTH} characters; choose a longer one"
            )
        return key

    def save(self, data: NoReturn) -> None:  # noqa: ARG002
        """Refuse: a key comes from credentials or is generated."""
        raise DatasetError("the key of user ids is never written by a node")

    def _local_key(self) -> str:
        if not self._path.exists():
            self._generate()
        return self._path.read_text(encoding="ascii").strip()

    def _generate(self) -> None:
        """Write a new key, readable by its owner only; where a run beside this one was faster, its key stays."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                file.write(secrets.token_hex(KEY_BYTES))

    def _exists(self) -> bool:
        return self._key is not None or self._path.exists()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._path)}
