"""Positive and negative words of a text, by the word list of VADER (Hutto & Gilbert 2014, ICWSM; MIT licence)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import pandas as pd

_WORD = r"[a-z']+"


def valence_words(texts: Sequence[str]) -> pd.DataFrame:
    """Columns `n_negative`, `n_positive` and `n_words`, one row a text.

    >>> valence_words(["A terrible loss, and a happy end"]).iloc[0].to_dict()
    {'n_negative': 2, 'n_positive': 1, 'n_words': 7}
    """
    valence = {word: score for word, score in _analyser().lexicon.items() if score}
    series = pd.Series(list(texts), dtype="str")
    words = series.str.lower().str.replace("’", "'").str.findall(_WORD)
    return pd.DataFrame(
        {
            "n_negative": [sum(valence.get(word, 0.0) < 0 for word in found) for found in words],
            "n_positive": [sum(valence.get(word, 0.0) > 0 for word in found) for found in words],
            "n_words": [len(text.split()) for text in series],
        }
    )


def valence_shares(texts: Sequence[str]) -> pd.DataFrame:
    """VADER's `negative` and `positive` shares of each text, in [0, 1], with its rules for negation and emphasis.

    >>> valence_shares(["not happy", "happy"]).round(2).to_dict("list")
    {'negative': [0.75, 0.0], 'positive': [0.0, 1.0]}
    """
    scores = [_analyser().polarity_scores(text) for text in texts]
    return pd.DataFrame(
        {"negative": [found["neg"] for found in scores], "positive": [found["pos"] for found in scores]}
    )


@cache
def _analyser() -> Any:
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    return SentimentIntensityAnalyzer()
