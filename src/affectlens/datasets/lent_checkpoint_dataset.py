"""A checkpoint that another environment has trained, if there is one."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

from kedro.io import AbstractDataset
from kedro.io.core import DatasetError, Version

from affectlens.datasets.checkpoint_dataset import CheckpointDataset
from affectlens.models.checkpoint import Checkpoint

logger = logging.getLogger(__name__)


class LentCheckpointDataset(AbstractDataset[NoReturn, Checkpoint | None]):
    """The newest version of a checkpoint under another data root; None where none lies.

    The data root is a parameter, handed over by `configure`: a catalog cannot read parameters.
    """

    def __init__(self, *, place: str, metadata: dict[str, Any] | None = None) -> None:
        self._place = place
        self._root: Path | None = None
        self.metadata = metadata

    def configure(self, root: Path) -> None:
        """Take the data root of the environment that lends."""
        self._root = root

    def load(self) -> Checkpoint | None:
        """The checkpoint, whose metadata say which `version` it is; None where there is none."""
        versions = self._versions()
        if not versions:
            logger.warning("No checkpoint lies at %s; the run goes on without it.", self._folder())
            return None
        dataset = CheckpointDataset(filepath=str(self._folder()), version=Version(versions[-1], None))
        checkpoint = dataset.load()
        return replace(checkpoint, metadata={**checkpoint.metadata, "version": versions[-1]})

    def save(self, data: NoReturn) -> None:  # noqa: ARG002
        """Refuse: it belongs to the environment that trained it."""
        raise DatasetError("a lent checkpoint is only read; the environment that trains it writes it")

    def _versions(self) -> list[str]:
        name = self._folder().name
        return sorted(path.parent.name for path in self._folder().glob(f"*/{name}"))

    def _folder(self) -> Path:
        if self._root is None:
            raise DatasetError(f"checkpoint {self._place!r} has no data root; state `emotion_model:` in the parameters")
        return self._root / self._place

    def _exists(self) -> bool:
        return self._root is not None and bool(self._versions())

    def _describe(self) -> dict[str, Any]:
        return {"place": self._place, "root": None if self._root is None else str(self._root)}
