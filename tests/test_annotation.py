from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from affectlens.annotation import AnnotationError, Columns, annotate
from affectlens.features.taxonomy import SENTIMENT
from affectlens.models.checkpoint import Checkpoint
from affectlens.models.emotion.decision import Calibration, DecisionRule
from affectlens.models.emotion.lexicon_rule import make_lexicon_rule
from affectlens.training.emotion import with_decision_rule

TEXTS = ["so happy today", "I am sad, and angry", "", "a table\nwith two lines", "ünïcode — joy 😀"]


@pytest.fixture
def checkpoint() -> Checkpoint:
    calibration = Calibration.plain(np.full(4, 3.0), np.full(4, -1.0))
    rule = DecisionRule("sentiment", calibration, {"sentiment": np.full(4, 0.5)}, np.full(4, 0.3))
    return with_decision_rule(make_lexicon_rule(SENTIMENT, "sentiment"), rule, labels=list(SENTIMENT))


def columns(
    text: str = "body", key: str | None = None, encoding: str = "utf-8", separator: str | None = None
) -> Columns:
    return Columns(text, key, encoding, separator)


def written(folder: Path, kind: str) -> Path:
    table = pd.DataFrame({"id": np.arange(len(TEXTS)), "body": TEXTS})
    path = folder / f"posts{kind}"
    if kind == ".csv":
        table.to_csv(path, index=False)
    elif kind == ".tsv.gz":
        table.to_csv(path, index=False, sep="\t", compression="gzip")
    elif kind == ".jsonl":
        path.write_text("\n".join(json.dumps(row) for row in table.to_dict("records")))
    else:
        table.to_parquet(path)
    return path


@pytest.mark.parametrize("kind", [".csv", ".tsv.gz", ".jsonl", ".parquet"])
@pytest.mark.parametrize("chunk_rows", [1, 2, 100])
def test_each_row_gets_probabilities_labels_and_a_set(
    tmp_path: Path, checkpoint: Checkpoint, kind: str, chunk_rows: int
) -> None:
    output = tmp_path / "out.parquet"
    done = annotate(written(tmp_path, kind), columns(key="id"), checkpoint, output, chunk_rows)
    assert (done.n_rows, done.n_empty) == (5, 1)
    table = pd.read_parquet(output)
    assert table.columns.tolist() == [
        "row", "id", "labels", "conformal_set", "strongest", *(f"p_{name}" for name in SENTIMENT),
    ]  # fmt: skip
    assert table["row"].tolist() == list(range(5))
    assert table["id"].tolist() == ["0", "1", "2", "3", "4"]
    assert table["strongest"].fillna("").tolist() == ["positive", "negative", "", "neutral", "positive"]
    assert table["labels"].iloc[0].tolist() == ["positive"]
    assert table["labels"].iloc[2] is None
    assert set(table["labels"].iloc[1]) <= set(table["conformal_set"].iloc[1])
    intensified = 3.0 * 1.5 - 1.0  # "so" lends its word half as much again
    assert table["p_positive"].iloc[0] == pytest.approx(1 / (1 + np.exp(-intensified)))
    assert not list(tmp_path.glob("*.part"))


def fails(path: Path, checkpoint: Checkpoint, asked: Columns, match: str) -> None:
    output = path.with_name("out.parquet")
    with pytest.raises(AnnotationError, match=match):
        annotate(path, asked, checkpoint, output, 2)
    assert not output.exists()
    assert not list(path.parent.glob("*.part"))


def test_a_missing_column_is_named_with_the_closest_one(tmp_path: Path, checkpoint: Checkpoint) -> None:
    for kind in (".csv", ".jsonl", ".parquet"):
        fails(written(tmp_path, kind), checkpoint, columns("bdy"), "no column 'bdy'; did you mean 'body'")
    fails(written(tmp_path, ".csv"), checkpoint, columns(key="user"), "no column 'user'")


def test_another_encoding_is_named_with_the_way_out(tmp_path: Path, checkpoint: Checkpoint) -> None:
    path = tmp_path / "posts.csv"
    path.write_bytes("body\nso happy\ncaf\xe9".encode("latin-1"))
    fails(path, checkpoint, columns(), "not utf-8-sig.*--encoding")
    fails(path, checkpoint, columns(encoding="nonsense"), "encoding 'nonsense' is unknown")
    annotate(path, columns(encoding="latin-1"), checkpoint, tmp_path / "out.parquet", 10)
    assert len(pd.read_parquet(tmp_path / "out.parquet")) == 2


def test_a_broken_row_is_named_by_its_line(tmp_path: Path, checkpoint: Checkpoint) -> None:
    path = tmp_path / "posts.csv"
    path.write_text("id,body\n1,fine\n2,not, quoted\n")
    fails(path, checkpoint, columns(), "line 3 of posts.csv has 3 fields, the header 2")
    path.write_text('id,body\n1,"never closed\n')
    fails(path, checkpoint, columns(), "posts.csv")
    lines = tmp_path / "posts.jsonl"
    lines.write_text('{"body": "fine"}\n{"body": \n')
    fails(lines, checkpoint, columns(), "line 2 of posts.jsonl is no JSON")
    lines.write_text("[1, 2]\n")
    fails(lines, checkpoint, columns(), "is no object but list")


def test_files_of_another_form_are_refused(tmp_path: Path, checkpoint: Checkpoint) -> None:
    fails(tmp_path / "nothing.csv", checkpoint, columns(), "there is no file")
    other = tmp_path / "posts.xlsx"
    other.write_bytes(b"PK")
    fails(other, checkpoint, columns(), "expected one of .csv")
    false_parquet = tmp_path / "posts.parquet"
    false_parquet.write_bytes(b"nothing of the kind")
    fails(false_parquet, checkpoint, columns(), "no Parquet file")
    cut = tmp_path / "posts.csv.gz"
    cut.write_bytes(gzip.compress(b"body\nso happy\n" * 50)[:-9])
    fails(cut, checkpoint, columns(), "no whole gzip file")
    empty = tmp_path / "empty.csv"
    empty.write_text("body\n")
    fails(empty, checkpoint, columns(), "holds no rows")
    empty.write_text("")
    fails(empty, checkpoint, columns(), "no column 'body'")


@pytest.mark.parametrize("name", ["row", "labels", "p_positive"])
def test_an_id_column_never_takes_the_place_of_what_the_model_says(
    tmp_path: Path, checkpoint: Checkpoint, name: str
) -> None:
    pd.DataFrame({name: ["a"], "body": ["so happy"]}).to_csv(tmp_path / "posts.csv", index=False)
    with pytest.raises(AnnotationError, match=f"the id column '{name}' has the name of a column"):
        annotate(tmp_path / "posts.csv", columns(key=name), checkpoint, tmp_path / "out.parquet", 10)


@pytest.mark.parametrize("values", [[1, 2], [b"so happy", b"sad"]])
def test_a_column_that_holds_no_text_is_no_file_without_texts(
    tmp_path: Path, checkpoint: Checkpoint, values: list
) -> None:
    pd.DataFrame({"body": values}).to_parquet(tmp_path / "posts.parquet")
    with pytest.raises(AnnotationError, match=r"column 'body' of posts.parquet holds (int64|binary), expected text"):
        annotate(tmp_path / "posts.parquet", columns(), checkpoint, tmp_path / "out.parquet", 10)


def test_compression_is_told_by_content_and_a_mark_of_byte_order_is_no_text(
    tmp_path: Path, checkpoint: Checkpoint
) -> None:
    table, line = b"body\nso happy\n", b'\xef\xbb\xbf{"body": "so happy"}\n'
    contents = {
        "a.csv": gzip.compress(table),
        "b.csv.gz": table,
        "c.jsonl": line,
        "d.jsonl.gz": gzip.compress(line),
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
        done = annotate(tmp_path / name, columns(), checkpoint, tmp_path / "out.parquet", 10)
        assert (done.n_rows, done.n_empty) == (1, 0), name


def test_a_damaged_file_is_named_whatever_is_damaged(tmp_path: Path, checkpoint: Checkpoint) -> None:
    packed = bytearray(gzip.compress(b"body\n" + b"so happy\n" * 50, mtime=0))
    packed[12:30] = b"\xff" * 18
    (tmp_path / "posts.csv.gz").write_bytes(packed)
    fails(tmp_path / "posts.csv.gz", checkpoint, columns(), "posts.csv.gz is no whole gzip file")
    (tmp_path / "posts.csv").write_text("body\nso happy\n")
    fails(tmp_path / "posts.csv", checkpoint, columns(encoding="utf-16"), "is not utf-16.*--encoding")
    path = written(tmp_path, ".parquet")
    content = bytearray(path.read_bytes())
    content[4:400] = b"\xff" * 396
    path.write_bytes(content)
    fails(path, checkpoint, columns(), "posts.parquet is no Parquet file, or a damaged one")


@pytest.mark.parametrize("separator", [";;", '"', "\\t"])
def test_a_separator_is_one_character(tmp_path: Path, checkpoint: Checkpoint, separator: str) -> None:
    fails(written(tmp_path, ".csv"), checkpoint, columns(separator=separator), "cannot part fields; expected one char")


def test_json_that_is_too_deep_or_an_id_that_is_half_a_character_is_named_by_its_line(
    tmp_path: Path, checkpoint: Checkpoint
) -> None:
    path = tmp_path / "posts.jsonl"
    path.write_text('{"body": "fine"}\n{"body": ' + "[" * 200_000 + "]" * 200_000 + "}\n")
    fails(path, checkpoint, columns(), "line 2 of posts.jsonl is no JSON that can be read")
    path.write_text('{"id": "\\ud83d\\ude00", "body": "so happy \\ud800"}\n')
    assert annotate(path, columns(key="id"), checkpoint, tmp_path / "whole.parquet", 10).n_empty == 0
    assert pd.read_parquet(tmp_path / "whole.parquet")["id"].tolist() == ["😀"]
    path.write_text('{"id": "a\\ud800", "body": "so happy"}\n')
    fails(path, checkpoint, columns(key="id"), "line 1 of posts.jsonl: its 'id' holds a lone surrogate")


def test_an_output_that_cannot_be_written_is_refused_before_anything_is_read(
    tmp_path: Path, checkpoint: Checkpoint
) -> None:
    path = written(tmp_path, ".csv")
    with pytest.raises(AnnotationError, match="is a folder; expected the name of a file"):
        annotate(path, columns(), checkpoint, tmp_path, 10)
    with pytest.raises(AnnotationError, match=r"there is no folder .*missing for the output out.parquet"):
        annotate(path, columns(), checkpoint, tmp_path / "missing" / "out.parquet", 10)


def test_two_columns_of_one_name_are_refused(tmp_path: Path, checkpoint: Checkpoint) -> None:
    path = tmp_path / "posts.csv"
    path.write_text("body,body,n\nso happy,sad,1\n")
    fails(path, checkpoint, columns(), "posts.csv has 2 columns 'body', expected one")
    assert annotate(path, columns("n"), checkpoint, tmp_path / "out.parquet", 10).n_rows == 1
