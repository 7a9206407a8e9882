from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from kedro.io import DatasetError, Version

from affectlens.datasets import LeaderboardDataset, TableDataset


def test_a_table_loads_as_it_was_saved(tmp_path: Path) -> None:
    dataset = TableDataset(filepath=str(tmp_path / "users.parquet"))
    frame = pd.DataFrame({"user_id": ["a", "b"], "joined_at": pd.to_datetime(["2020-01-01", None], utc=True)})
    dataset.save(frame)
    pd.testing.assert_frame_equal(dataset.load(), frame)
    assert [path.name for path in tmp_path.iterdir()] == ["users.parquet"]


def test_a_table_that_no_stage_wrote_is_empty_where_that_is_allowed(tmp_path: Path) -> None:
    options = {"filepath": str(tmp_path / "users.parquet"), "empty_if_missing": "affectlens.schemas.Users"}
    for version in (None, Version(None, "now")):
        empty = TableDataset(**options, version=version).load()
        assert len(empty) == 0
        assert "user_id" in empty.columns


def test_a_missing_table_is_an_error_otherwise(tmp_path: Path) -> None:
    with pytest.raises(DatasetError):
        TableDataset(filepath=str(tmp_path / "users.parquet")).load()


def test_a_leaderboard_carries_its_run_and_json_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "emotion_leaderboard.parquet"
    dataset = LeaderboardDataset(filepath=str(path), version=Version(None, "2030-01-01T00.00.00.000Z"))
    dataset.save(pd.DataFrame({"metric": ["macro_f1"], "value": [0.5]}))
    assert dataset.load()["run_id"].tolist() == ["2030-01-01T00.00.00.000Z"]
    rows = json.loads((path / "2030-01-01T00.00.00.000Z" / "emotion_leaderboard.json").read_text())
    assert rows == [{"metric": "macro_f1", "value": 0.5, "run_id": "2030-01-01T00.00.00.000Z"}]
