"""What users express: which emotion, how, about what; and the words for it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from pydantic import Field
from scipy.special import softmax

from affectlens.features.taxonomy import EKMAN
from affectlens.params import Params
from affectlens.simulation.affect import NEGATIVE, NEUTRAL, ExpressionLink, Share, emotion_weights, felt, soften
from affectlens.simulation.feed import World
from affectlens.simulation.grammar import Wording, world_grammar, write
from affectlens.simulation.randomness import draw_categories
from affectlens.simulation.records import Impressions, Posts
from affectlens.simulation.timeline import form_shares
from affectlens.simulation.topics import SUBTOPICS

MODES = ("direct", "situation", "negated", "vague", "ironic", "mixed", "caption")
_N_PLAIN = 4  # the first four can carry any single emotion
_JOY = EKMAN.index("joy")


class UtteranceParams(Params):
    """From a state to an utterance."""

    link: ExpressionLink
    own_mood: Share = Field(description="weight of the own mood, against the content's emotion, in a comment")
    modes: dict[str, float] = Field(description="weights of direct, situation, negated and vague expression")
    ironic: Share = Field(description="share of negative emotions that are expressed by irony")
    mixed: Share = Field(description="share of utterances with a second emotion")
    mixed_weight: tuple[Share, Share] = Field(description="range of the second emotion's weight")
    caption: Share = Field(description="share of media with words that tell little")
    intensity_shape: tuple[float, float] = Field(description="beta parameters of the intensity of emotion")
    levels: tuple[Share, Share] = Field(description="intensities at which words become middling and strong")
    leak: Share = Field(description="mass that a wholly unintense emotion loses to neutral")
    distraction: Share = Field(description="share of texts that first tell another's emotion, or a past one")
    renewal: Share = Field(description="share of each rule's wordings that the years replace by others")
    opening: Share = Field(description="share of texts that open with a phrase of contact")


@dataclass(frozen=True)
class Utterances:
    """Columns over N utterances in order of time; emotions are positions in EKMAN."""

    user: np.ndarray  # (N,)
    time: np.ndarray  # (N,) seconds since the first day
    content: np.ndarray  # (N,) the content commented on, -1 for a post
    subtopic: np.ndarray  # (N,)
    form: np.ndarray  # (N,) position in the forms of `shift.utterances`
    emotion: np.ndarray  # (N,)
    second: np.ndarray  # (N,) the second emotion, equal to `emotion` where there is none
    mode: np.ndarray  # (N,) position in MODES
    is_ironic: np.ndarray  # (N,)
    is_mixed: np.ndarray  # (N,)
    intensity: np.ndarray  # (N,)
    probabilities: np.ndarray  # (N, 7) what is expressed

    def __len__(self) -> int:
        return len(self.user)

    @property
    def surface(self) -> np.ndarray:
        """The emotion (N,) that the words alone suggest: joy under irony, the denied one under negation."""
        return np.where(
            self.is_ironic, _JOY, np.where(self.mode == MODES.index("negated"), self.opposite, self.emotion)
        )

    @property
    def opposite(self) -> np.ndarray:
        """The emotion (N,) that a negation denies: joy, or for positive and neutral ones a negative emotion in turn."""
        turn = np.array(NEGATIVE)[np.arange(len(self)) % len(NEGATIVE)]
        return np.where(np.isin(self.emotion, NEGATIVE), _JOY, turn)


def plan_utterances(
    world: World, impressions: Impressions, posts: Posts, params: UtteranceParams, rng: np.random.Generator
) -> Utterances:
    """Decide emotion, manner, form and subject of every post and comment.

    A post expresses the user's mood, a comment the mood mixed with the emotion of the content commented on.
    """
    user, time, content, state = _occasions(world, impressions, posts, params)
    weights = emotion_weights(state, params.link)
    emotion = draw_categories(weights, rng)
    is_mixed = (rng.random(len(user)) < params.mixed) & (emotion != NEUTRAL)
    second = np.where(is_mixed, _draw_second(weights, emotion, rng), emotion)
    intensity = rng.beta(*params.intensity_shape, len(user))
    form = _draw_forms(world, time, rng)
    mode = _draw_modes(params, emotion, is_mixed, rng)
    return Utterances(
        user=user,
        time=time,
        content=content,
        subtopic=_draw_subtopics(world, user, content, rng),
        form=form,
        emotion=emotion,
        second=second,
        mode=mode,
        is_ironic=mode == MODES.index("ironic"),
        is_mixed=is_mixed,
        intensity=intensity,
        probabilities=_expressed(emotion, second, intensity, params, rng),
    )


def with_captions(
    utterances: Utterances, has_media: np.ndarray, params: UtteranceParams, rng: np.random.Generator
) -> Utterances:
    """The utterances, with the words of some that carry media (N,) reduced to a caption."""
    captioned = has_media & (rng.random(len(utterances)) < params.caption)
    mode = np.where(captioned, MODES.index("caption"), utterances.mode)
    return Utterances(**{**vars(utterances), "mode": mode, "is_ironic": utterances.is_ironic & ~captioned})


def write_cores(
    utterances: Utterances,
    is_long: np.ndarray,
    progress: np.ndarray,
    params: UtteranceParams,
    rng: np.random.Generator,
) -> np.ndarray:
    """Plain words (N,) of each utterance, before anyone's habits of typing.

    Args:
        utterances: what is to be said.
        is_long: (N,) long texts get sentences around their core.
        progress: (N,) share of the world's horizon that has passed; wordings come and go with it.
        params: levels of intensity and the share of openings.
        rng: source of the words.
    """
    attributes = sentence_attributes(utterances, params, rng)
    wording = Wording(progress, params.renewal)
    texts = _each_mode(utterances.mode, attributes, wording, rng)
    is_sentence = utterances.mode != MODES.index("caption")
    distracts = (rng.random(len(utterances)) < params.distraction) & is_sentence
    texts = np.where(distracts, _write_for(distracts, "distraction", attributes, wording, rng) + " ", "") + texts
    opens = (rng.random(len(utterances)) < params.opening) & is_sentence
    texts = np.where(opens, _write_for(opens, "opener", attributes, wording, rng) + " ", "") + texts
    before = _write_for(is_long, "filler", attributes, wording, rng)
    middle = _write_for(is_long, "aside", attributes, wording, rng)
    after = _write_for(is_long, "tail", attributes, wording, rng)
    cores: np.ndarray = np.where(is_long, before + " " + texts + ". " + middle + ". " + after, texts)
    return cores


def sentence_attributes(
    utterances: Utterances, params: UtteranceParams, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """What the grammar's references may ask of each row, (N,) strings by attribute."""
    emotions = np.array(EKMAN, dtype=object)
    level = np.digitize(utterances.intensity, params.levels)
    step = rng.integers(1, len(EKMAN), size=len(utterances))
    return {
        "emotion": emotions[utterances.emotion],
        "second": emotions[utterances.second],
        "other": emotions[(utterances.emotion + step) % len(EKMAN)],
        "opposite": emotions[utterances.opposite],
        "subtopic": np.array(SUBTOPICS, dtype=object)[utterances.subtopic],
        "level": np.array(["low", "middle", "high"], dtype=object)[level],
    }


def utterance_truth(utterances: Utterances, utterance_id: np.ndarray) -> pd.DataFrame:
    """`simulated_utterance_truth`: what each utterance expresses, and how."""
    emotions, vad = np.array(EKMAN, dtype=object), felt(utterances.probabilities, utterances.intensity)
    return pd.DataFrame(
        {
            "utterance_id": utterance_id,
            "emotion_probabilities": list(utterances.probabilities.astype(np.float32)),
            "intensity": utterances.intensity,
            "is_ironic": utterances.is_ironic,
            "is_mixed": utterances.is_mixed,
            "valence": vad[:, 0],
            "arousal": vad[:, 1],
            "dominance": vad[:, 2],
            "manner": np.array(MODES, dtype=object)[utterances.mode],
            "surface_emotion": emotions[utterances.surface],
        }
    )


def _occasions(
    world: World, impressions: Impressions, posts: Posts, params: UtteranceParams
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """User, time, content (-1 for posts) and state (N, 3) of each post and comment, in order of time."""
    rows = np.flatnonzero(impressions.is_commented)
    comment_content = impressions.content[rows]
    mixed = params.own_mood * impressions.mood[rows] + (1.0 - params.own_mood) * world.catalogue.vad[comment_content]
    user = np.concatenate([posts.user, impressions.user[rows]])
    time = np.concatenate([posts.time, impressions.time[rows] + 0.5 * impressions.dwell_s[rows]])
    content = np.concatenate([np.full(len(posts), -1), comment_content])
    state = np.concatenate([posts.mood, mixed])
    order = np.argsort(time, kind="stable")
    return user[order], time[order], content[order], state[order]


def _draw_second(weights: np.ndarray, emotion: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    rest = np.sqrt(weights)
    rest[np.arange(len(emotion)), emotion] = 0.0
    rest[:, NEUTRAL] = 0.0
    return draw_categories(rest, rng)


def _draw_forms(world: World, time: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    shift, progress = world.params.shift, time / world.params.time.horizon_s
    return draw_categories(form_shares(shift.utterances, shift, progress), rng)


def _draw_modes(
    params: UtteranceParams, emotion: np.ndarray, is_mixed: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    plain = np.array([params.modes[name] for name in MODES[:_N_PLAIN]])
    mode = draw_categories(np.tile(plain, (len(emotion), 1)), rng)
    ironic = np.isin(emotion, NEGATIVE) & (rng.random(len(emotion)) < params.ironic)
    mode = np.where(ironic, MODES.index("ironic"), mode)
    return np.where(is_mixed, MODES.index("mixed"), mode)


def _draw_subtopics(world: World, user: np.ndarray, content: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A comment is about its content's subtopic, a post about one to the author's taste."""
    own = draw_categories(softmax(world.population.taste[user], axis=1), rng)
    return np.where(content >= 0, world.catalogue.subtopic[content], own)


def _expressed(
    emotion: np.ndarray, second: np.ndarray, intensity: np.ndarray, params: UtteranceParams, rng: np.random.Generator
) -> np.ndarray:
    share = rng.uniform(*params.mixed_weight, len(emotion))[:, None]
    units = np.eye(len(EKMAN))
    return soften(units[emotion] * (1.0 - share) + units[second] * share, intensity, params.leak)


def _each_mode(
    mode: np.ndarray, attributes: dict[str, np.ndarray], wording: Wording, rng: np.random.Generator
) -> np.ndarray:
    texts = np.full(len(mode), "", dtype=object)
    for number, name in enumerate(MODES):
        here = mode == number
        texts[here] = _write_for(here, f"core/{name}", attributes, wording, rng)[here]
    return texts


def _write_for(
    chosen: np.ndarray, rule: str, attributes: dict[str, np.ndarray], wording: Wording, rng: np.random.Generator
) -> np.ndarray:
    """Sentences of `rule` for the chosen (N,) rows, empty strings for the others."""
    texts = np.full(len(chosen), "", dtype=object)
    rows = np.flatnonzero(chosen)
    part = {name: values[rows] for name, values in attributes.items()}
    then = Wording(wording.progress[rows], wording.renewal)
    texts[rows] = write(rule, part, rng, world_grammar(), then)
    return texts
