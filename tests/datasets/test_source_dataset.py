from __future__ import annotations

import os
from pathlib import Path

import pytest
from kedro.io.core import DatasetError

from affectlens.datasets import SourceDataset


@pytest.fixture
def sequences(tmp_path: Path) -> Path:
    path = tmp_path / "sequences.txt"
    path.write_text("1 7 9\n")
    return path


def configured(table: str, path: Path) -> SourceDataset:
    dataset = SourceDataset(table=table)
    dataset.configure({"name": "sequences", "interactions": str(path), "attributes": None})
    return dataset


def test_each_dataset_gives_its_table_of_the_source(sequences: Path) -> None:
    assert configured("users", sequences).load()["user_id"].tolist() == ["1"]
    assert configured("interactions", sequences).load()["content_id"].tolist() == ["7", "9"]
    assert len(configured("media", sequences).load()) == 0


def test_what_a_reader_changes_does_not_reach_the_next_one(sequences: Path) -> None:
    table = configured("users", sequences).load()
    table["user_id"] = "changed"
    assert configured("users", sequences).load()["user_id"].tolist() == ["1"]


def test_a_changed_file_is_read_again(sequences: Path) -> None:
    configured("users", sequences).load()
    sequences.write_text("5 7 9\n")
    os.utime(sequences, (1, 1))
    assert configured("users", sequences).load()["user_id"].tolist() == ["5"]


def test_a_dataset_without_configuration_says_what_to_state() -> None:
    with pytest.raises(DatasetError, match="state `source:`"):
        SourceDataset(table="users").load()


def test_an_unknown_table_is_refused() -> None:
    with pytest.raises(DatasetError, match="'user' is unknown"):
        SourceDataset(table="user")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"nowhere\.txt"):
        configured("users", tmp_path / "nowhere.txt").load()
