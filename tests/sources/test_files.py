"""Files as sources read them: line ends of any system, and files that were stated but hold nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from affectlens.sources import read_source, source_params
from affectlens.sources.delimited import read_rows
from affectlens.sources.files import read_csv, read_lines


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_of_every_system_are_line_ends(tmp_path: Path, end: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(end.join(["a,b", "1,2", "3,4", ""]).encode())
    assert read_lines(path).tolist() == ["a,b", "1,2", "3,4"]
    assert read_csv(path, ["b"])["b"].tolist() == ["2", "4"]
    assert read_rows(path).frame["a"].tolist() == ["1", "3"]


def test_a_carriage_return_in_a_quoted_cell_is_text(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b'a,b\r\n1,"two\rlines"\r\n')
    assert read_csv(path, ["b"])["b"].tolist() == ["two\rlines"]


EMPTY = [
    ("goemotions", "test", "", "Leave source.test out"),
    ("goemotions", "labels", "\n", "Pass another file"),
    ("dair_emotion", "test", "text;label_name\n", "Leave source.test out"),
    ("smp2020_virus", "valid", "[]", "Leave source.valid out"),
    ("airline_tweets", "tweets", "airline_sentiment,user,text,tweet_created\n", "Pass another file"),
    ("meld", "train", "Utterance,Speaker,Emotion,Dialogue_ID,Utterance_ID\r\n", "Leave source.train out"),
    ("open_bandit", "bts", "", "Leave source.bts out"),
    ("sequences", "attributes", "{}", "Leave source.attributes out"),
]
FILES = {
    "goemotions": {"labels": "joy", "train": "hi\t0\tc1", "valid": None, "test": None},
    "dair_emotion": {"train": "hi;joy", "valid": None, "test": None},
    "smp2020_virus": {"train": None, "valid": None, "test": None},
    "airline_tweets": {},
    "meld": {"train": None, "valid": None, "test": None},
    "open_bandit": {"random": None, "bts": None, "items": None},
    "sequences": {"interactions": "1 2 3", "attributes": None},
}


@pytest.mark.parametrize(("name", "field", "content", "way_out"), EMPTY)
def test_a_stated_file_without_rows_is_refused_by_name(
    tmp_path: Path, name: str, field: str, content: str, way_out: str
) -> None:
    files = {**FILES[name], field: content}
    for each, text in files.items():
        (tmp_path / each).write_text(text or "")
    params = source_params({"name": name, **{each: None if files[each] is None else each for each in files}})
    with pytest.raises(ValueError, match=rf"source\.{field}: .*/{field} holds no rows; expected .*\. {way_out}"):
        read_source(params, lambda file: tmp_path / file)


def test_pictures_that_are_none_are_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "faces.npz"
    np.savez(path, images=np.zeros((0, 48, 48), np.uint8), labels=np.zeros(0, int), classes=np.array(["happy"]))
    given = {"name": "fer2013", "faces": str(path), "test": None, "valid_share": 0.2, "i_may_process_faces": True}
    with pytest.raises(ValueError, match=r"source\.faces: .*faces\.npz holds no rows"):
        read_source(source_params(given), Path)
