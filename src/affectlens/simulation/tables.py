"""The world as raw tables: the columns of real sources, and nothing of the truth."""

from __future__ import annotations

import numpy as np
import pandas as pd

from affectlens.simulation.catalogue import Catalogue
from affectlens.simulation.feed import World
from affectlens.simulation.identifiers import content_ids, interaction_ids, numbered, times, user_ids, utterance_ids
from affectlens.simulation.population import AGE_GROUPS
from affectlens.simulation.records import Impressions
from affectlens.simulation.topics import SUBTOPICS, TOPIC_OF_SUBTOPIC, TOPICS
from affectlens.simulation.utterances import Utterances

LANGUAGE = "en"
_NOTHING = np.array(None, dtype=object)
EVENT_KINDS = ("impression", "view", "like", "comment", "share")


def users_table(world: World) -> pd.DataFrame:
    """`raw_users`, in order of joining."""
    population = world.population
    return pd.DataFrame(
        {
            "user_id": user_ids(len(population)),
            "joined_at": times(population.joined, world.params.time),
            "language": LANGUAGE,
            "attribute_age_group": np.array(AGE_GROUPS, dtype=object)[population.age_group],
        }
    )


def contents_table(world: World, texts: np.ndarray, has_media: np.ndarray) -> pd.DataFrame:
    """`raw_contents`, in order of publication.

    Args:
        world: holds the catalogue.
        texts: (I,) what is written on each content.
        has_media: (I,) whether its picture or clip exists.
    """
    catalogue = world.catalogue
    content_id, form = content_ids(len(catalogue)), content_forms(world)
    return pd.DataFrame(
        {
            "content_id": content_id,
            "author_id": user_ids(len(world.population))[catalogue.author],
            "created_at": times(catalogue.created, world.params.time),
            "form": form,
            "text": texts,
            "language": LANGUAGE,
            "tags": _tags(catalogue),
            "image_path": media_paths(content_id, has_media & (form == "image"), "png"),
            "clip_path": media_paths(content_id, has_media & (form == "short_video"), "gif"),
        }
    )


def utterances_table(world: World, utterances: Utterances, texts: np.ndarray, has_media: np.ndarray) -> pd.DataFrame:
    """`raw_utterances`, in order of time; arguments as in `contents_table`, (N,) each."""
    utterance_id, form = utterance_ids(len(utterances)), utterance_forms(world, utterances)
    known = content_ids(len(world.catalogue))
    return pd.DataFrame(
        {
            "utterance_id": utterance_id,
            "user_id": user_ids(len(world.population))[utterances.user],
            "occurred_at": times(utterances.time, world.params.time),
            "content_id": np.where(utterances.content >= 0, known[utterances.content], _NOTHING),
            "text": texts,
            "language": LANGUAGE,
            "form": form,
            "image_path": media_paths(utterance_id, has_media & (form == "image"), "png"),
            "clip_path": media_paths(utterance_id, has_media & (form == "short_video"), "gif"),
        }
    )


def interactions_table(world: World, impressions: Impressions) -> pd.DataFrame:
    """`raw_interactions`, in order of time: an impression row for each feed position, then what followed it."""
    row, kind, seconds = _events(impressions)
    is_impression, is_view = kind == 0, kind == 1
    session = numbered("s", int(impressions.session.max()) + 1, 8)
    return pd.DataFrame(
        {
            "interaction_id": interaction_ids(len(row)),
            "user_id": user_ids(len(world.population))[impressions.user[row]],
            "content_id": content_ids(len(world.catalogue))[impressions.content[row]],
            "occurred_at": times(seconds, world.params.time),
            "kind": np.array(EVENT_KINDS, dtype=object)[kind],
            "value": np.full(len(row), np.nan),
            "dwell_s": np.where(is_view, impressions.dwell_s[row], np.nan),
            "surface": "feed",
            "slate_id": session[impressions.session[row]],
            "position": impressions.position[row].astype(float),
            "propensity": np.where(is_impression, impressions.propensity[row], np.nan),
        }
    )


def truth_table(impressions: Impressions) -> pd.DataFrame:
    """`simulated_truth`: one row an impression, in the order and by the id of its row in `raw_interactions`."""
    row, kind, _ = _events(impressions)
    place = np.flatnonzero(kind == 0)
    row = row[place]
    return pd.DataFrame(
        {
            "interaction_id": interaction_ids(len(kind))[place],
            "topic_index": impressions.topic[row],
            "valence": impressions.mood[row, 0].astype(float),
            "arousal": impressions.mood[row, 1].astype(float),
            "dominance": impressions.mood[row, 2].astype(float),
            "fatigue": impressions.fatigue[row],
            "utility": impressions.utility[row],
            "expected_rewards": list(impressions.expected_rewards[row]),
            "expected_utilities": list(impressions.expected_utilities[row]),
        }
    )


def content_forms(world: World) -> np.ndarray:
    """Form of each content (I,), as a string."""
    forms: np.ndarray = np.array(list(world.params.shift.contents.start), dtype=object)[world.catalogue.form]
    return forms


def utterance_forms(world: World, utterances: Utterances) -> np.ndarray:
    """Form of each utterance (N,), as a string."""
    forms: np.ndarray = np.array(list(world.params.shift.utterances.start), dtype=object)[utterances.form]
    return forms


def media_paths(owner_id: np.ndarray, exists: np.ndarray, ending: str) -> np.ndarray:
    """Names (n,) of the owners' media, None where there is none."""
    paths: np.ndarray = np.where(exists, owner_id + f".{ending}", _NOTHING)
    return paths


def _events(impressions: Impressions) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Row of the impression, position in EVENT_KINDS and time of every event, in order of time."""
    flags = (impressions.is_viewed, impressions.is_liked, impressions.is_commented, impressions.is_shared)
    rows = [np.arange(len(impressions)), *[np.flatnonzero(flag) for flag in flags]]
    kind = np.repeat(np.arange(len(rows)), [len(part) for part in rows])
    row = np.concatenate(rows)
    part = np.array([0.0, 0.1, 0.6, 0.8, 0.9])[kind]  # shares of the dwell after which each action happens
    seconds = impressions.time[row] + np.where(kind > 0, part * impressions.dwell_s[row], 0.0)
    order = np.lexsort((kind, impressions.position[row], impressions.session[row], np.round(seconds)))
    return row[order], kind[order], seconds[order]


def _tags(catalogue: Catalogue) -> list[list[str]]:
    pairs = [[TOPICS[topic], name] for topic, name in zip(TOPIC_OF_SUBTOPIC, SUBTOPICS, strict=True)]
    lookup = np.empty(len(pairs), dtype=object)
    lookup[:] = pairs
    tags: list[list[str]] = lookup[catalogue.subtopic].tolist()
    return tags
