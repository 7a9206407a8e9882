"""The whole world: its parameters, its history, and the tables and facts that come of it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from pydantic import Field

from affectlens.features.taxonomy import EKMAN
from affectlens.simulation import annotators as panel
from affectlens.simulation import tables
from affectlens.simulation.affect import Share, felt
from affectlens.simulation.annotators import AnnotationParams
from affectlens.simulation.catalogue import draw_catalogue
from affectlens.simulation.corruption import with_bad_rows
from affectlens.simulation.drawing import MediaParams, draw_clips, draw_images
from affectlens.simulation.dynamics import simulate
from affectlens.simulation.feed import FeedParams, World, logging_policy
from affectlens.simulation.identifiers import content_ids, numbered, utterance_ids
from affectlens.simulation.known import known_statistics
from affectlens.simulation.population import draw_population
from affectlens.simulation.publications import write_publications
from affectlens.simulation.randomness import stream
from affectlens.simulation.reactions import ReactionParams, count_reactions
from affectlens.simulation.records import Impressions
from affectlens.simulation.style import StyleParams
from affectlens.simulation.timeline import YEAR_S, emoji_share, form_shares
from affectlens.simulation.topics import SUBTOPICS, TOPICS
from affectlens.simulation.typing_habits import type_texts
from affectlens.simulation.utterances import (
    UtteranceParams,
    Utterances,
    plan_utterances,
    utterance_truth,
    with_captions,
    write_cores,
)

logger = logging.getLogger(__name__)


class WorldParams(FeedParams):
    """Every number of the world."""

    utterances: UtteranceParams
    style: StyleParams
    annotation: AnnotationParams
    media: MediaParams
    reactions: ReactionParams
    emotion_coupling: float = Field(
        ge=0.0,
        description="factor on all through which emotion moves behaviour: 1 is the world as it is, 0 one without",
    )
    bad_row_share: Share = Field(description="damaged rows in each raw table, as a share of its good ones")


@dataclass(frozen=True)
class History:
    """What happened, before it is written down."""

    world: World
    params: WorldParams
    seed: int
    impressions: Impressions
    utterances: Utterances
    content_has_media: np.ndarray  # (I,)
    utterance_has_media: np.ndarray  # (N,)

    def stream(self, name: str) -> np.random.Generator:
        """The generator of one named part."""
        return stream(self.seed, name)


def make_history(params: WorldParams, seed: int) -> History:
    """Let the world run: the same parameters and seed give the same history."""
    laws = coupled(params)
    population = draw_population(laws.population, params.mood, params.time.horizon_s, stream(seed, "population"))
    catalogue = draw_catalogue(params.catalogue, population, params.shift, params.time, stream(seed, "catalogue"))
    world = World(population, catalogue, laws)
    impressions, posts = simulate(world, logging_policy(params.logging), stream(seed, "dynamics"))
    utterances = plan_utterances(world, impressions, posts, params.utterances, stream(seed, "utterances"))
    content_media, utterance_media = _choose_media(world, utterances, params.media, stream(seed, "media"))
    logger.info("simulated %d impressions and %d utterances", len(impressions), len(utterances))
    return History(
        world=world,
        params=params,
        seed=seed,
        impressions=impressions,
        utterances=with_captions(utterances, utterance_media, params.utterances, stream(seed, "captions")),
        content_has_media=content_media,
        utterance_has_media=utterance_media,
    )


def coupled(params: WorldParams) -> WorldParams:
    """The laws with every effect of emotion on views, reactions and utility scaled by `emotion_coupling`.

    What people feel and write stays as it is, and topics keep their emotions.
    """
    effects = {
        "population": ("congruence_mean", "congruence_sd"),
        "engagement": ("arousal", "like_valence", "comment_arousal", "share_arousal"),
        "utility": ("harm",),
    }
    scaled = {
        part: getattr(params, part).model_copy(
            update={name: params.emotion_coupling * getattr(getattr(params, part), name) for name in names}
        )
        for part, names in effects.items()
    }
    return params.model_copy(update=scaled)


def users_and_contents(history: History) -> tuple[pd.DataFrame, pd.DataFrame]:
    """`raw_users` and `raw_contents`."""
    world, rng = history.world, history.stream("publications")
    form = tables.content_forms(world)
    texts = write_publications(world.catalogue, form, history.params.utterances.levels, rng)
    contents = tables.contents_table(world, texts, history.content_has_media)
    return _spoil(history, tables.users_table(world), "users", "user_id"), _spoil(
        history, contents, "contents", "content_id"
    )


def interactions_and_truth(history: History) -> tuple[pd.DataFrame, pd.DataFrame]:
    """`raw_interactions` and `simulated_truth`."""
    interactions = tables.interactions_table(history.world, history.impressions)
    return _spoil(history, interactions, "interactions", "interaction_id"), tables.truth_table(history.impressions)


def utterances_and_truth(history: History) -> tuple[pd.DataFrame, pd.DataFrame]:
    """`raw_utterances` and `simulated_utterance_truth`."""
    world, utterances, params = history.world, history.utterances, history.params
    is_long = tables.utterance_forms(world, utterances) == "long_text"
    progress = utterances.time / params.time.horizon_s
    cores = write_cores(utterances, is_long, progress, params.utterances, history.stream("words"))
    texts = type_texts(cores, utterances, world, params.style, history.stream("typing"))
    table = tables.utterances_table(world, utterances, texts, history.utterance_has_media)
    truth = utterance_truth(utterances, table["utterance_id"].to_numpy())
    return _spoil(history, table, "utterances", "utterance_id"), truth


def labels_and_annotations(truth: pd.DataFrame, params: WorldParams, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """`raw_emotion_labels` and `raw_annotations` of the labelled part of `simulated_utterance_truth`."""
    rng = stream(seed, "annotation")
    people = panel.draw_annotators(params.annotation, rng)
    votes = panel.cast_votes(truth, people, params.annotation, rng)
    labels, n_votes = panel.majority_labels(votes, len(truth), rng)
    ratings = panel.mean_ratings(truth, n_votes, params.annotation, rng)
    label_table = panel.labels_table(truth, labels, n_votes, ratings)
    annotations = panel.annotations_table(truth, votes, numbered("a", params.annotation.n_annotators, 3))
    share = params.bad_row_share
    return (
        with_bad_rows(label_table, "emotion_labels", None, share, stream(seed, "bad emotion_labels")),
        with_bad_rows(annotations, "annotations", None, share, stream(seed, "bad annotations")),
    )


def reaction_counts(history: History) -> pd.DataFrame:
    """`raw_reaction_counts`."""
    rng = history.stream("reactions")
    counts = count_reactions(history.world, history.impressions, history.params.reactions, rng)
    return _spoil(history, counts, "reaction_counts", None)


def media(history: History) -> pd.DataFrame:
    """`raw_media`: PNG pictures and GIF clips of the contents and utterances that have them."""
    catalogue, utterances, rng = history.world.catalogue, history.utterances, history.stream("drawing")
    form = np.concatenate([tables.content_forms(history.world), tables.utterance_forms(history.world, utterances)])
    exists = np.concatenate([history.content_has_media, history.utterance_has_media])
    owner = np.concatenate([content_ids(len(catalogue)), utterance_ids(len(utterances))])
    emotions = np.concatenate([catalogue.emotions, utterances.probabilities])
    vad = np.concatenate([catalogue.vad, felt(utterances.probabilities, utterances.intensity)])
    images, clips = exists & (form == "image"), exists & (form == "short_video")
    drawn = draw_images(emotions[images], vad[images], history.params.media, rng)
    drawn += draw_clips(emotions[clips], vad[clips], history.params.media, rng)
    table = pd.DataFrame({"media_path": np.concatenate([owner[images] + ".png", owner[clips] + ".gif"]), "data": drawn})
    return _spoil(history, table, "media", "media_path")


def statistics(history: History) -> pd.DataFrame:
    """`simulated_statistics`: what analyses of the tables should find."""
    return known_statistics(history.world, history.impressions, history.utterances)


def describe_world(history: History) -> dict[str, Any]:
    """`simulated_world`: names, form and emoji shares by quarter, dates of the breaks, counts, every parameter."""
    params, shift = history.params, history.params.shift
    starts = np.arange(0.0, params.time.horizon_s, YEAR_S / 4.0)
    middle, dates = (starts + YEAR_S / 8.0) / params.time.horizon_s, [_date(history, start) for start in starts]
    return {
        "seed": history.seed,
        "topics": list(TOPICS),
        "subtopics": list(SUBTOPICS),
        "emotions": list(EKMAN),
        "breaks": {
            "reactions": _date(history, shift.breaks.reactions_at * params.time.horizon_s),
            "emoji": _date(history, shift.breaks.emoji_at * params.time.horizon_s),
        },
        "content_form_shares": _by_quarter(dates, form_shares(shift.contents, shift, middle), shift.contents.start),
        "utterance_form_shares": _by_quarter(
            dates, form_shares(shift.utterances, shift, middle), shift.utterances.start
        ),
        "emoji_share_of_an_average_user": dict(zip(dates, emoji_share(shift, middle).tolist(), strict=True)),
        "counts": {
            "users": len(history.world.population),
            "contents": len(history.world.catalogue),
            "impressions": len(history.impressions),
            "utterances": len(history.utterances),
        },
        "parameters": params.model_dump(mode="json"),
    }


def _choose_media(
    world: World, utterances: Utterances, params: MediaParams, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Which contents (I,) and utterances (N,) have a picture or clip: all whose form asks for one, up to the limits."""
    form = np.concatenate([tables.content_forms(world), tables.utterance_forms(world, utterances)])
    chosen = np.zeros(len(form), dtype=bool)
    for name, limit in (("image", params.max_images), ("short_video", params.max_clips)):
        wanted = rng.permutation(np.flatnonzero(form == name))
        chosen[wanted[:limit]] = True
    return chosen[: len(world.catalogue)], chosen[len(world.catalogue) :]


def _spoil(history: History, table: pd.DataFrame, name: str, id_column: str | None) -> pd.DataFrame:
    return with_bad_rows(table, name, id_column, history.params.bad_row_share, history.stream(f"bad {name}"))


def _date(history: History, seconds: float) -> str:
    moment = np.datetime64(history.params.time.first_day, "s") + np.timedelta64(round(seconds), "s")
    return str(moment.astype("datetime64[D]"))


def _by_quarter(dates: list[str], shares: np.ndarray, forms: Mapping[str, float]) -> dict[str, dict[str, float]]:
    return {date: dict(zip(forms, row, strict=True)) for date, row in zip(dates, shares.round(6).tolist(), strict=True)}
