"""Reading files that may be compressed, wrongly encoded or broken in places."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

GZIP_MAGIC = b"\x1f\x8b"
MAX_LINES_OF_A_RECORD = 100
MALFORMED = "malformed line"


class NoRowsError(ValueError):
    """A file was stated that holds no rows: `path` is the file, `expected` what it should hold."""

    def __init__(self, path: Path, expected: str) -> None:
        super().__init__(f"{path} holds no rows; expected {expected}")
        self.path = path


def read_text(path: Path) -> str:
    """The text of a file, gzip or plain. Bytes that are not UTF-8 become U+FFFD, which ingestion then refuses.

    Where the first line holds a carriage return, those are line ends, too (files of old Macs have no others).

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the compressed file is cut off or damaged.
    """
    content = path.read_bytes()
    if content.startswith(GZIP_MAGIC):
        try:
            content = gzip.decompress(content)
        except (EOFError, OSError, zlib.error) as error:
            raise ValueError(f"{path} is a damaged gzip file ({error}); fetch or copy it again") from error
    text = content.decode("utf-8-sig", errors="replace")
    first = text.lstrip("\r\n").split("\n", 1)[0].rstrip("\r")
    return _with_plain_line_ends(text) if "\r" in first else text


def _with_plain_line_ends(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def read_lines(path: Path) -> pd.Series:
    """The lines of a file, without line ends (a lone carriage return is one) and without empty lines at its end.

    Raises:
        NoRowsError: the file holds no line.
    """
    text = _with_plain_line_ends(read_text(path)).rstrip("\n")
    if not text.strip():
        raise NoRowsError(path, "one row a line")
    return pd.Series(text.split("\n"), dtype="str")


def without_lone_surrogates(text: str) -> str:
    """Text that UTF-8 can write: lone halves of a character (from JSON escapes) become U+FFFD, pairs join."""
    if text.isascii():
        return text
    return text.encode("utf-16-le", errors="surrogatepass").decode("utf-16-le", errors="replace")


def read_csv(path: Path, fields: Sequence[str]) -> pd.DataFrame:
    """The named columns of a CSV file with a header, as strings; a broken line keeps its place and carries a defect.

    Raises:
        ValueError: the file has no header with these columns, or (NoRowsError) nothing under it.
    """
    return csv_records(read_text(path), fields, path)


def csv_records(text: str, fields: Sequence[str], path: Path) -> pd.DataFrame:
    """As `read_csv`, of a text that was read from `path`."""
    lines = without_lone_surrogates(text).rstrip("\r\n").split("\n")
    if not lines[0].strip():
        raise NoRowsError(path, f"a header with {list(fields)}, then one row a line")
    header = next(csv.reader(lines[:1]), [])
    missing = sorted(set(fields) - set(header))
    if missing:
        raise ValueError(f"{path} has no columns {missing}; its first line is {lines[0][:200]!r}")
    if len(lines) == 1:
        raise NoRowsError(path, "one row a line under its header")
    places = [header.index(name) for name in fields]
    nothing = [None] * len(fields)
    rows = [
        [*(row[place] for place in places), None] if row else [*nothing, MALFORMED]
        for row in _csv_rows(lines[1:], len(header))
    ]
    frame = pd.DataFrame(rows, columns=[*fields, "defect"], dtype=object)
    frame[list(fields)] = frame[list(fields)].astype("str").replace("", np.nan)
    return frame


def _csv_rows(lines: list[str], n_fields: int) -> Iterator[list[str] | None]:
    """Fields of each record, None for a line that is part of no record: a stray quote costs its own line only."""
    position = 0
    while position < len(lines):
        row, n_lines = _record_at(lines, position, n_fields)
        yield row
        position += n_lines


def _record_at(lines: list[str], position: int, n_fields: int) -> tuple[list[str] | None, int]:
    for n_lines in range(1, MAX_LINES_OF_A_RECORD + 1):
        record = "\n".join(lines[position : position + n_lines])
        if record.count('"') % 2 == 0:
            row = next(csv.reader(io.StringIO(record, newline="")), [])
            return (row, n_lines) if len(row) == n_fields else (None, 1)
        if position + n_lines >= len(lines):
            break
    return None, 1
