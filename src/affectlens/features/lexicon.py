"""Emotion by rule: a small lexicon with intensity words and negation, the baseline that every model has to beat."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from affectlens.features.lexicon_words import CLAUSE_ENDS, DIMINISHERS, INTENSIFIERS, NEGATORS, WORDS
from affectlens.features.taxonomy import GOEMOTIONS, MAPS, labels_of
from affectlens.features.text import tokenise_all

NEGATION_SCOPE = 3  # tokens after a negator whose emotion it turns
INTENSITY_SCOPE = 2  # tokens after an intensity word that it strengthens or weakens
STRONGER, WEAKER, TURNED = 1.5, 0.5, 0.5

_NEUTRAL = GOEMOTIONS.index("neutral")
_SHORTEST_STEM = 2
# What a negated emotion says instead ("not happy" is sad); every other negated emotion says nothing of its own.
_OPPOSITES: Mapping[str, str] = {
    "joy": "sadness",
    "love": "sadness",
    "sadness": "joy",
    "fear": "relief",
    "admiration": "disapproval",
    "approval": "disapproval",
    "disapproval": "approval",
    "excitement": "disappointment",
}


def lexicon_scores(texts: Sequence[str], taxonomy: str) -> np.ndarray:
    """Weighted number of emotion words of each label, shape (n, C), non-negative; neutral is 1 where nothing else is.

    A word counts 1, more behind "very" or in capitals, less behind "slightly". Behind a negator (within three tokens
    of the same clause) it counts half for the opposite emotion where there is one, else not at all.

    Args:
        texts: n texts.
        taxonomy: goemotions, ekman or sentiment; coarse labels add up their fine ones.

    Raises:
        ValueError: the taxonomy is unknown.

    >>> lexicon_scores(["I am very happy", "not happy", "a table"], "sentiment").tolist()
    [[1.5, 0.0, 0.0, 0.0], [0.0, 0.5, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0]]
    """
    tokens, offsets = tokenise_all(texts)
    known = list(dict.fromkeys(tokens))
    index = {token: position for position, token in enumerate(known)}
    ids = np.fromiter((index[token] for token in tokens), dtype=np.int64, count=len(tokens))
    row = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    table = LexiconTable.of(known, taxonomy)
    scores = np.zeros((len(offsets) - 1, table.plain.shape[1]))
    _add_hits(scores, table, ids, row)
    scores[:, labels_of(taxonomy).index("neutral")] = scores.sum(axis=1) == 0
    return scores


@dataclass(frozen=True)
class LexiconTable:
    """What the lexicon says of each of V tokens.

    Attributes:
        plain: (V, C) how much a token speaks for each label of a taxonomy.
        turned: (V, C) what it speaks for behind a negator.
        ends_clause: (V,) no negator and no intensity word reaches beyond it.
        negates: (V,).
        strengthens: (V,).
        weakens: (V,).
    """

    plain: np.ndarray
    turned: np.ndarray
    ends_clause: np.ndarray
    negates: np.ndarray
    strengthens: np.ndarray
    weakens: np.ndarray

    @classmethod
    def of(cls, tokens: Sequence[str], taxonomy: str) -> LexiconTable:
        """Look tokens up, as `tokenise` cuts them."""
        to_taxonomy = _map_from_goemotions(taxonomy)
        hits = np.array([_hits_of(token) for token in tokens]).reshape(len(tokens), len(GOEMOTIONS))
        roles = (_is_in(tokens, words) for words in (CLAUSE_ENDS, NEGATORS, INTENSIFIERS, DIMINISHERS))
        return cls(hits @ to_taxonomy, TURNED * (hits @ _opposite_matrix()) @ to_taxonomy, *roles)


def _add_hits(scores: np.ndarray, table: LexiconTable, ids: np.ndarray, row: np.ndarray) -> None:
    clause = _clauses(table.ends_clause[ids], row)
    is_negated = _reaches(table.negates[ids], clause, NEGATION_SCOPE)
    strength = np.where(_reaches(table.strengthens[ids], clause, INTENSITY_SCOPE), STRONGER, 1.0)
    strength *= np.where(_reaches(table.weakens[ids], clause, INTENSITY_SCOPE), WEAKER, 1.0)
    at = np.flatnonzero(table.plain.sum(axis=1)[ids])
    counted = np.where(is_negated[at, None], table.turned[ids[at]], table.plain[ids[at]]) * strength[at, None]
    np.add.at(scores, row[at], counted)


def _is_in(tokens: Sequence[str], words: str) -> np.ndarray:
    members = frozenset(words.split())
    return np.fromiter((token in members for token in tokens), dtype=bool, count=len(tokens))


def _clauses(is_end: np.ndarray, row: np.ndarray) -> np.ndarray:
    """Running number of the clause of each token; a text always starts a new one."""
    starts_text = row != np.concatenate([[-1], row[:-1]])
    return np.cumsum(is_end | starts_text)


def _reaches(is_source: np.ndarray, clause: np.ndarray, scope: int) -> np.ndarray:
    """Whether one of the `scope` tokens before a token, in the same clause, is a source."""
    reached = np.zeros(is_source.shape, dtype=bool)
    for lag in range(1, min(scope, len(is_source) - 1) + 1):
        reached[lag:] |= is_source[:-lag] & (clause[:-lag] == clause[lag:])
    return reached


@cache
def _exact_and_stems() -> tuple[Mapping[str, tuple[int, ...]], Mapping[str, tuple[int, ...]]]:
    exact: dict[str, tuple[int, ...]] = {}
    stems: dict[str, tuple[int, ...]] = {}
    for label, words in WORDS.items():
        for word in words.split():
            table, key = (stems, word[:-1]) if word.endswith("*") else (exact, word)
            table[key] = (*table.get(key, ()), GOEMOTIONS.index(label))
    return exact, stems


def _hits_of(token: str) -> np.ndarray:
    """0/1 per GoEmotions label: the exact word where the lexicon has it, else its longest stem."""
    exact, stems = _exact_and_stems()
    prefixes = (token[:length] for length in range(len(token), _SHORTEST_STEM - 1, -1))
    labels = exact.get(token) or next((stems[prefix] for prefix in prefixes if prefix in stems), ())
    hit = np.zeros(len(GOEMOTIONS))
    hit[list(labels)] = 1.0
    return hit


@cache
def is_emotion_word(token: str) -> bool:
    """Whether the lexicon knows this word, in any form, as one that speaks of an emotion.

    >>> is_emotion_word("furious"), is_emotion_word("table")
    (True, False)
    """
    return bool(_hits_of(token).any())


@cache
def _opposite_matrix() -> np.ndarray:
    matrix = np.zeros((len(GOEMOTIONS), len(GOEMOTIONS)))
    for label, opposite in _OPPOSITES.items():
        matrix[GOEMOTIONS.index(label), GOEMOTIONS.index(opposite)] = 1.0
    return matrix


@cache
def _map_from_goemotions(taxonomy: str) -> np.ndarray:
    targets = labels_of(taxonomy)
    mapping = {label: label for label in GOEMOTIONS} if taxonomy == "goemotions" else MAPS["goemotions", taxonomy]
    return np.array([[mapping[label] == target for target in targets] for label in GOEMOTIONS], dtype=np.float64)
