"""How good written texts are: variety, fluency, memory, and whether an outside judge sees the asked emotion."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from nltk.lm import WittenBellInterpolated
from nltk.translate.bleu_score import SmoothingFunction, sentence_bleu
from nltk.util import everygrams, ngrams
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.naive_bayes import ComplementNB
from sklearn.pipeline import Pipeline, make_pipeline

from affectlens.evaluation.estimate import Estimate, mean_estimate, resampled_estimate

Tokens = Sequence[Sequence[str]]
_ORDER = 3
_LONG = 8
_START, _END, _UNKNOWN = "<s>", "</s>", "<UNK>"  # nltk's own names
MASK = "<masked>"


@dataclass(frozen=True)
class TextTest:
    """What written texts are held against.

    Attributes:
        train: tokens of the training texts.
        labels: (n,) index of the asked emotion of each text that is scored.
        is_lexical: whether a word is known to speak of an emotion; the judge is asked again without such words.
        judge: tokens -> emotion.
        n_compared: most texts that are compared with each other.
        n_language_texts: most training texts that the language model of perplexity learns from.
        seed: seed of all draws.
    """

    train: Tokens
    labels: np.ndarray
    is_lexical: Callable[[str], bool]
    judge: Pipeline | None
    n_compared: int
    n_language_texts: int
    seed: int


def score_texts(texts: Tokens, test: TextTest) -> dict[str, Estimate]:
    """Every metric of texts, text i written for `test.labels[i]`."""
    shared = longest_shared(texts, test.train)
    sample = texts[: test.n_compared]
    scores = {
        **{f"distinct_{n}": distinct(texts, n, test.seed) for n in (1, 2)},
        "self_bleu_4": mean_estimate(self_bleu(sample), test.seed),
        "perplexity": perplexity(sample, test.train[: test.n_language_texts], test.seed),
        "longest_shared": mean_estimate(shared, test.seed),
        "long_shared_share": mean_estimate((shared >= _LONG).astype(np.float64), test.seed),
        "n_words": mean_estimate(np.array([len(text) for text in texts], dtype=np.float64), test.seed),
    }
    if test.judge is not None:
        masked = [[MASK if test.is_lexical(word) else word for word in text] for text in texts]
        for name, asked in (("text_accuracy", texts), ("text_accuracy_masked", masked)):
            hits = (test.judge.predict(asked) == test.labels).astype(np.float64)
            scores[name] = mean_estimate(hits, test.seed)
    return scores


def fit_text_judge(texts: Tokens, labels: np.ndarray) -> Pipeline | None:
    """Complement naive Bayes on words (Rennie et al. 2003), no family of the emotion models; None for one label."""
    if len(np.unique(labels)) < 2:
        return None
    counter = TfidfVectorizer(analyzer=list, sublinear_tf=True)
    judge: Pipeline = make_pipeline(counter, ComplementNB(alpha=0.3)).fit(texts, labels)
    return judge


def distinct(texts: Tokens, n: int, seed: int) -> Estimate:
    """Different n-grams over all n-grams (Li et al. 2016, "A Diversity-Promoting Objective Function").

    Texts drawn twice have fewer different n-grams, so the interval is the bootstrap's spread around the value, kept
    within [0, 1].

    >>> distinct([["a", "b"], ["a", "c"]], 1, 0).value
    0.75
    """
    grams = [list(ngrams(text, n)) for text in texts]
    total = sum(map(len, grams))
    if not total:
        return Estimate.undefined(len(texts))
    value = len(set().union(*grams)) / total
    draws = np.random.default_rng(seed).integers(len(texts), size=(100, len(texts)))
    drawn = [(len(set().union(*(grams[i] for i in row))), sum(len(grams[i]) for i in row)) for row in draws]
    spread = [different / n_grams for different, n_grams in drawn if n_grams]
    lower, upper = np.clip(value + np.percentile(spread, [2.5, 97.5]) - np.mean(spread), 0.0, 1.0)
    return Estimate(value, float(lower), float(upper), len(texts))


def self_bleu(texts: Tokens) -> np.ndarray:
    """BLEU-4 (n,) of each text against all others: 1 where they repeat each other (Zhu et al. 2018, "Texygen").

    NaN for a text without others.
    """
    if len(texts) < 2:
        return np.full(len(texts), np.nan)
    smooth = SmoothingFunction().method1
    return np.array(
        [
            sentence_bleu([*texts[:place], *texts[place + 1 :]], text, smoothing_function=smooth) if text else 0.0
            for place, text in enumerate(texts)
        ]
    )


def perplexity(texts: Tokens, train: Tokens, seed: int) -> Estimate:
    """Perplexity of a word under a trigram model of training texts, which wrote none of them (Witten & Bell 1991).

    The end of a text counts as one word. A word that the model never saw counts as one that it saw once.
    """
    if len(texts) == 0 or len(train) == 0:
        return Estimate.undefined(len(texts))
    model = language_model(train)
    surprise = [[-model.logscore(gram[-1], gram[:-1]) for gram in ngrams(_padded(text), _ORDER)] for text in texts]
    bits = np.array([sum(row) for row in surprise])
    lengths = np.array([len(row) for row in surprise], dtype=np.float64)
    return resampled_estimate(lambda weights: 2.0 ** (weights @ bits / (weights @ lengths)), len(texts), seed)


def language_model(train: Tokens) -> WittenBellInterpolated:
    """A trigram model of the words, the end and unknown words of training texts.

    >>> model = language_model([["a", "b"], ["a"]])
    >>> [round(model.score(word), 3) for word in ("a", "b", "</s>", "never seen")]  # 2, 1, 2 and 1 of 6
    [0.333, 0.167, 0.333, 0.167]
    """
    padded = [_padded(text) for text in train]
    model = WittenBellInterpolated(_ORDER)
    # The beginning is always given: nothing has to foretell it.
    seen = [[gram for gram in everygrams(text, max_len=_ORDER) if gram[-1] != _START] for text in padded]
    model.fit([*seen, [(_UNKNOWN,)]], (word for text in padded for word in text))
    return model


def _padded(text: Sequence[str]) -> list[str]:
    return [_START] * (_ORDER - 1) + [*text, _END]


def longest_shared(texts: Tokens, train: Tokens) -> np.ndarray:
    """Length (n,) of the longest run of words of each text that stands in some training text as well.

    >>> longest_shared([["a", "b", "x"], ["q"]], [["z", "a", "b"]]).tolist()
    [2.0, 0.0]
    """
    corpus = "\n".join(f" {' '.join(text)} " for text in train)
    return np.array([_longest(text, corpus) for text in texts], dtype=np.float64)


def _longest(text: Sequence[str], corpus: str) -> int:
    longest, start = 0, 0
    for stop in range(1, len(text) + 1):
        # A window grows while it is found and moves on when it is not: its length never shrinks.
        if f" {' '.join(text[start:stop])} " in corpus:
            longest = stop - start
        else:
            start += 1
    return longest
