"""Reading files that may be compressed, wrongly encoded or broken in places."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

import pandas as pd

GZIP_MAGIC = b"\x1f\x8b"


def read_text(path: Path) -> str:
    """The text of a file, gzip or plain. Bytes that are not UTF-8 become U+FFFD, which ingestion then refuses.

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
    return content.decode("utf-8-sig", errors="replace")


def read_lines(path: Path) -> pd.Series:
    """The lines of a file, without line ends and without empty lines at its end."""
    lines = read_text(path).rstrip("\r\n").split("\n")
    series = pd.Series(lines, dtype="str").str.removesuffix("\r")
    return series if lines != [""] else series.iloc[:0]


def without_lone_surrogates(text: str) -> str:
    """Text that UTF-8 can write: lone halves of a character (from JSON escapes) become U+FFFD, pairs join."""
    if text.isascii():
        return text
    return text.encode("utf-16-le", errors="surrogatepass").decode("utf-16-le", errors="replace")
