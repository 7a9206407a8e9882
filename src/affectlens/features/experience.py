"""What users lived through: everything that they said, saw and reacted to, in the order in which it was known."""

# Shapes: n events, C emotions.
from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from affectlens.features.behaviour import exposures
from affectlens.features.times import seconds
from affectlens.schemas import INTERACTION_KINDS

EVENT_KINDS = ("begin", "utterance", *INTERACTION_KINDS)
BEGIN, UTTERANCE = 0, 1
FEED_KINDS = tuple(EVENT_KINDS.index(kind) for kind in ("impression", "view", "like", "comment", "share"))
IMPRESSION = FEED_KINDS[0]  # shown and passed over
NO_UTTERANCE = -1


@dataclass(frozen=True)
class Experience:
    """Events of users, those of a user together and in order of time; the first of each user is his beginning.

    Attributes:
        users: (n,) number of the user of each event.
        time: (n,) seconds since 1970 at which the event is over; NaN unknown.
        kind: (n,) position in EVENT_KINDS; "impression" is what was shown and passed over.
        said: (n, C) emotion read off the utterance, 0 for other events.
        seen: (n, C) emotion of the content that the event is about, 0 where there is none.
        has_content: (n,) whether the event is about a content.
        dwell_s: (n,) seconds of attention, 0 where unknown.
        utterance: (n,) row of the utterance in its table, -1 for other events.
    """

    users: np.ndarray
    time: np.ndarray
    kind: np.ndarray
    said: np.ndarray
    seen: np.ndarray
    has_content: np.ndarray
    dwell_s: np.ndarray
    utterance: np.ndarray

    def __len__(self) -> int:
        return len(self.users)

    @property
    def gap_s(self) -> np.ndarray:
        """(n,) seconds since the event before of the same user, 0 at his beginning and where a time is unknown."""
        gap = np.diff(self.time, prepend=np.nan)
        gap[self.is_beginning] = 0.0
        return np.asarray(np.nan_to_num(np.maximum(gap, 0.0)))

    @property
    def is_beginning(self) -> np.ndarray:
        """(n,) whether the event is the beginning of its user's timeline."""
        return np.asarray(self.kind == BEGIN)

    def take(self, rows: np.ndarray) -> Experience:
        """Some of the events, in the order of `rows`."""
        return Experience(**{name: values[rows] for name, values in vars(self).items()})


def experience_of(
    users: pd.DataFrame,
    utterances: pd.DataFrame,
    said: np.ndarray,
    interactions: pd.DataFrame,
    content_emotions: pd.DataFrame,
) -> tuple[Experience, np.ndarray]:
    """Tables as one timeline a user, and the ids (U,) that the numbers of users stand for.

    An exposure (one place in one slate) is one event of its strongest kind; it is over when its last row happened
    and the attention that was logged has passed. Users are numbered as in `users`, then by appearance.

    Args:
        users: user_id, and joined_at where it is known.
        utterances: user_id (null: left out), occurred_at, content_id.
        said: (n_utterances, C) emotion read off each utterance.
        interactions: primary table.
        content_emotions: content_id and probabilities; a content that is missing has no emotion.
    """
    shown = exposures(interactions)
    ids = pd.Index(pd.concat([users["user_id"], utterances["user_id"].dropna(), shown["user_id"]]).unique())
    parts = [_spoken(utterances, said, ids), _shown(shown, said.shape[1], ids)]
    contents = [utterances.loc[utterances["user_id"].notna(), "content_id"], shown["content_id"]]
    seen, has_content = _emotion_of(pd.concat(contents, ignore_index=True), content_emotions, said.shape[1])
    events = _joined(parts)
    events = replace(events, seen=seen, has_content=has_content)
    events = _joined([_beginnings(users, events, ids), events])
    instants = np.where(np.isnan(events.time), -np.inf, events.time)
    order = np.lexsort((instants, ~events.is_beginning, events.users))
    return events.take(order), ids.to_numpy(dtype=object)


def _spoken(utterances: pd.DataFrame, said: np.ndarray, ids: pd.Index) -> Experience:
    rows = np.flatnonzero(utterances["user_id"].notna())
    owned = utterances.iloc[rows]
    return _events(
        ids.get_indexer(pd.Index(owned["user_id"])), seconds(owned["occurred_at"]), UTTERANCE, said[rows], rows
    )


def _shown(shown: pd.DataFrame, n_labels: int, ids: pd.Index) -> Experience:
    kind = np.array([EVENT_KINDS.index(name) for name in INTERACTION_KINDS])
    codes = kind[pd.Categorical(shown["kind"], categories=list(INTERACTION_KINDS)).codes]
    nothing = np.zeros((len(shown), n_labels))
    events = _events(
        ids.get_indexer(pd.Index(shown["user_id"])), seconds(shown["ended_at"]), codes, nothing, NO_UTTERANCE
    )
    return replace(events, dwell_s=np.nan_to_num(shown["dwell_s"].to_numpy(dtype=np.float64)))


def _beginnings(users: pd.DataFrame, events: Experience, ids: pd.Index) -> Experience:
    """Each user with the instant at which his timeline begins: he joined, or a second before his first event."""
    first = pd.Series(events.time).groupby(events.users).min().reindex(np.arange(len(ids))).to_numpy() - 1.0
    joined = np.full(len(ids), np.nan)
    if "joined_at" in users:
        joined[ids.get_indexer(pd.Index(users["user_id"]))] = seconds(users["joined_at"])
    nothing = np.zeros((len(ids), events.said.shape[1]))
    return _events(np.arange(len(ids)), np.fmin(first, joined), BEGIN, nothing, NO_UTTERANCE)


def _events(
    users: np.ndarray, time: np.ndarray, kind: np.ndarray | int, said: np.ndarray, utterance: np.ndarray | int
) -> Experience:
    n = len(users)
    return Experience(
        users=users,
        time=time,
        kind=np.full(n, kind),
        said=said.astype(np.float32),
        seen=np.zeros(said.shape, dtype=np.float32),
        has_content=np.zeros(n, dtype=bool),
        dwell_s=np.zeros(n),
        utterance=np.full(n, utterance),
    )


def _joined(parts: list[Experience]) -> Experience:
    return Experience(**{name: np.concatenate([vars(part)[name] for part in parts]) for name in vars(parts[0])})


def _emotion_of(content_id: pd.Series, content_emotions: pd.DataFrame, n_labels: int) -> tuple[np.ndarray, np.ndarray]:
    """Emotion (n, C) of each content, 0 where it is unknown; and whether it is known (n,)."""
    place = pd.Index(content_emotions["content_id"]).get_indexer(content_id)
    emotions = np.zeros((len(content_emotions) + 1, n_labels), dtype=np.float32)
    if len(content_emotions):
        emotions[:-1] = np.stack(list(content_emotions["probabilities"]))
    return emotions[place], place >= 0
