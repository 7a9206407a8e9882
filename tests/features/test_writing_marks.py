from __future__ import annotations

from collections.abc import Callable

import emoji
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from affectlens.features.writing_marks import (
    capital_counts,
    elongation_counts,
    emoji_counts,
    emoticon_counts,
    mark_run_counts,
    token_counts,
)


def test_every_emoji_of_the_unicode_list_counts_once() -> None:
    every = pd.Series(list(emoji.EMOJI_DATA))
    assert len(every) > 3000
    assert every[emoji_counts(every) != 1].tolist() == []


@given(st.lists(st.sampled_from([*sorted(emoji.EMOJI_DATA)[::97], "word", " ", "3", "漢"]), max_size=12))
def test_emoji_are_counted_as_the_emoji_package_counts_them(parts: list[str]) -> None:
    text = " ".join(parts)
    assert emoji_counts(pd.Series([text], dtype="str")).tolist() == [emoji.emoji_count(text)]


def test_digits_and_signs_are_no_emoji_but_keycaps_are() -> None:
    assert emoji_counts(pd.Series(["1 # * 42", "1️⃣", "#️⃣ 2️⃣"])).tolist() == [0, 1, 2]


@pytest.mark.parametrize("space", [" ", "\n", "\t", "\u00a0", "\u3000", "\u2009"])
def test_any_white_space_parts_tokens(space: str) -> None:
    assert token_counts(pd.Series([f"one{space}two"])).tolist() == [2]


def test_no_texts_give_no_counts() -> None:
    assert token_counts(pd.Series([], dtype=object)).tolist() == []
    assert emoji_counts(pd.Series([], dtype=object)).tolist() == []


@pytest.mark.parametrize("text", ["see you at 8:30", "a/b and c:d", "http://x.org", "(a) and (b)", "3 < 4", "x", "5:3"])
def test_times_addresses_and_brackets_are_no_emoticons(text: str) -> None:
    assert emoticon_counts(pd.Series([text])).tolist() == [0]


@pytest.mark.parametrize(
    "text",
    ["on 8/15/2016", "rated 8/10", "8*3", "x*y", "chapter 8) end", "f( x) = x", "x(t)", "won 8-3", "x^(2)", "a :30 b",
     "<30", "x | y", "Windows XP", ":Dee", "see :(a)"],
)  # fmt: skip
def test_dates_ratings_and_formulas_are_no_emoticons(text: str) -> None:
    assert emoticon_counts(pd.Series([text])).tolist() == [0]


def test_emoticons_beside_one_another_and_before_commas_all_count() -> None:
    assert emoticon_counts(pd.Series([":) :) xD, ok :P! 8-) x-( :-D. =D", ":))) :'( ;-P :o)"])).tolist() == [8, 4]


@pytest.mark.parametrize("count", [token_counts, emoji_counts, emoticon_counts, mark_run_counts])
def test_no_text_has_no_marks(count: Callable[[pd.Series], np.ndarray]) -> None:
    assert count(pd.Series([None, "fine", pd.NA])).tolist()[::2] == [0, 0]


@pytest.mark.parametrize("sign", [":)", ":-)", ":(", ";-)", ":D", ":P", "<3", "^_^", ":/", "xD", ":'("])
def test_the_usual_emoticons_are_seen_at_the_beginning_and_within(sign: str) -> None:
    assert emoticon_counts(pd.Series([sign, f"well {sign} yes"])).tolist() == [1, 1]


def test_plain_writing_has_no_marks() -> None:
    plain = pd.Series(["I went to the USA, it was fine!", ""])
    assert elongation_counts(plain).tolist() == [0, 0]
    assert mark_run_counts(plain).tolist() == [0, 0]
    assert capital_counts(plain).tolist() == [1, 0]
