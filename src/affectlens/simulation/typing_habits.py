"""Each author's hand on the plain words: case, errors, drawn-out letters, tags, emoji."""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from affectlens.features.taxonomy import EKMAN
from affectlens.simulation import style
from affectlens.simulation.feed import World
from affectlens.simulation.grammar import steady, world_grammar, write
from affectlens.simulation.style import StyleParams
from affectlens.simulation.timeline import emoji_log_odds
from affectlens.simulation.topics import SUBTOPICS
from affectlens.simulation.utterances import Utterances


def type_texts(
    cores: np.ndarray, utterances: Utterances, world: World, params: StyleParams, rng: np.random.Generator
) -> np.ndarray:
    """Texts (N,) as typed by their authors: careless ones slip, shout and draw letters out more often.

    Args:
        cores: (N,) plain words from `utterances.write_cores`.
        utterances: who says what, how strongly, when.
        world: holds the authors' habits and the trend of emoji.
        params: shares of the habits.
        rng: source of the draws.
    """
    careless = world.population.carelessness[utterances.user]

    def happens(share: float, by: np.ndarray) -> np.ndarray:
        return np.asarray(rng.random(len(cores)) < share * by)

    texts = style.tidy(cores)
    texts = style.draw_out(texts, happens(params.elongation, careless))
    texts = style.slip(texts, happens(params.typo, careless), rng)
    texts = style.capitalise(texts, happens(params.sentence_case, 1.0 / (0.5 + careless)))
    texts = style.shout(texts, happens(params.shout, careless * utterances.intensity))
    texts = style.append(texts, happens(params.exclamation, careless * utterances.intensity), _marks(len(cores), rng))
    texts = _add_tags(style.tidy(texts), utterances, params, rng)
    return _add_signs(texts, utterances, world, params, rng)


def _marks(n: int, rng: np.random.Generator) -> np.ndarray:
    return np.array(["!", "!!", "!!!", "?!"], dtype=object)[rng.integers(4, size=n)]


def _add_tags(texts: np.ndarray, utterances: Utterances, params: StyleParams, rng: np.random.Generator) -> np.ndarray:
    topic_tag = np.array([f" #{name}" for name in SUBTOPICS], dtype=object)[utterances.subtopic]
    texts = style.append(texts, rng.random(len(texts)) < params.topic_tag, topic_tag)
    tag = _sign("mood_tag", utterances, params, rng)
    return style.append(texts, rng.random(len(texts)) < params.mood_tag, " " + tag)


def _add_signs(
    texts: np.ndarray, utterances: Utterances, world: World, params: StyleParams, rng: np.random.Generator
) -> np.ndarray:
    """Emoji by trend and habit; where there are none, emoticons at a fixed share: the one replaces the other."""
    progress = utterances.time / world.params.time.horizon_s
    log_odds = emoji_log_odds(world.params.shift, progress) + world.population.emoji[utterances.user]
    has_emoji = rng.random(len(texts)) < expit(log_odds)
    emoji = _sign("emoji", utterances, params, rng)
    twice = np.where(rng.random(len(texts)) < params.sign_twice, emoji, "")
    texts = style.append(texts, has_emoji, " " + emoji + twice)
    has_emoticon = ~has_emoji & (rng.random(len(texts)) < params.emoticon)
    return style.append(texts, has_emoticon, " " + _sign("emoticon", utterances, params, rng))


def _sign(kind: str, utterances: Utterances, params: StyleParams, rng: np.random.Generator) -> np.ndarray:
    """Signs (N,) of the expressed emotion; of irony where ironic; of a random emotion at the share `sign_contrary`."""
    drawn = rng.integers(len(EKMAN), size=len(utterances))
    is_contrary = rng.random(len(utterances)) < params.sign_contrary
    emotion = np.array(EKMAN, dtype=object)[np.where(is_contrary, drawn, utterances.emotion)]
    said = np.where(utterances.is_ironic & ~is_contrary, "irony", emotion).astype(object)
    return write(f"said_{kind}", {"said": said}, rng, world_grammar(), steady(len(utterances)))
