from __future__ import annotations

import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from affectlens.features.edits import EDITS, HOMOGLYPHS, edited, edited_copies, with_typos

TEXTS = ["I really love this wonderful place 😀", "WHY would anyone do that?!", "ok", "😡😡"]


@pytest.mark.parametrize("edit", sorted(EDITS))
def test_the_same_seed_gives_the_same_edits_and_each_text_its_own(edit: str) -> None:
    assert edited(TEXTS, edit, 1) == edited(TEXTS, edit, 1)
    assert edited(TEXTS[:1], edit, 1)[0] == edited(TEXTS, edit, 1)[0]


@given(st.text(max_size=60), st.sampled_from(sorted(EDITS)))
def test_an_edit_never_empties_a_text_nor_breaks_it(text: str, edit: str) -> None:
    changed = edited([text], edit, 3)[0]
    assert bool(changed) >= bool(text.strip())
    changed.encode("utf-8", errors="surrogatepass")


def test_typing_errors_touch_long_words_only_and_leave_their_first_letter() -> None:
    before, after = (
        "a cat sat quietly somewhere",
        with_typos("a cat sat quietly somewhere", np.random.default_rng(0), 1.0),
    )
    assert after.split()[:3] == before.split()[:3]
    assert after.split()[3:] != before.split()[3:]
    assert [word[0] for word in after.split()] == [word[0] for word in before.split()]


def test_emoji_go_or_become_things() -> None:
    assert edited(TEXTS, "emoji_removed", 1)[0] == "I really love this wonderful place"
    assert "😀" not in edited(TEXTS, "emoji_replaced", 1)[0]


def test_homoglyphs_are_of_another_script() -> None:
    assert all("LATIN" not in unicodedata.name(double) for double in HOMOGLYPHS.values())
    changed = edited(["a peaceful ocean expanse is copacetic"] * 20, "homoglyphs", 1)
    assert all(len(text) == 37 for text in changed)
    assert any(text != "a peaceful ocean expanse is copacetic" for text in changed)


def test_copies_differ_from_their_texts_and_know_them() -> None:
    rows, copies = edited_copies(TEXTS, 3.0, 5)
    assert len(rows) == len(copies) > len(TEXTS)
    assert all(copy != TEXTS[row] for row, copy in zip(rows, copies, strict=True))
    again = edited_copies(TEXTS, 3.0, 5)
    assert again[1] == copies


def test_no_copies_where_none_are_asked_for() -> None:
    rows, copies = edited_copies(TEXTS, 0.0, 5)
    assert len(rows) == 0
    assert copies == []
