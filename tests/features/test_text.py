from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from affectlens.features.text import (
    UNKNOWN_INDEX,
    Vocabulary,
    VocabularyParams,
    normalise,
    normalised_key,
    padded,
    tokenise,
    tokenise_all,
)

ALL_TOKENS = VocabularyParams(language="en", min_count=1, max_size=10_000)
TEXTS = st.lists(st.text(max_size=40), max_size=8)


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("sooooo good", ["soo", "good"]),
        ("what?!?!?!", ["what", "?!"]),
        ("I am SO VERY HAPPY today", ["i", "am", "<caps>", "so", "very", "happy", "today"]),
        ("@amy see https://a.b/c?d=1", ["<user>", "see", "<url>"]),
        ("❤️ 👍🏽 🇩🇪", ["❤", "👍", "🇩🇪"]),
        ("ok :-) <3 T_T", ["ok", ":-)", "<3", "t_t"]),
        ("we’re 3rd, 1,000 fans", ["we're", "3rd", ",", "<number>", "fans"]),
        ("[NAME] is ok", ["<name>", "is", "ok"]),
        ("a &lt;3 b &amp; c", ["a", "<3", "b", "&", "c"]),
        ("我很高兴！", ["我", "很", "高", "兴", "!"]),
        ("maxed (1998)", ["maxed", "(", "<number>", ")"]),
        ("   ", []),
    ],
)
def test_tokens_are_what_a_reader_sees(text, tokens):
    assert tokenise(text) == tokens


@given(st.text(max_size=60))
def test_tokens_hold_no_white_space_and_no_elongation(text):
    tokens = tokenise(text)
    assert all(token and not any(character.isspace() for character in token) for token in tokens)
    assert all(normalise(token) != "" for token in tokens)


@given(st.text(alphabet="abcdefghij !?.,😀", max_size=40))
def test_tokens_cover_everything_but_spaces(text):
    kept = "".join(tokenise(text))
    assert set(kept) == set(text) - {" "}


@given(TEXTS)
def test_a_flat_list_of_tokens_falls_apart_into_the_texts_tokens(texts):
    tokens, offsets = tokenise_all(texts)
    assert [tokens[a:b] for a, b in pairwise(offsets)] == [tokenise(text) for text in texts]


@given(TEXTS)
def test_encoding_and_reading_back_gives_the_tokens(texts):
    vocabulary = Vocabulary.from_texts(texts, ALL_TOKENS)
    ids, offsets = vocabulary.encode(texts)
    assert ids.dtype == np.int32
    for text, start, end in zip(texts, offsets[:-1], offsets[1:], strict=True):
        assert [vocabulary.tokens[index] for index in ids[start:end]] == (tokenise(text) or ["<unknown>"])


def test_a_token_outside_the_vocabulary_is_unknown_and_nothing_is_padding():
    vocabulary = Vocabulary.from_texts(
        ["good day", "good night"], VocabularyParams(language="en", min_count=2, max_size=10)
    )
    ids, _ = vocabulary.encode(["good evening", ""])
    assert vocabulary.tokens == ("<pad>", "<unknown>", "good")
    assert ids.tolist() == [2, UNKNOWN_INDEX, UNKNOWN_INDEX]


def test_the_vocabulary_keeps_the_most_frequent_tokens_and_breaks_ties_by_spelling():
    vocabulary = Vocabulary.from_texts(["b a c c", "c d"], VocabularyParams(language="en", min_count=1, max_size=5))
    assert vocabulary.tokens[2:] == ("c", "a", "b")


@given(st.permutations(["x y", "y z z", "q", "x x x"]))
def test_the_vocabulary_does_not_depend_on_the_order_of_the_texts(texts):
    assert Vocabulary.from_texts(texts, ALL_TOKENS).tokens[2:] == ("x", "y", "z", "q")[: len(set("xyzq"))]


@pytest.mark.parametrize("tokens", [("a", "b"), ("<pad>", "<unknown>", "a", "a")])
def test_a_list_that_is_no_vocabulary_is_refused(tokens):
    with pytest.raises(ValueError, match="a vocabulary"):
        Vocabulary(tokens)


@given(st.lists(st.lists(st.integers(1, 9), max_size=6), max_size=6), st.integers(1, 8))
def test_padding_keeps_each_row_and_fills_the_rest_with_zero(rows, longest):
    offsets = np.cumsum([0, *map(len, rows)])
    matrix = padded(np.array([value for row in rows for value in row], dtype=np.int32), offsets, longest)
    width = max([min(len(row), longest) for row in rows], default=0)
    assert matrix.tolist() == [(row[:width] + [0] * width)[:width] for row in rows]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("So HAPPY!!!", "so happy"),
        ("RT @amy: great news http://a.b", "great news"),
        ("I paid 30 dollars", "I paid 45 dollars."),
        ("sooooo good", "soo good"),
    ],
)
def test_near_duplicates_share_a_key(one, other):
    assert normalised_key(one) == normalised_key(other)


def test_texts_without_words_keep_their_symbols_as_key():
    assert normalised_key("😂😂") != normalised_key("😡")


def test_different_words_have_different_keys():
    assert normalised_key("not happy") != normalised_key("happy")


def test_a_vocabulary_cuts_texts_as_its_language_does():
    params = VocabularyParams(language="zh", min_count=1, max_size=10)
    vocabulary = Vocabulary.from_texts(["加油[心]"], params)
    assert vocabulary.language == "zh"
    assert set(vocabulary.tokens[2:]) == {"加", "油", "[心]"}
    assert len(vocabulary.encode(["油[心]油"])[0]) == 3
