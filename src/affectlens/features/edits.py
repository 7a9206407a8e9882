"""Small changes to texts that a human reader hardly minds: what a model says should hardly change either."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import emoji
import numpy as np

_SHORTEST_TYPO = 4  # letters of the shortest word that gets a typing error
_KEYS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_NEIGHBOURS: Mapping[str, str] = {
    letter: "".join(row[place] for place in (index - 1, index + 1) if 0 <= place < len(row))
    for row in _KEYS
    for index, letter in enumerate(row)
}
# Letters of other scripts that look like Latin ones (Unicode Technical Standard 39, confusables).
HOMOGLYPHS: Mapping[str, str] = {
    "a": "\u0430",
    "c": "\u0441",
    "e": "\u0435",
    "i": "\u0456",
    "j": "\u0458",
    "o": "\u043e",
    "p": "\u0440",
    "s": "\u0455",
    "x": "\u0445",
    "y": "\u0443",
}
_PLAIN_EMOJI = ("🔹", "📎", "🚪", "📦", "🪑", "🧱", "🗂️", "🔧")  # things, of no emotion

Edit = Callable[[str, np.random.Generator], str]


def with_typos(text: str, generator: np.random.Generator, rate: float = 0.3) -> str:
    """Each word of four letters and more gets one typing error with probability `rate`.

    Two letters change places, one is left out, one is typed twice, or the key beside it is hit.
    """
    return " ".join(_typo(word, generator) if _is_hit(word, generator, rate) else word for word in text.split(" "))


def _is_hit(word: str, generator: np.random.Generator, rate: float) -> bool:
    return len(word) >= _SHORTEST_TYPO and word.isalpha() and bool(generator.random() < rate)


def _typo(word: str, generator: np.random.Generator) -> str:
    place = int(generator.integers(1, len(word) - 1))
    before, letter, after = word[:place], word[place], word[place + 1 :]
    beside = _NEIGHBOURS.get(letter.lower(), letter)
    changed = (after[0] + letter + after[1:], after, letter + letter + after, beside[0] + after)
    return before + changed[int(generator.integers(len(changed)))]


def in_lower_case(text: str, generator: np.random.Generator) -> str:  # noqa: ARG001
    """Everything small."""
    return text.lower()


def in_upper_case(text: str, generator: np.random.Generator) -> str:  # noqa: ARG001
    """Everything shouted."""
    return text.upper()


def without_emoji(text: str, generator: np.random.Generator) -> str:  # noqa: ARG001
    """The text without its emoji; as it is where nothing else is in it.

    >>> without_emoji("so good 😀", np.random.default_rng(0)), without_emoji("😀", np.random.default_rng(0))
    ('so good', '😀')
    """
    return emoji.replace_emoji(text, "").strip() or text


def with_other_emoji(text: str, generator: np.random.Generator) -> str:
    """Each emoji replaced by that of a thing without emotion."""
    return emoji.replace_emoji(text, lambda *_: _PLAIN_EMOJI[int(generator.integers(len(_PLAIN_EMOJI)))])


def with_homoglyphs(text: str, generator: np.random.Generator, rate: float = 0.15) -> str:
    """Each letter that has a double in another script is replaced by it with probability `rate`."""
    drawn = generator.random(len(text)) < rate
    return "".join(HOMOGLYPHS.get(letter, letter) if hit else letter for letter, hit in zip(text, drawn, strict=True))


EDITS: Mapping[str, Edit] = {
    "typos": with_typos,
    "lower_case": in_lower_case,
    "upper_case": in_upper_case,
    "emoji_removed": without_emoji,
    "emoji_replaced": with_other_emoji,
    "homoglyphs": with_homoglyphs,
}


def edited(texts: Sequence[str], edit: str, seed: int) -> list[str]:
    """Every text edited; the same seed gives the same edits, each text its own.

    Raises:
        KeyError: the edit is unknown.
    """
    change = EDITS[edit]
    return [change(text, np.random.default_rng([seed, row])) for row, text in enumerate(texts)]


def edited_copies(texts: Sequence[str], share: float, seed: int) -> tuple[np.ndarray, list[str]]:
    """Edited copies of texts, each by one edit drawn at random; a copy that an edit left as it was is none.

    Args:
        texts: n texts.
        share: copies that are drawn, as a share of n; more than 1 draws texts more than once.
        seed: draws texts and edits.

    Returns:
        Which text each copy is of (m,), and the m copies.
    """
    generator = np.random.default_rng([seed, len(texts)])
    rounds = [generator.permutation(len(texts)) for _ in range(int(np.ceil(share)))]
    drawn = np.concatenate([np.empty(0, dtype=np.int64), *rounds])[: round(share * len(texts))]
    edits = list(EDITS.values())
    chosen = generator.integers(len(edits), size=len(drawn))
    copies = [edits[edit](texts[row], generator) for row, edit in zip(drawn, chosen, strict=True)]
    is_changed = np.array([copy != texts[row] for row, copy in zip(drawn, copies, strict=True)], dtype=bool)
    return drawn[is_changed], [copy for copy, changed in zip(copies, is_changed, strict=True) if changed]
