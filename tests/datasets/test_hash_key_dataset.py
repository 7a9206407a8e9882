from __future__ import annotations

from pathlib import Path

import pytest
from kedro.io.core import DatasetError

from affectlens.datasets import HashKeyDataset

KEY = "a key of sixteen or more"


def test_the_key_of_the_credentials_goes_first(tmp_path: Path) -> None:
    path = tmp_path / "user_id.key"
    assert HashKeyDataset(filepath=str(path), credentials={"key": KEY}).load() == KEY
    assert not path.exists()


def test_a_missing_key_is_generated_once_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "data" / "user_id.key"
    dataset = HashKeyDataset(filepath=str(path), credentials={"key": None})
    key = dataset.load()
    assert len(key) == 64
    assert path.stat().st_mode & 0o777 == 0o600
    assert HashKeyDataset(filepath=str(path)).load() == key
    assert HashKeyDataset(filepath=str(tmp_path / "other.key")).load() != key


def test_the_key_stands_in_no_description(tmp_path: Path) -> None:
    dataset = HashKeyDataset(filepath=str(tmp_path / "k"), credentials={"key": KEY})
    assert KEY not in f"{dataset!r} {dataset} {dataset._describe()}"


def test_a_short_key_is_refused_without_being_shown(tmp_path: Path) -> None:
    dataset = HashKeyDataset(filepath=str(tmp_path / "k"), credentials={"key": "hunter2"})
    with pytest.raises(DatasetError, match="shorter than 16") as caught:
        dataset.load()
    assert "hunter2" not in str(caught.value)
