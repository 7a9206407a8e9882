"""Words that are one typing error away from a known one, found by what both are without one letter.

After Garbe's symmetric deletions (SymSpell, 2012); its worth to classifiers: Pruthi et al. 2019, arXiv:1905.11268.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

SHORTEST = 4  # letters: shorter words have too many neighbours that mean something else


@dataclass(frozen=True)
class Spelling:
    """Known words and the words that they are without one letter.

    Attributes:
        known: word -> its place.
        shortened: a known word without one letter -> places of the known words that give it, the most frequent first.
        words: all words, those of letters and the others, by their places.
    """

    known: Mapping[str, int]
    shortened: Mapping[str, Sequence[int]]
    words: Sequence[str]

    @classmethod
    def of(cls, words: Sequence[str]) -> Spelling:
        """Words in order of frequency, most frequent first; only words of letters can be meant by another word."""
        known = {word: place for place, word in enumerate(words) if _is_word(word)}
        shortened: dict[str, list[int]] = {}
        for word, place in known.items():
            for rest in set(_without_one(word)):
                shortened.setdefault(rest, []).append(place)
        return cls(known, shortened, words)

    def nearest(self, word: str) -> int | None:
        """Place of the most frequent known word that is one typing error away; None where there is none.

        A typing error is a letter left out, added or changed, or two neighbours that changed places; the first letter
        is right.

        >>> words = ["happy", "harpy", "sad"]
        >>> [Spelling.of(words).nearest(word) for word in ("hapy", "happpy", "hapyp", "hagpy", "yappy", "sed")]
        [0, 0, 0, 0, None, None]
        """
        if not _is_word(word):
            return None
        found = list(self.shortened.get(word, ()))
        for rest in set(_without_one(word)):
            if rest in self.known:
                found.append(self.known[rest])
            found += [place for place in self.shortened.get(rest, ()) if _is_one_slip(word, self.words[place])]
        return min((place for place in found if self.words[place][0] == word[0]), default=None)


def _is_word(word: str) -> bool:
    return len(word) >= SHORTEST and word.isalpha()


def _without_one(word: str) -> Iterator[str]:
    return (word[:at] + word[at + 1 :] for at in range(len(word)))


def _is_one_slip(word: str, other: str) -> bool:
    """Whether two words of one length differ in one letter, or by two neighbours that changed places."""
    if len(word) != len(other):
        return False
    places = [at for at, (a, b) in enumerate(zip(word, other, strict=True)) if a != b]
    if len(places) == 2:
        first, second = places
        return second == first + 1 and word[first] == other[second] and word[second] == other[first]
    return len(places) == 1
