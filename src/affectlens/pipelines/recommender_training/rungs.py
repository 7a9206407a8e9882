"""The steps of the ranking ladder, and which of them some data allow."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from affectlens.evaluation.ladder import Rung

SEEN, HEARD = ("text",), ("text", "media")
_SAID = (*HEARD, "learned")
LADDER = (
    Rung("popularity", ()),
    Rung("id", ("id",), "popularity"),
    Rung("text", SEEN, "id"),
    Rung("image and clip", HEARD, "text"),
    Rung("lexicon emotion", (*HEARD, "lexicon"), "image and clip", ("lexicon random", "lexicon shuffled over items")),
    Rung("learned emotion", _SAID, "image and clip", ("random", "shuffled over items")),
    Rung("user emotion", (*_SAID, "state"), "learned emotion", ("emotion of another", "random state")),
    Rung(
        "generated",
        (*_SAID, "content", "generated"),
        "learned emotion",
        ("generated of another", "generated with emotion of another"),
    ),
    Rung(
        "all",
        (*HEARD, "lexicon", "learned", "content", "state", "generated"),
        "generated",
        ("all of another", "all with emotion of another"),
    ),
    Rung("true mood", (*_SAID, "mood"), "learned emotion", ("emotion of another",)),
    Rung("lexicon random", (*HEARD, "lexicon_noise")),
    Rung("lexicon shuffled over items", (*HEARD, "lexicon_shuffled")),
    Rung("random", (*HEARD, "learned_noise")),
    Rung("shuffled over items", (*HEARD, "learned_shuffled")),
    Rung("emotion of another", (*_SAID, "state_of_another")),
    Rung("random state", (*_SAID, "state_noise")),
    Rung("generated of another", (*_SAID, "content", "generated_of_another")),
    Rung("generated with emotion of another", (*_SAID, "content", "generated_with_emotion_of_another")),
    Rung(
        "all of another",
        (*HEARD, "lexicon", "learned", "content", "state_of_another", "generated_of_another"),
    ),
    Rung(
        "all with emotion of another",
        (
            *HEARD,
            "lexicon",
            "learned",
            "content",
            "state_with_emotion_of_another",
            "generated_with_emotion_of_another",
        ),
    ),
)


def rungs_to_climb(steps: Sequence[str], parts: set[str]) -> list[Rung]:
    """The named steps that these data allow, with their rivals; each stands on the nearest one that is there.

    Raises:
        ValueError: a step is unknown.
    """
    table = {rung.name: rung for rung in LADDER}
    unknown = sorted(set(steps) - set(table))
    if unknown:
        raise ValueError(f"steps {unknown} of the ladder are unknown; known are {list(table)}")
    there = {name for name, rung in table.items() if _is_there(rung, parts | {"id"})}

    def nearest(name: str | None) -> str | None:
        while name is not None and name not in there:
            name = table[name].below
        return name

    wanted: dict[str, Rung] = {}
    for name in [step for step in steps if step in there]:
        rung = dataclasses.replace(
            table[name],
            below=nearest(table[name].below),
            placebos=tuple(placebo for placebo in table[name].placebos if placebo in there),
        )
        wanted[name] = rung
    for rung in list(wanted.values()):
        for rival in rung.rivals:
            wanted.setdefault(rival, dataclasses.replace(table[rival], below=None, placebos=()))
    return list(wanted.values())


def _is_there(rung: Rung, parts: set[str]) -> bool:
    """Whether the data have what makes the step: its last part, and all but words and pictures, which may lack."""
    return set(rung.parts) - set(HEARD) <= parts and set(rung.parts[-1:]) <= parts
