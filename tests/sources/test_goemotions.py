from __future__ import annotations

from pathlib import Path

from affectlens.sources import Tables, read_source, source_params

LABELS = "anger\njoy\nneutral"


def read(tmp_path: Path, **contents: bytes | str) -> Tables:
    files = {"labels": LABELS, **contents}
    for name, content in files.items():
        (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    names = {"labels": None, "train": None, "valid": None, "test": None} | {name: name for name in files}
    return read_source(source_params({"name": "goemotions", **names}), lambda name: tmp_path / name)


def test_indices_become_label_names_and_files_become_splits(tmp_path: Path) -> None:
    tables = read(tmp_path, train="hello\t1\tc1\nbad day\t0,2,0\tc2\n", valid="so\t2\tc3\n")
    labels = tables["emotion_labels"]
    assert labels["labels"].tolist() == [["joy"], ["anger", "neutral"], ["neutral"]]
    assert labels["split"].tolist() == ["train", "train", "valid"]
    assert tables["utterances"]["utterance_id"].tolist() == ["c1", "c2", "c3"]
    assert tables["utterances"]["text"].tolist() == ["hello", "bad day", "so"]
    assert tables["utterances"]["occurred_at"].isna().all()


def test_quotes_and_commas_in_a_text_are_text(tmp_path: Path) -> None:
    tables = read(tmp_path, train='"no, ""stop\t0\tc1\nfine\t1\tc2\n')
    assert tables["utterances"]["text"].tolist() == ['"no, ""stop', "fine"]


def test_a_line_with_other_than_three_fields_is_kept_as_malformed(tmp_path: Path) -> None:
    tables = read(tmp_path, train="fine\t1\tc1\nno tabs here\na\tb\tc\td\n\nalso fine\t2\tc2\r\n")
    defects = tables["utterances"]["defect"]
    assert defects.notna().tolist() == [False, True, True, True, False]
    assert set(defects.dropna()) == {"malformed line"}
    assert tables["utterances"]["utterance_id"].iloc[-1] == "c2"


def test_an_index_without_a_label_spoils_the_label_row_only(tmp_path: Path) -> None:
    tables = read(tmp_path, test="x\t1,9\tc1\ny\tjoy\tc2\nz\t\tc3\n")
    assert tables["emotion_labels"]["defect"].tolist() == ["unknown label index"] * 3
    assert tables["utterances"]["defect"].isna().all()


def test_bytes_that_are_not_utf8_become_the_replacement_character(tmp_path: Path) -> None:
    tables = read(tmp_path, train=b"caf\xe9\t1\tc1\nfine\t1\tc2\n")
    assert tables["utterances"]["text"].tolist() == ["caf\ufffd", "fine"]


def test_no_file_gives_no_rows(tmp_path: Path) -> None:
    tables = read(tmp_path)
    assert all(len(table) == 0 for table in tables.values())
