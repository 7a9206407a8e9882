"""Checkpoints on disk: safetensors with JSON beside it."""

from __future__ import annotations

import json
from pathlib import Path, PurePosixPath
from typing import Any

import fsspec
from kedro.io.core import (
    AbstractVersionedDataset,
    DatasetError,
    Version,
    get_filepath_str,
    get_protocol_and_path,
)

from affectlens.datasets.table_dataset import write_atomically
from affectlens.models.checkpoint import Checkpoint


class CheckpointDataset(AbstractVersionedDataset[Checkpoint, Checkpoint]):
    """A `Checkpoint` as `*.safetensors` (weights) and `*.json` (the rest). Nothing is unpickled.

    With `absent_if_missing`, one that no stage of this environment has written loads as `Checkpoint.absent()`.
    """

    def __init__(
        self,
        *,
        filepath: str,
        version: Version | None = None,
        metadata: dict[str, Any] | None = None,
        absent_if_missing: bool = False,
    ) -> None:
        protocol, path = get_protocol_and_path(filepath, version)
        self._absent_if_missing = absent_if_missing
        self.metadata = metadata
        self._fs = fsspec.filesystem(protocol)
        super().__init__(
            filepath=PurePosixPath(path),
            version=version,
            exists_function=self._fs.exists,
            glob_function=self._fs.glob,
        )

    def load(self) -> Checkpoint:
        """The checkpoint, with its weights as arrays on the CPU."""
        from safetensors.numpy import load_file

        if self._absent_if_missing and not self._exists():
            return Checkpoint.absent()
        path = Path(get_filepath_str(self._get_load_path(), "file"))
        facts = json.loads(path.with_suffix(".json").read_text())
        return Checkpoint(facts["architecture"], facts["params"], load_file(path), facts["metadata"])

    def save(self, data: Checkpoint) -> None:
        """Write weights and facts; the facts first, so that weights never stand without them."""
        from safetensors.numpy import save as to_bytes

        path = Path(get_filepath_str(self._get_save_path(), "file"))
        facts = {
            "architecture": data.architecture,
            "params": dict(data.params),
            "metadata": dict(data.metadata),
            "fingerprint": data.fingerprint(),
        }
        write_atomically(path.with_suffix(".json"), json.dumps(facts, indent=1).encode())
        write_atomically(path, to_bytes(dict(data.weights)))

    def _exists(self) -> bool:
        try:
            return bool(self._fs.exists(get_filepath_str(self._get_load_path(), "file")))
        except DatasetError:
            return False

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath, "version": self._version}

    def preview(self) -> str:
        """Architecture, size and metadata, for kedro-viz."""
        checkpoint = self.load()
        n_weights = sum(array.size for array in checkpoint.weights.values())
        return json.dumps({"architecture": checkpoint.architecture, "n_weights": n_weights, **checkpoint.metadata})
