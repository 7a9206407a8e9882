"""By which items and which users the metrics are told apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from affectlens.models.recommender.catalogue import Catalogue, GeneratedContent
from affectlens.models.recommender.requests import BehaviourArrays, Requests
from affectlens.pipelines.recommender_training.params import EvaluationParams

HEAD_SHARE = 0.2
MOST_TOPICS = 64  # the rarer ones are counted as one


@dataclass(frozen=True)
class Segments:
    """Groups of items and of users, and what items are like.

    Attributes:
        items: name -> (n_items,) booleans.
        users: name -> (n_users,) booleans.
        emotion_group: (n_users,) the emotion in which a user stands out, -1 unknown.
        attributes: "topic" and "emotion" -> (n_items, G) shares, NaN unknown; absent where no item has one.
    """

    items: Mapping[str, np.ndarray]
    users: Mapping[str, np.ndarray]
    emotion_group: np.ndarray
    attributes: Mapping[str, np.ndarray]


def segments_of(
    requests: Requests,
    arrays: BehaviourArrays,
    item_attributes: pd.DataFrame,
    states: GeneratedContent,
    labels: tuple[str, ...],
    evaluation: EvaluationParams,
) -> Segments:
    """Cold and warm, head and tail, and the dominant emotion of the users.

    Args:
        requests: who asks.
        arrays: catalogue and training events.
        item_attributes: the table of that name.
        states: E_t of the users; one vector a state.
        labels: names of the emotions.
        evaluation: what counts as cold.
    """
    consumed = np.bincount(arrays.train.item, minlength=arrays.catalogue.n_items)
    is_cold, is_head = consumed < evaluation.cold_below, head_items(consumed)
    is_new = requests.histories.lengths < evaluation.cold_below
    groups = dominant_emotion(requests, states)
    users = {"cold_users": is_new, "warm_users": ~is_new}
    users |= {f"emotion={labels[code]}": groups == code for code in np.unique(groups[groups >= 0])}
    items = {"cold_items": is_cold, "warm_items": ~is_cold, "head_items": is_head, "tail_items": ~is_head}
    return Segments(items, users, groups, attributes_of(item_attributes, arrays.catalogue))


def head_items(consumed: np.ndarray) -> np.ndarray:
    """The fifth of the catalogue with the most training events, (n_items,) booleans; equals in catalogue order.

    >>> head_items(np.array([1, 9, 0, 3, 3])).tolist()
    [False, True, False, False, False]
    """
    is_head = np.zeros(len(consumed), dtype=bool)
    is_head[np.argsort(-consumed, kind="stable")[: int(np.ceil(HEAD_SHARE * len(consumed)))]] = True
    return is_head & (consumed > 0)


def dominant_emotion(requests: Requests, states: GeneratedContent) -> np.ndarray:
    """The emotion in which each user's state at the last event stands furthest above all users' mean, (n_users,).

    Measured in standard deviations over users, since a plain maximum would name the commonest emotion for nearly all;
    -1 for a user without a state.
    """
    groups = np.full(requests.n_users, -1, dtype=np.int64)
    rows = states.latest(requests.user_ids, requests.histories.last_time)
    known = np.flatnonzero(rows >= 0)
    if len(known) < 2:
        return groups
    values = states.at(rows[known])[:, 0].astype(np.float64)
    spread = values.std(axis=0)
    groups[known] = ((values - values.mean(axis=0)) / np.where(spread > 0, spread, np.inf)).argmax(axis=1)
    return groups


def attributes_of(item_attributes: pd.DataFrame, catalogue: Catalogue) -> dict[str, np.ndarray]:
    """Topic (one each) and emotion shares of the items, (n_items, G); NaN where unknown."""
    table = item_attributes.set_index("content_id").reindex(list(catalogue.item_ids))
    found = {}
    if table["topic"].notna().any():
        common = table["topic"].value_counts().index[:MOST_TOPICS]
        names = table["topic"].where(table["topic"].isin(common) | table["topic"].isna(), "other")
        codes, topics = pd.factorize(names)
        found["topic"] = np.where(codes[:, None] >= 0, np.eye(len(topics))[codes], np.nan)
    has_emotion = table["emotion"].map(lambda value: isinstance(value, np.ndarray | list) and len(value) > 0)
    if has_emotion.any():
        known = np.stack(table.loc[has_emotion, "emotion"].to_list())
        emotions = np.full((len(table), known.shape[1]), np.nan)
        emotions[has_emotion.to_numpy()] = known
        found["emotion"] = emotions
    return found
