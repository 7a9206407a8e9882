"""Minimal pairs of sentences: a feeling said, denied, and said with another word (CheckList, Ribeiro et al. 2020)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from affectlens.features.taxonomy import GOEMOTIONS, MAPS, labels_of

# What a person is who feels so; none of the words is itself a negation, and none is bound to one topic.
FEELINGS: Mapping[str, str] = {
    "admiration": "impressed amazed",
    "amusement": "amused entertained",
    "anger": "angry furious enraged",
    "annoyance": "annoyed irritated",
    "confusion": "confused puzzled",
    "curiosity": "curious intrigued",
    "disappointment": "disappointed",
    "disgust": "disgusted revolted",
    "embarrassment": "embarrassed ashamed",
    "excitement": "excited thrilled",
    "fear": "afraid scared terrified",
    "gratitude": "grateful thankful",
    "joy": "happy glad delighted cheerful",
    "nervousness": "nervous anxious worried",
    "optimism": "hopeful optimistic",
    "pride": "proud",
    "relief": "relieved",
    "sadness": "sad miserable heartbroken",
    "surprise": "surprised astonished",
}
_SAID = ("i am {word}", "i feel {word} about it", "this makes me {word}")
_DENIED = ("i am not {word}", "i do not feel {word} about it", "this does not make me {word}")
_CONTROL = ("i am also {word}", "i do feel {word} about it", "this also makes me {word}")


@dataclass(frozen=True)
class NegationProbes:
    """Sentences in three forms, w words by t templates, word after word.

    Attributes:
        words: (w,) the feeling in each group of sentences.
        labels: (w,) label of each word in the taxonomy that was asked for.
        said: w * t sentences that state it.
        denied: the same, negated.
        control: the same, with another word at the place of the negation.
        n_templates: t.
    """

    words: tuple[str, ...]
    labels: tuple[str, ...]
    said: tuple[str, ...]
    denied: tuple[str, ...]
    control: tuple[str, ...]
    n_templates: int


def negation_probes(taxonomy: str) -> NegationProbes:
    """Every probe, its labels by the published maps.

    Raises:
        ValueError: the taxonomy is unknown.

    >>> probes = negation_probes("ekman")
    >>> probes.words[0], probes.labels[0], probes.said[0], probes.denied[0], probes.control[0]
    ('impressed', 'joy', 'i am impressed', 'i am not impressed', 'i am also impressed')
    """
    labels_of(taxonomy)
    mapping = {label: label for label in GOEMOTIONS} if taxonomy == "goemotions" else MAPS["goemotions", taxonomy]
    pairs = [(word, mapping[label]) for label, words in FEELINGS.items() for word in words.split()]
    words, labels = zip(*pairs, strict=True)
    said, denied, control = (
        tuple(template.format(word=word) for word in words for template in templates)
        for templates in (_SAID, _DENIED, _CONTROL)
    )
    return NegationProbes(words, labels, said, denied, control, len(_SAID))
