"""How people type: elongation, typos, capitals, exclamation marks, tags, emoji and emoticons."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
from pydantic import Field

from affectlens.params import Params
from affectlens.simulation.affect import Share

# Each slip is tried on its own share of the careless texts and touches the first place that it fits.
SLIPS: tuple[tuple[str, str], ...] = (
    (r"^(.{9,}?\w)(\w)(\w)(?=\w)", r"\1\3\2"),  # two letters change places
    (r"^(.{18,}?\w)(\w)(\w)(?=\w)", r"\1\3\2"),
    (r"^(.{6,}?\w)[aeiou](?=\w)", r"\1"),  # a vowel is lost
    (r"^(.{15,}?\w)[aeiou](?=\w)", r"\1"),
    (r"^(.{4,}?)(\w)\2", r"\1\2"),  # a double letter becomes one
    (r"\bthe\b", "teh"),
    (r"\byou\b", "u"),
    (r"\bare\b", "r"),
    (r"\band\b", "n"),
    (r"'", ""),
    (r"(\w)ing\b", r"\1in"),
    (r"^(.{8,}?\b\w+) ", r"\1"),  # a space is lost
)
_DRAWN_OUT = (
    r"\b(so|no|yes|ugh|wow|whoa|yay|aww|ew|oh|man|what|love|hate|really|very|finally|again|great|happy|scared|sad|angry|never|why)"
    r"(?<=(\w))\b"
)
_TIDY = ((r"\s+", " "), (r"\s+([.,!?:])", r"\1"), (r"[.,:]+([.!?])|([.!?])\.+", r"\1\2"), (r"^[\s,.]+|[\s,:]+$", ""))


class StyleParams(Params):
    """Shares of texts that carry each habit, for a user of average carelessness."""

    typo: Share
    elongation: Share
    shout: Share = Field(description="all capitals, among texts of high intensity")
    sentence_case: Share = Field(description="texts that begin with a capital")
    exclamation: Share = Field(description="runs of exclamation marks, among texts of high intensity")
    topic_tag: Share
    mood_tag: Share
    emoticon: Share = Field(description="emoticons, among texts without emoji")
    sign_contrary: Share = Field(description="emoji and emoticons that belong to another emotion")
    sign_twice: Share = Field(description="emoji that come as two")


def tidy(texts: np.ndarray) -> np.ndarray:
    """Single spaces, none before punctuation, nothing dangling at the ends.

    >>> tidy(np.array([" , i am  fine ."], dtype=object)).tolist()
    ['i am fine.']
    """
    series = pd.Series(texts, dtype=object)
    for pattern, replacement in _TIDY:
        series = series.str.replace(pattern, replacement, regex=True)
    return series.to_numpy(dtype=object)


def draw_out(texts: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Lengthen the last letter of a telling word in the `chosen` (n,) texts.

    >>> draw_out(np.array(["so good", "so good"], dtype=object), np.array([True, False])).tolist()
    ['soooo good', 'so good']
    """
    return _replace_first(texts, chosen, _DRAWN_OUT, r"\1\2\2\2")


def slip(texts: np.ndarray, chosen: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """One typing error in each of the `chosen` (n,) texts in which the drawn error can happen."""
    kind = rng.integers(len(SLIPS), size=len(texts))
    for number, (pattern, replacement) in enumerate(SLIPS):
        texts = _replace_first(texts, chosen & (kind == number), pattern, replacement)
    return texts


def shout(texts: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """The `chosen` (n,) texts in capitals."""
    return np.where(chosen, pd.Series(texts, dtype=object).str.upper().to_numpy(dtype=object), texts)


def capitalise(texts: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """The `chosen` (n,) texts with a capital at the start."""
    series = pd.Series(texts, dtype=object)
    return np.where(chosen, (series.str[:1].str.upper() + series.str[1:]).to_numpy(dtype=object), texts)


def append(texts: np.ndarray, chosen: np.ndarray, endings: np.ndarray) -> np.ndarray:
    """The `chosen` (n,) texts followed by their endings (n,)."""
    return texts + np.where(chosen, endings, "")


def _replace_first(texts: np.ndarray, chosen: np.ndarray, pattern: str, replacement: str) -> np.ndarray:
    replaced = texts.copy()
    rows = np.flatnonzero(chosen)
    if rows.size:
        part = pd.Series(texts[rows], dtype=object).str.replace(re.compile(pattern), replacement, n=1, regex=True)
        replaced[rows] = part.to_numpy(dtype=object)
    return replaced
