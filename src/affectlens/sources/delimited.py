"""Reading a table of unknown make: CSV, TSV, Parquet, RecBole's atomic files and the files of MovieLens."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import csv as arrow_csv

from affectlens.sources.files import read_text

DELIMITERS = ("\t", ",", ";", "|")
PARQUET_MAGIC = b"PAR1"
# Files without a header that can be told by their first line: MovieLens `ratings.dat`, `u.data` and `movies.dat`.
HEADERLESS = (
    (re.compile(r"\d+::\d+::[\d.]+::\d+"), ("user", "item", "value", "time")),
    (re.compile(r"\d+\t\d+\t[\d.]+\t\d+"), ("user", "item", "value", "time")),
    (re.compile(r"\d+::.*::[^:]*"), ("item", "text", "tags")),
)


@dataclass(frozen=True)
class Rows:
    """A table as it was written.

    Attributes:
        frame: its rows, cells of text files as strings, empty ones null.
        n_broken: lines that have another number of fields than the header.
    """

    frame: pd.DataFrame
    n_broken: int

    @property
    def names(self) -> list[str]:
        """Its columns."""
        return [str(name) for name in self.frame]


def read_rows(path: Path) -> Rows:
    """The rows of a Parquet or a delimited text file, plain or gzip.

    Raises:
        ValueError: the file is empty, damaged, of another kind, or has no columns.
    """
    with path.open("rb") as file:
        is_parquet = file.read(len(PARQUET_MAGIC)) == PARQUET_MAGIC
    if is_parquet:
        return Rows(_parquet(path), 0)
    text = read_text(path).lstrip("\r\n")
    if not text.strip():
        raise ValueError(f"{path} is empty; expected a table with one row an interaction")
    if "\0" in text:
        raise ValueError(
            f"{path} is no text and no Parquet file; expected CSV, TSV, Parquet, .inter or MovieLens' .dat"
        )
    first = text.split("\n", 1)[0].rstrip("\r")
    names = next((list(names) for pattern, names in HEADERLESS if pattern.fullmatch(first)), None)
    if "::" in first:
        first, text = (part.replace("\t", " ").replace("::", "\t") for part in (first, text))
    delimiter = max(DELIMITERS, key=first.count)
    header = names or next(iter(_fields([first], delimiter)))
    return _delimited(path, text, delimiter, header, n_skipped=0 if names else 1)


def _parquet(path: Path) -> pd.DataFrame:
    try:
        with pq.ParquetFile(path) as file:  # the columns of this file alone: no others from the names of its folders
            table = file.read()
    except (pa.ArrowException, OSError) as error:
        raise ValueError(f"{path} is a damaged Parquet file ({error}); write or copy it again") from error
    frame: pd.DataFrame = table.to_pandas(integer_object_nulls=True)
    return frame


def _fields(lines: list[str], delimiter: str) -> Iterator[list[str]]:
    return csv.reader(lines, delimiter=delimiter, quoting=csv.QUOTE_NONE if delimiter == "\t" else csv.QUOTE_MINIMAL)


def _delimited(path: Path, text: str, delimiter: str, header: list[str], *, n_skipped: int) -> Rows:
    broken: list[arrow_csv.InvalidRow] = []

    def keep(row: arrow_csv.InvalidRow) -> str:
        broken.append(row)
        return "skip"

    quote = False if delimiter == "\t" else '"'
    try:
        table = arrow_csv.read_csv(
            io.BytesIO(text.encode()),
            read_options=arrow_csv.ReadOptions(column_names=header, skip_rows=n_skipped),
            parse_options=arrow_csv.ParseOptions(delimiter=delimiter, quote_char=quote, invalid_row_handler=keep),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(header, pa.string()), strings_can_be_null=True, null_values=[""]
            ),
        )
    except pa.ArrowException as error:
        raise ValueError(f"{path} cannot be read as a table separated by {delimiter!r}: {error}") from error
    return Rows(table.to_pandas(), len(broken))
