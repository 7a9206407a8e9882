from __future__ import annotations

import re

import numpy as np
import pytest

from affectlens.features.taxonomy import EKMAN
from affectlens.simulation.grammar import Wording, compile_rules, steady, world_grammar, write
from affectlens.simulation.topics import SUBTOPICS

VALUES = {
    "emotion": EKMAN,
    "second": EKMAN,
    "opposite": EKMAN,
    "other": EKMAN,
    "said": (*EKMAN, "irony"),
    "subtopic": SUBTOPICS,
    "level": ("low", "middle", "high"),
    "form": ("long_text", "short_text", "image", "short_video", "link", "product", "music", "film"),
}


def test_every_reference_of_the_world_has_a_rule_for_every_value() -> None:
    grammar = world_grammar()
    pieces = [piece for rule in grammar.values() for pieces in rule.pieces for piece in pieces if piece.attribute]
    signs = ("emoji", "emoticon", "mood_tag")
    for piece in pieces:
        values = VALUES[piece.attribute] if piece.attribute != "said" or piece.rule in signs else EKMAN
        assert not [value for value in values if f"{piece.rule}/{value}" not in grammar]


def test_no_braces_are_left_in_a_sentence() -> None:
    n = 400
    rng = np.random.default_rng(0)
    attributes = {name: np.array(rng.choice(values, n), dtype=object) for name, values in VALUES.items()}
    for rule in ("core/direct", "core/mixed", "core/negated", "filler", "distraction", "content"):
        texts = write(rule, attributes, rng, world_grammar(), steady(n))
        assert not [text for text in texts if re.search(r"[{}@]", text)]


def test_a_reference_to_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="refers to 'missing'"):
        compile_rules({"root": ("{missing}",)})


def test_wordings_are_renewed_over_the_years() -> None:
    grammar = compile_rules({"root": tuple(f"{number}{{empty}}" for number in range(10)), "empty": ("",)})
    rng = np.random.default_rng(0)
    early = set(write("root", {}, rng, grammar, Wording(np.zeros(300), 0.5)))
    late = set(write("root", {}, rng, grammar, Wording(np.ones(300), 0.5)))
    assert early == set("01234")
    assert late == set("56789")


def test_many_sentences_are_rarely_the_same() -> None:
    n = 2000
    rng = np.random.default_rng(1)
    attributes = {name: np.array(rng.choice(values, n), dtype=object) for name, values in VALUES.items()}
    texts = write("core/direct", attributes, rng, world_grammar(), steady(n))
    assert len(set(texts)) > 0.9 * n
