"""Reading emotion off a file of one's own: any table with a column of texts, chunk by chunk, to Parquet."""

from __future__ import annotations

import csv
import gzip
import json
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TextIO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from affectlens.models.checkpoint import Checkpoint
from affectlens.models.emotion.decision import DecisionRule
from affectlens.sources.files import GZIP_MAGIC, without_lone_surrogates
from affectlens.training.emotion import open_encoder

SUFFIXES = (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet")
GZIP = ".gz"
_LONGEST_FIELD = 2**31 - 1
_SHOWN = 20

Row = tuple[object, object]  # the text, and the id if one was asked for


class AnnotationError(ValueError):
    """A file that cannot be annotated; the message names what is wrong with it and the way out."""


@dataclass(frozen=True)
class Columns:
    """Which columns to read, and how.

    Attributes:
        text: column of the texts.
        id: column that is copied to the output, or None.
        encoding: of a text file.
        separator: of a table in text form; None means by the suffix.
    """

    text: str
    id: str | None
    encoding: str
    separator: str | None


@dataclass(frozen=True)
class Annotated:
    """What was done: rows read, and those of them without a text."""

    n_rows: int
    n_empty: int


def annotate(path: Path, columns: Columns, checkpoint: Checkpoint, output: Path, chunk_rows: int) -> Annotated:
    """Write one row for each row of a file, in its order; memory holds one chunk at a time.

    Output columns: `row` (from 0), the id if asked for, `labels`, `conformal_set`, `strongest` and `p_<label>` for each
    label of the model. A row without a text gets nulls. The output appears once it is whole.

    Args:
        path: CSV, TSV, JSON lines (each plain or gzip, as its content tells) or Parquet.
        columns: what to read.
        checkpoint: `emotion_checkpoint`.
        output: Parquet file to write.
        chunk_rows: rows that are read and held at once.

    Raises:
        AnnotationError: the file has another form, another encoding, no such column or a broken row, or the output
            cannot lie where it should.
    """
    if output.is_dir():
        raise AnnotationError(f"the output {output} is a folder; expected the name of a file to write")
    if not output.parent.is_dir():
        raise AnnotationError(
            f"there is no folder {output.parent} for the output {output.name}; make it or name another"
        )
    rows, partial = read_rows(path, columns), output.with_name(output.name + ".part")
    reader, n_rows, n_empty = _Reader.of(checkpoint), 0, 0
    if columns.id in (
        taken := {"row", "labels", "conformal_set", "strongest", *(f"p_{name}" for name in reader.names)}
    ):
        raise AnnotationError(
            f"the id column {columns.id!r} has the name of a column that is written beside it; rename it, or leave it "
            f"out (rows are numbered). Taken: {', '.join(sorted(taken))}"
        )
    with _discarded_unless_whole(partial), ExitStack() as opened:
        writer = None
        for chunk in _chunks(rows, chunk_rows):
            table = reader.annotated(chunk, n_rows, columns.id)
            writer = writer or opened.enter_context(pq.ParquetWriter(partial, table.schema))
            writer.write_table(table)
            n_rows, n_empty = n_rows + len(chunk), n_empty + table["strongest"].null_count
        if writer is None:
            raise AnnotationError(f"{path} holds no rows")
        opened.close()
        partial.replace(output)
    return Annotated(n_rows, n_empty)


@contextmanager
def _discarded_unless_whole(partial: Path) -> Iterator[None]:
    try:
        yield
    finally:
        partial.unlink(missing_ok=True)


def _chunks(rows: Iterator[Row], size: int) -> Iterator[list[Row]]:
    chunk: list[Row] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


@dataclass(frozen=True)
class _Reader:
    """The model, opened once."""

    encode: Callable[[Sequence[str]], tuple[np.ndarray, np.ndarray]]
    rule: DecisionRule
    names: list[str]

    @classmethod
    def of(cls, checkpoint: Checkpoint) -> _Reader:
        rule = DecisionRule.from_dict(checkpoint.metadata["decision"])
        return cls(open_encoder(checkpoint), rule, list(checkpoint.metadata["labels"]))

    def annotated(self, chunk: Sequence[Row], first: int, id_column: str | None) -> pa.Table:
        """The output of some rows, the first of which stands in place `first` of the file."""
        texts = {row: text for row, (text, _) in enumerate(chunk) if isinstance(text, str) and text.strip()}
        rows, n, words = list(texts), len(chunk), pa.list_(pa.string())
        probabilities = self.encode(list(texts.values()))[0] if texts else np.empty((0, len(self.names)))
        decided, possible = self.rule.decisions(probabilities)[self.rule.taxonomy], self.rule.sets(probabilities)
        table: dict[str, pa.Array] = {"row": pa.array(np.arange(first, first + n), pa.int64())}
        if id_column is not None:
            table[id_column] = pa.array([None if key is None else str(key) for _, key in chunk], pa.string())
        table["labels"] = _scattered(self._words(decided), rows, n, words)
        table["conformal_set"] = _scattered(self._words(possible), rows, n, words)
        strongest = [self.names[place] for place in probabilities.argmax(axis=1).tolist()]
        table["strongest"] = _scattered(strongest, rows, n, pa.string())
        for place, name in enumerate(self.names):
            table[f"p_{name}"] = _scattered(probabilities[:, place].tolist(), rows, n, pa.float32())
        return pa.table(table)

    def _words(self, is_present: np.ndarray) -> list[list[str]]:
        return [[self.names[place] for place in np.flatnonzero(row).tolist()] for row in is_present]


def _holds_text(kind: pa.DataType) -> bool:
    inner = kind.value_type if pa.types.is_dictionary(kind) else kind
    return any(of(inner) for of in (pa.types.is_string, pa.types.is_large_string, pa.types.is_null)) or (
        str(inner) == "string_view"
    )


def _scattered(values: Sequence[Any], rows: Sequence[int], n: int, kind: pa.DataType) -> pa.Array:
    """A column of n rows with the values in some of them and null elsewhere."""
    column: list[Any] = [None] * n
    for row, value in zip(rows, values, strict=True):
        column[row] = value
    return pa.array(column, kind)


def read_rows(path: Path, columns: Columns) -> Iterator[Row]:
    """Texts (and ids) of a file, row by row.

    Raises:
        AnnotationError: as in `annotate`.
    """
    if not path.is_file():
        raise AnnotationError(f"there is no file {path}")
    kind = Path(path.name.removesuffix(GZIP)).suffix.lower()
    readers: dict[str, Callable[[Path, Columns], Iterator[Row]]] = {
        ".csv": _separated,
        ".tsv": _separated,
        ".jsonl": _json_lines,
        ".ndjson": _json_lines,
        ".parquet": _parquet,
    }
    if kind not in readers:
        raise AnnotationError(f"{path.name} ends with {kind or 'nothing'!r}; expected one of {', '.join(SUFFIXES)}")
    return readers[kind](path, columns)


@contextmanager
def _opened(path: Path, encoding: str) -> Iterator[TextIO]:
    """A text file, compressed or not, whose decoding errors say what to do; a mark of byte order is no text."""
    with path.open("rb") as file:
        opener = gzip.open if file.read(len(GZIP_MAGIC)) == GZIP_MAGIC else open
    encoding = "utf-8-sig" if encoding.lower().replace("_", "-") in ("utf-8", "utf8") else encoding
    try:
        with opener(path, "rt", encoding=encoding, newline="") as stream:
            yield stream
    except LookupError as error:
        raise AnnotationError(f"encoding {encoding!r} is unknown; try utf-8, cp1252 or latin-1") from error
    except UnicodeError as error:
        what = str(error)
        if isinstance(error, UnicodeDecodeError):
            what = f"byte {error.object[error.start]:#04x}: {error.reason}"
        raise AnnotationError(
            f"{path.name} is not {encoding} ({what}); say which encoding it has, for instance --encoding cp1252 or "
            "--encoding utf-16"
        ) from error
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise AnnotationError(f"{path.name} is no whole gzip file ({error}); fetch or copy it again") from error


def _separated(path: Path, columns: Columns) -> Iterator[Row]:
    csv.field_size_limit(_LONGEST_FIELD)
    separator = columns.separator or ("\t" if ".tsv" in path.suffixes else ",")
    if len(separator) != 1 or separator in '"\r\n':
        raise AnnotationError(
            f"the separator {separator!r} cannot part fields; expected one character such as ; or | "
            "(a tabulator is $'\\t' in a shell)"
        )
    with _opened(path, columns.encoding) as stream:
        reader = csv.reader(stream, delimiter=separator, strict=True)
        try:
            header = next(reader, [])
            text, key = _places(columns, header, path)
            for row in reader:
                if row and len(row) != len(header):
                    raise AnnotationError(
                        f"line {reader.line_num} of {path.name} has {len(row)} fields, the header {len(header)}; "
                        "quote texts that hold the separator, or pass another --separator"
                    )
                if row:
                    yield row[text], None if key is None else row[key]
        except csv.Error as error:
            raise AnnotationError(f"line {reader.line_num} of {path.name}: {error}") from error


def _json_lines(path: Path, columns: Columns) -> Iterator[Row]:
    with _opened(path, columns.encoding) as stream:
        for number, line in enumerate(stream, start=1):
            if not line.strip():
                continue
            try:
                record = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise AnnotationError(f"line {number} of {path.name} is no JSON that can be read: {error}") from error
            if not isinstance(record, dict):
                raise AnnotationError(f"line {number} of {path.name} is no object but {type(record).__name__}")
            if number == 1:
                _places(columns, list(record), path)
            text, key = record.get(columns.text), None if columns.id is None else record.get(columns.id)
            if isinstance(key, str) and without_lone_surrogates(key) != key:
                raise AnnotationError(
                    f"line {number} of {path.name}: its {columns.id!r} holds a lone surrogate, which no file can "
                    "keep; repair it, or leave --id-column out (rows are numbered)"
                )
            yield without_lone_surrogates(text) if isinstance(text, str) else text, key


def _parquet(path: Path, columns: Columns) -> Iterator[Row]:
    try:
        with pq.ParquetFile(path) as table:
            _places(columns, table.schema_arrow.names, path)
            wanted = [columns.text] if columns.id is None else [columns.text, columns.id]
            kind = table.schema_arrow.field(columns.text).type
            if not _holds_text(kind):
                raise AnnotationError(f"column {columns.text!r} of {path.name} holds {kind}, expected text")
            for batch in table.iter_batches(columns=wanted):
                texts = batch.column(columns.text).to_pylist()
                keys = [None] * len(texts) if columns.id is None else batch.column(columns.id).to_pylist()
                yield from zip(texts, keys, strict=True)
    except (pa.ArrowException, OSError) as error:
        raise AnnotationError(f"{path.name} is no Parquet file, or a damaged one: {error}") from error


def _places(columns: Columns, found: list[str], path: Path) -> tuple[int, int | None]:
    """Positions of the text and of the id among the columns of a file."""
    for name in (columns.text, columns.id):
        if name is not None and name not in found:
            close = get_close_matches(name, found, n=1)
            hint = f"; did you mean {close[0]!r}?" if close else "."
            shown = ", ".join(found[:_SHOWN]) or "none"
            raise AnnotationError(f"{path.name} has no column {name!r}{hint} Its columns: {shown}")
        if name is not None and found.count(name) > 1:
            raise AnnotationError(
                f"{path.name} has {found.count(name)} columns {name!r}, expected one of that name; rename the others"
            )
    return found.index(columns.text), None if columns.id is None else found.index(columns.id)
