from __future__ import annotations

import json
from pathlib import Path

import pytest

from affectlens.sources import Tables, read_source, source_params


def read(tmp_path: Path, interactions: str, attributes: str | None = None) -> Tables:
    (tmp_path / "interactions").write_text(interactions)
    (tmp_path / "attributes").write_text(attributes or "")
    names = {"interactions": "interactions", "attributes": None if attributes is None else "attributes"}
    return read_source(source_params({"name": "sequences", **names}), lambda name: tmp_path / name)


def test_the_order_of_a_line_is_the_order_of_time(tmp_path: Path) -> None:
    tables = read(tmp_path, "1 7 9 7\n2 9\n")
    purchases = tables["interactions"]
    assert purchases["user_id"].tolist() == ["1", "1", "1", "2"]
    assert purchases["content_id"].tolist() == ["7", "9", "7", "9"]
    assert purchases["occurred_at"].dt.strftime("%Y-%m-%d").tolist() == [
        "2000-01-01",
        "2000-01-02",
        "2000-01-03",
        "2000-01-01",
    ]
    assert tables["contents"]["content_id"].tolist() == ["7", "9"]


def test_attributes_are_tags_once_each(tmp_path: Path) -> None:
    tables = read(tmp_path, "1 7 9\n", json.dumps({"7": [3, 4, 3]}))
    assert tables["contents"]["tags"].tolist() == [["3", "4"], []]


def test_a_line_that_is_no_sequence_is_kept_as_malformed(tmp_path: Path) -> None:
    tables = read(tmp_path, "1 7\n2\nthree 4\n\n5 \ufffd\n6 7\n")
    interactions = tables["interactions"]
    assert interactions["defect"].notna().sum() == 4
    assert interactions["user_id"].dropna().tolist() == ["1", "6"]
    assert tables["users"]["user_id"].tolist() == ["1", "6"]


def test_a_user_on_two_lines_is_one_user_whose_second_line_is_later(tmp_path: Path) -> None:
    tables = read(tmp_path, "1 7\n2 7\n1 9\n")
    first = tables["interactions"].query("user_id == '1'")
    assert first["occurred_at"].is_monotonic_increasing
    assert first["occurred_at"].is_unique
    assert tables["users"]["user_id"].tolist() == ["1", "2"]


@pytest.mark.parametrize("attributes", ["[1, 2]", "{cut off"])
def test_attributes_of_another_form_are_named(tmp_path: Path, attributes: str) -> None:
    with pytest.raises(ValueError, match="object of item -> attribute ids"):
        read(tmp_path, "1 7\n", attributes)
