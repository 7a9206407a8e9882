"""The words on the contents."""

from __future__ import annotations

import numpy as np

from affectlens.features.taxonomy import EKMAN
from affectlens.simulation.affect import NEUTRAL
from affectlens.simulation.catalogue import Catalogue
from affectlens.simulation.grammar import steady, world_grammar, write
from affectlens.simulation.randomness import draw_categories
from affectlens.simulation.style import capitalise, tidy
from affectlens.simulation.topics import SUBTOPICS


def write_publications(
    catalogue: Catalogue, form: np.ndarray, levels: tuple[float, float], rng: np.random.Generator
) -> np.ndarray:
    """Text (I,) of each content: its subtopic's words in the frame of one of its emotions, drawn from their mixture.

    Args:
        catalogue: contents.
        form: (I,) name of each one's form, which decides the pattern.
        levels: intensities at which words become middling and strong.
        rng: source of the words.
    """
    emotion = draw_categories(catalogue.emotions, rng)
    attributes = {
        "form": form,
        "emotion": np.array(EKMAN, dtype=object)[emotion],
        "subtopic": np.array(SUBTOPICS, dtype=object)[catalogue.subtopic],
        "level": np.array(["low", "middle", "high"], dtype=object)[np.digitize(catalogue.intensity, levels)],
    }
    texts = tidy(write("content", attributes, rng, world_grammar(), steady(len(catalogue))))
    return capitalise(texts, emotion == NEUTRAL)
