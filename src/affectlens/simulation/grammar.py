"""A small generative grammar, expanded for many rows at once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

import numpy as np

from affectlens.simulation.feelings import DEGREES, FEELINGS, SIGNS, Rules
from affectlens.simulation.headlines import PUBLICATIONS
from affectlens.simulation.situations import SITUATIONS, SLOTS
from affectlens.simulation.templates import SENTENCES
from affectlens.simulation.topics import THINGS

_REFERENCE = re.compile(r"\{(\w+)(?:@(\w+))?\}")


class Piece(NamedTuple):
    """Words, then perhaps a reference to a rule, then perhaps the attribute that completes the rule's name."""

    words: str
    rule: str
    attribute: str


class Alternatives(NamedTuple):
    """The right-hand sides of one rule; `plain` holds them as an array where none refers on."""

    pieces: tuple[tuple[Piece, ...], ...]
    plain: np.ndarray | None


Grammar = Mapping[str, Alternatives]


class Wording(NamedTuple):
    """When each row is written, and how fast wordings are renewed.

    Single words and set phrases stay. Of the n alternatives of a rule that refers on, a row can use
    `(1 - renewal) * n`, from number `progress * renewal * n` on: early rows the first ones, late rows the last ones.
    """

    progress: np.ndarray  # (n_rows,) in [0, 1]
    renewal: float  # in [0, 1)

    def draw(self, rows: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
        """One of n alternatives for each of the rows, evenly among those in use at its time."""
        passed = self.renewal * np.clip(self.progress[rows], 0.0, 1.0)
        drawn: np.ndarray = np.minimum(
            (n * (passed + (1.0 - self.renewal) * rng.random(len(rows)))).astype(np.int64), n - 1
        )
        return drawn


def steady(n_rows: int) -> Wording:
    """All alternatives in use for every row."""
    return Wording(np.zeros(n_rows), 0.0)


@cache
def world_grammar() -> Grammar:
    """The grammar in which everything in the world is written."""
    things = {f"thing/{name}": words for topic in THINGS.values() for name, words in topic.items()}
    return compile_rules({**things, **FEELINGS, **SIGNS, **DEGREES, **SITUATIONS, **SLOTS, **SENTENCES, **PUBLICATIONS})


def compile_rules(rules: Rules) -> Grammar:
    """Rules with their references found.

    Raises:
        ValueError: a reference names no rule, or with an attribute no family of rules.
    """
    families = {name.split("/")[0] for name in rules if "/" in name}
    grammar = {name: _alternatives(texts) for name, texts in rules.items()}
    for name, alternatives in grammar.items():
        for piece in (piece for pieces in alternatives.pieces for piece in pieces if piece.rule):
            if piece.rule not in (families if piece.attribute else rules):
                raise ValueError(f"rule {name!r} refers to {piece.rule!r}, which is not in the grammar")
    return grammar


def write(
    rule: str, attributes: Mapping[str, np.ndarray], rng: np.random.Generator, grammar: Grammar, wording: Wording
) -> np.ndarray:
    """One random sentence of `rule` a row.

    Args:
        rule: name of the rule, for instance "core/direct".
        attributes: (n_rows,) strings each, by the names that references give after `@`.
        rng: source of the choices.
        grammar: from `world_grammar` or `compile_rules`.
        wording: which alternatives are in use for each row.

    Returns:
        (n_rows,) array of Python strings.

    >>> rules = compile_rules({"root": ("{thing@kind} there",), "thing/a": ("ants",), "thing/b": ("bees",)})
    >>> write("root", {"kind": np.array(["b", "a"], object)}, np.random.default_rng(0), rules, steady(2)).tolist()
    ['bees there', 'ants there']
    """
    return _expand(rule, np.arange(len(wording.progress)), attributes, rng, grammar, wording)


def _alternatives(texts: tuple[str, ...]) -> Alternatives:
    pieces = tuple(_pieces(text) for text in texts)
    is_plain = all(not piece.rule for alternative in pieces for piece in alternative)
    return Alternatives(pieces, np.array(texts, dtype=object) if is_plain else None)


def _pieces(text: str) -> tuple[Piece, ...]:
    parts = _REFERENCE.split(text)
    starts = range(0, len(parts) - 1, 3)
    found = [Piece(parts[i], parts[i + 1], parts[i + 2] or "") for i in starts]
    return (*found, Piece(parts[-1], "", ""))


def _expand(
    rule: str,
    rows: np.ndarray,
    attributes: Mapping[str, np.ndarray],
    rng: np.random.Generator,
    grammar: Grammar,
    wording: Wording,
) -> np.ndarray:
    alternatives = grammar[rule]
    if alternatives.plain is not None:
        return np.asarray(alternatives.plain[rng.integers(len(alternatives.plain), size=len(rows))], dtype=object)
    choice = wording.draw(rows, len(alternatives.pieces), rng)
    texts = np.full(len(rows), "", dtype=object)
    for number, pieces in enumerate(alternatives.pieces):
        here = np.flatnonzero(choice == number)
        if here.size:
            texts[here] = _join(pieces, rows[here], attributes, rng, grammar, wording)
    return texts


def _join(
    pieces: tuple[Piece, ...],
    rows: np.ndarray,
    attributes: Mapping[str, np.ndarray],
    rng: np.random.Generator,
    grammar: Grammar,
    wording: Wording,
) -> np.ndarray:
    text = np.full(len(rows), "", dtype=object)
    for piece in pieces:
        text = text + piece.words
        if piece.attribute:
            text = text + _expand_by_attribute(piece, rows, attributes, rng, grammar, wording)
        elif piece.rule:
            text = text + _expand(piece.rule, rows, attributes, rng, grammar, wording)
    return text


def _expand_by_attribute(
    piece: Piece,
    rows: np.ndarray,
    attributes: Mapping[str, np.ndarray],
    rng: np.random.Generator,
    grammar: Grammar,
    wording: Wording,
) -> np.ndarray:
    values = attributes[piece.attribute][rows]
    texts = np.full(len(rows), "", dtype=object)
    for value in sorted(set(values.tolist())):
        here = np.flatnonzero(values == value)
        texts[here] = _expand(f"{piece.rule}/{value}", rows[here], attributes, rng, grammar, wording)
    return texts
