from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from kedro.io.core import DatasetError, Version

from affectlens.datasets import CheckpointDataset, EventLogDataset, LentCheckpointDataset
from affectlens.models.checkpoint import Checkpoint

PLACE = "06_models/emotion_checkpoint.safetensors"


def lend(root: Path, version: str, value: float) -> None:
    dataset = CheckpointDataset(filepath=str(root / PLACE), version=Version(None, version))
    dataset.save(Checkpoint("cnn", {}, {"w": np.array([value], dtype=np.float32)}, {}))


def test_the_newest_version_is_lent_and_named(tmp_path: Path) -> None:
    lend(tmp_path, "2026-01-01T00.00.00.000Z", 1.0)
    lend(tmp_path, "2026-02-01T00.00.00.000Z", 2.0)
    dataset = LentCheckpointDataset(place=PLACE)
    dataset.configure(tmp_path)
    lent = dataset.load()
    assert lent is not None
    assert lent.weights["w"].tolist() == [2.0]
    assert lent.metadata["version"] == "2026-02-01T00.00.00.000Z"


def test_where_nothing_lies_nothing_is_lent(tmp_path: Path) -> None:
    dataset = LentCheckpointDataset(place=PLACE)
    dataset.configure(tmp_path)
    assert not dataset.exists()
    assert dataset.load() is None


def test_it_is_neither_written_nor_read_without_a_root(tmp_path: Path) -> None:
    dataset = LentCheckpointDataset(place=PLACE)
    with pytest.raises(DatasetError, match="emotion_model"):
        dataset.load()
    with pytest.raises(DatasetError, match="only read"):
        dataset.save(Checkpoint("cnn", {}, {}, {}))


def test_a_log_is_a_place_that_has_to_exist(tmp_path: Path) -> None:
    dataset = EventLogDataset(filepath=str(tmp_path / "log.parquet"))
    with pytest.raises(DatasetError, match="ingestion"):
        dataset.load()
    (tmp_path / "log.parquet").write_bytes(b"")
    assert dataset.load().path == tmp_path / "log.parquet"
