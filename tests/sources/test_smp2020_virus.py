from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from affectlens.sources import read_source, source_params

RECORDS = [
    {"id": 1, "content": "天使[心]", "label": "happy"},
    {"id": 2, "content": "普通的一天", "label": "neural"},
    {"id": 3, "content": "???", "label": "bored"},
    {"id": 4, "text": "without a label"},
]


def tables(path: Path, field: str = "train"):
    given = {"name": "smp2020_virus", "train": None, "valid": None, "test": None, field: str(path)}
    return read_source(source_params(given), Path)


@pytest.fixture
def posts(tmp_path: Path) -> Path:
    path = tmp_path / "posts.json.gz"
    path.write_bytes(gzip.compress(json.dumps(RECORDS).encode()))
    return path


def test_posts_carry_the_labels_of_ekman_and_the_language(posts: Path) -> None:
    read = tables(posts)
    assert read["utterances"]["language"].tolist() == ["zh"] * 4
    assert read["emotion_labels"]["labels"].tolist()[:2] == [["joy"], ["neutral"]]
    assert read["emotion_labels"]["split"].tolist() == ["train"] * 4


def test_what_cannot_be_read_says_why(posts: Path) -> None:
    read = tables(posts)
    assert read["utterances"]["defect"].tolist()[3] == "malformed record"
    assert read["utterances"]["defect"].isna().tolist() == [True, True, True, False]
    assert read["emotion_labels"]["defect"].tolist()[2:] == ["unknown label", "malformed record"]


def test_ids_of_two_files_do_not_meet(posts: Path) -> None:
    given = {"name": "smp2020_virus", "train": str(posts), "valid": None, "test": str(posts)}
    ids = read_source(source_params(given), Path)["utterances"]["utterance_id"].dropna()
    assert ids.is_unique
    assert len(ids) == 6


def test_a_file_that_is_no_list_is_named(tmp_path: Path) -> None:
    path = tmp_path / "posts.json"
    path.write_text("{}")
    with pytest.raises(TypeError, match="expected a list"):
        tables(path)
    path.write_text("[{")
    with pytest.raises(ValueError, match="no JSON"):
        tables(path)


@pytest.mark.parametrize("field", ["id", "content"])
def test_a_post_without_id_or_text_is_a_defect(tmp_path: Path, field: str) -> None:
    path = tmp_path / "posts.json"
    path.write_text(json.dumps([RECORDS[0], {**RECORDS[1], field: None}]))
    read = tables(path)
    for name in ("utterances", "emotion_labels"):
        assert read[name]["defect"].tolist()[1] == f"missing {field}"
        assert read[name]["utterance_id"].notna().tolist() == [True, False]
