from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from affectlens.features.edits import HOMOGLYPHS, edited, with_typos
from affectlens.features.spelling import Spelling
from affectlens.features.text import UNKNOWN_INDEX, Vocabulary, VocabularyParams, normalise, tokenise
from affectlens.features.word_pieces import spelt_out

WORDS = st.text(alphabet="abcde", min_size=4, max_size=8)


def slips(word: str) -> set[str]:
    """Every word that one typing error makes of this one, its first letter kept."""
    places = range(1, len(word))
    left_out = {word[:at] + word[at + 1 :] for at in places}
    changed = {word[:at] + letter + word[at + 1 :] for at in places for letter in "abcde"}
    added = {word[:at] + letter + word[at:] for at in range(1, len(word) + 1) for letter in "abcde"}
    swapped = {word[:at] + word[at + 1] + word[at] + word[at + 2 :] for at in range(1, len(word) - 1)}
    return left_out | changed | added | swapped


@given(st.lists(WORDS, min_size=1, max_size=6, unique=True), WORDS)
def test_the_most_frequent_word_one_slip_away_is_found(known: list[str], word: str) -> None:
    reached = [place for place, other in enumerate(known) if other != word and word in slips(other)]
    if word not in known:
        assert Spelling.of(known).nearest(word) == min(reached, default=None)


@pytest.mark.parametrize("word", ["sad", "!!", "😀", "h4ppy", "zebra"])
def test_what_is_no_longer_word_has_no_neighbour(word: str) -> None:
    assert Spelling.of(["happy", "said", "sadly"]).nearest(word) is None


def test_a_vocabulary_reads_a_typing_error_as_the_word_that_was_meant() -> None:
    words = VocabularyParams(language="en", min_count=1, max_size=100)
    vocabulary = Vocabulary.from_texts(["absolutely wonderful holiday"], words)
    meant, _ = vocabulary.encode(["absolutely wonderful holiday"])
    typed = with_typos("absolutely wonderful holiday", np.random.default_rng(1), rate=1.0)
    assert typed != "absolutely wonderful holiday"
    assert vocabulary.encode([typed])[0].tolist() == meant.tolist()
    assert vocabulary.encode(["xylophone"])[0].tolist() == [UNKNOWN_INDEX]


def test_letters_of_another_script_are_read_as_what_they_look_like() -> None:
    written = "a peaceful ocean expanse is copacetic, enjoy"
    masked = edited([written] * 20, "homoglyphs", 1)
    is_mixed = [all(any(letter.isascii() for letter in word) for word in text.split()) for text in masked]
    assert sum(is_mixed) > 5
    for text in (text for text, mixed in zip(masked, is_mixed, strict=True) if mixed):
        assert tokenise(text) == tokenise(written)
        assert spelt_out(text) == written


def test_words_of_another_script_stay_as_they_are() -> None:
    assert normalise("сосна и ель, ρόδα") == "сосна и ель, ρόδα"
    assert set("".join(HOMOGLYPHS.values())) <= set("асеіјорѕху")
