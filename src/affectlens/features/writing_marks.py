"""Marks of writing that are counted in a text: tokens, emoji, emoticons, drawn-out letters, runs of marks, capitals."""

from __future__ import annotations

import re
from functools import cache

import emoji
import numpy as np
import pandas as pd

_SPACES = "\x0b\x1c-\x1f\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"  # beyond those of ASCII
# A western emoticon that stands alone: no letter or digit follows its last sign. 8 and x, which are also numbers
# and unknowns ("8/10", "x*y", "chapter 8)"), are eyes above a D, or above a nose.
_EMOTICON = r"(?:^|\s)(?:" + "|".join([
    r"[:;=]['’]?[-^o]?[()\[\]DPpOo3/\\|*]*(?:[()\[\]/\\|*]\B|[DPpOo3]\b)",
    r"[8xX](?:D+\b|[-^o](?:[()\[\]]+\B|[DPpOo]+\b))",
    r"[()]+[-^o]?[:;=]\B", r"<3+\b", r"</3\b", r"\^_*\^\B", r"-_+-\B", r"[oO]_+[oO]\b", r"T_+T\b",
]) + ")"  # fmt: skip


def token_counts(texts: pd.Series) -> np.ndarray:
    """Number of tokens between white space in each text, shape (n,); languages without spaces count as one token.

    >>> token_counts(pd.Series(["so  happy 🎉", "", None])).tolist()
    [3, 0, 0]
    """
    return _matches(texts, f"[^\\s{_SPACES}]+")


def emoji_counts(texts: pd.Series) -> np.ndarray:
    """Number of emoji in each text, shape (n,); a joined sequence (a family, a flag, a skin tone) counts once.

    >>> emoji_counts(pd.Series(["no", "👍🏽 yes", "👩‍👩‍👧 🎉🎉"])).tolist()
    [0, 1, 3]
    """
    return _matches(texts, _emoji_pattern())


def emoticon_counts(texts: pd.Series) -> np.ndarray:
    """Number of emoticons that stand alone, shape (n,).

    >>> emoticon_counts(pd.Series(["fine :-) <3", "at 8:30, 8/10", "xD ^_^"])).tolist()
    [2, 0, 2]
    """
    return _matches(texts, _EMOTICON)


def elongation_counts(texts: pd.Series) -> np.ndarray:
    """Number of words with a letter three times in a row, shape (n,).

    >>> elongation_counts(pd.Series(["sooo goooood", "so good", "www"])).tolist()
    [2, 0, 1]
    """
    letters = "|".join(f"{letter}{{3,}}" for letter in "abcdefghijklmnopqrstuvwxyz")
    return _matches(texts, f"(?i)[a-z]*(?:{letters})[a-z]*")


def mark_run_counts(texts: pd.Series) -> np.ndarray:
    """Number of runs of at least two exclamation or question marks, shape (n,).

    >>> mark_run_counts(pd.Series(["what?! no!!", "no!"])).tolist()
    [2, 0]
    """
    return _matches(texts, r"[!?]{2,}")


def capital_counts(texts: pd.Series) -> np.ndarray:
    """Number of words of at least three letters in capitals alone, shape (n,).

    >>> capital_counts(pd.Series(["I SAID NO way", "NASA"])).tolist()
    [1, 1]
    """
    return _matches(texts, r"\b[A-Z]{3,}\b")


def _matches(texts: pd.Series, pattern: str) -> np.ndarray:
    """How often a pattern matches, by Arrow's engine, which decides on a set of characters at once; 0 without text."""
    arrow = texts.astype(pd.StringDtype("pyarrow", na_value=np.nan))
    counts: np.ndarray = arrow.str.count(pattern).fillna(0).to_numpy(dtype=np.int64)
    return counts


@cache
def _emoji_pattern() -> str:
    """One emoji: a flag, a keycap, or characters joined by U+200D, each with its variation, skin tone or tag.

    Written by the grammar of Unicode TS 51 over the characters that the `emoji` package lists: an alternation of its
    five thousand sequences finds the same but takes a hundred times as long.
    """
    modifiers, flags, keys = "\U0001f3fb-\U0001f3ff", "\U0001f1e6-\U0001f1ff", "#*0-9"
    starts = {sequence[0] for sequence in emoji.EMOJI_DATA}
    character = "".join(sorted(c for c in starts if not re.match(f"[{flags}{keys}]", c)))
    one = f"[{character}](?:\ufe0f|[{modifiers}])?[\U000e0020-\U000e007f]*"
    return f"[{flags}]{{2}}|[{keys}]\ufe0f?\u20e3|{one}(?:\u200d{one})*"
