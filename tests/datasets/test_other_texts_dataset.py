from __future__ import annotations

import logging
from pathlib import Path

import pytest
from kedro.io.core import DatasetError

from affectlens.datasets import OtherTextsDataset


def carer(valid: object) -> dict[str, object]:
    return {"name": "dair_emotion", "train": None, "valid": str(valid), "test": None}


@pytest.fixture
def tweets(tmp_path: Path) -> Path:
    path = tmp_path / "tweets.txt"
    path.write_text("i feel lovely;love\nno label here\ni feel low;sadness\n")
    return path


def test_labelled_texts_come_with_their_source_and_taxonomy(tweets: Path) -> None:
    table = OtherTextsDataset(sources=[carer(tweets)]).load()
    assert table.to_dict("list") == {
        "source": ["dair_emotion"] * 2,
        "taxonomy": ["ekman"] * 2,
        "text": ["i feel lovely", "i feel low"],
        "labels": [["joy"], ["sadness"]],
    }


def test_a_source_that_cannot_be_had_is_left_out_and_named(tweets: Path, tmp_path: Path, caplog) -> None:
    with caplog.at_level(logging.WARNING):
        table = OtherTextsDataset(sources=[carer(tmp_path / "nowhere.txt"), carer(tweets)]).load()
    assert len(table) == 2
    assert "dair_emotion" in caplog.text
    assert "nowhere.txt" in caplog.text


def test_no_sources_are_an_empty_table() -> None:
    table = OtherTextsDataset().load()
    assert table.empty
    assert list(table.columns) == ["source", "taxonomy", "text", "labels"]


def test_a_source_that_does_not_exist_is_refused_by_name() -> None:
    with pytest.raises(DatasetError, match="'carer' is unknown"):
        OtherTextsDataset(sources=[{"name": "carer"}])
