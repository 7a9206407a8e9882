import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from affectlens.features import lexicon_words
from affectlens.features.lexicon import lexicon_scores
from affectlens.features.taxonomy import EKMAN, GOEMOTIONS, labels_of
from affectlens.features.text import tokenise


def ekman(text):
    return dict(zip(EKMAN, lexicon_scores([text], "ekman")[0].tolist(), strict=True))


def test_a_word_counts_for_its_emotion_alone():
    assert ekman("they were terrified") == {**dict.fromkeys(EKMAN, 0.0), "fear": 1.0}


@pytest.mark.parametrize(("text", "joy"), [("happy", 1.0), ("very happy", 1.5), ("a bit happy", 0.5), ("HAPPY", 1.5)])
def test_intensity_words_and_capitals_weigh_a_word(text, joy):
    assert ekman(text)["joy"] == joy


def test_negated_joy_is_half_sadness():
    assert (ekman("I am not at all happy")["joy"], ekman("I am not at all happy")["sadness"]) == (0.0, 0.5)


def test_negated_anger_says_nothing():
    scores = ekman("I wasn't angry")
    assert (scores["anger"], scores["neutral"]) == (0.0, 1.0)


def test_negation_ends_with_the_clause():
    assert ekman("not today, happy")["joy"] == 1.0


def test_negation_does_not_reach_into_the_next_text():
    assert lexicon_scores(["it is not", "happy"], "ekman")[1].tolist() == lexicon_scores(["happy"], "ekman")[0].tolist()


def test_a_text_without_emotion_words_is_neutral():
    assert ekman("the table is by the door") == {**dict.fromkeys(EKMAN, 0.0), "neutral": 1.0}


def test_the_longest_stem_decides():
    scores = dict(zip(GOEMOTIONS, lexicon_scores(["anxiously"], "goemotions")[0].tolist(), strict=True))
    assert (scores["nervousness"], scores["fear"]) == (1.0, 0.0)


@pytest.mark.parametrize("taxonomy", ["goemotions", "ekman", "sentiment"])
def test_no_texts_give_no_rows(taxonomy):
    assert lexicon_scores([], taxonomy).shape == (0, len(labels_of(taxonomy)))


@pytest.mark.parametrize("taxonomy", ["goemotions", "ekman", "sentiment"])
@given(texts=st.lists(st.text(max_size=30), max_size=5))
def test_every_text_scores_something_and_nothing_is_negative(taxonomy, texts):
    scores = lexicon_scores(texts, taxonomy)
    assert scores.shape == (len(texts), len(labels_of(taxonomy)))
    assert (scores >= 0).all()
    assert (scores.sum(axis=1) > 0).all()


@given(st.lists(st.sampled_from(["not", "very", "happy", "sad", "furious", ",", "table", "😂"]), max_size=8))
def test_a_text_scores_the_same_alone_and_among_others(words):
    text = " ".join(words)
    alone = lexicon_scores([text], "goemotions")
    among = lexicon_scores(["not very", text, "happy"], "goemotions")
    np.testing.assert_array_equal(alone[0], among[1])


def test_coarse_scores_are_sums_of_the_fine_ones():
    text = ["I love this funny, horrible day"]
    fine = dict(zip(GOEMOTIONS, lexicon_scores(text, "goemotions")[0].tolist(), strict=True))
    assert fine["love"] + fine["amusement"] == lexicon_scores(text, "ekman")[0, EKMAN.index("joy")]


def test_every_label_but_neutral_has_eight_words_and_each_ekman_emotion_twenty_five():
    sizes = {label: len(words.split()) for label, words in lexicon_words.WORDS.items()}
    assert set(sizes) == set(GOEMOTIONS) - {"neutral"}
    assert min(sizes.values()) >= 8
    assert min(sizes[label] for label in EKMAN if label != "neutral") >= 25


def test_every_word_of_the_lexicon_is_one_token():
    lists = [*lexicon_words.WORDS.values(), lexicon_words.INTENSIFIERS, lexicon_words.NEGATORS]
    words = [word.rstrip("*") for words in lists for word in words.split()]
    assert [word for word in words if tokenise(word) != [word]] == []
