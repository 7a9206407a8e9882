"""Event histories of users as arrays: what every recommender reads."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from affectlens.features.times import seconds
from affectlens.models.recommender.catalogue import NO_STATE, Catalogue, GeneratedContent, index_of
from affectlens.models.recommender.crowd import Crowd
from affectlens.schemas import INTERACTION_KINDS

ANSWERS = ("is_liked", "is_commented", "is_shared", "value")
_OF_EVENTS = ("item", "kind", "dwell_s", "gap_s", "surface", "answers", "time", "state")


@dataclass(frozen=True)
class Histories:
    """The events of n users, one user after the other, each in order of time.

    Attributes:
        offsets: (n + 1,) where each user's events begin; an empty history is allowed.
        item: (m,) column of the item.
        kind: (m,) 1 + position in INTERACTION_KINDS.
        dwell_s: (m,) seconds of attention; NaN unknown.
        gap_s: (m,) seconds since the event before; NaN unknown.
        surface: (m,) 1 + place among the surfaces of the catalogue; 0 unknown.
        answers: (m, 4) float32, what ANSWERS name: 1 done and 0 not done, and the rating as it was given; NaN unknown.
        time: (m,) seconds since 1970; NaN unknown.
        state: (m,) row of the generated content that exists at the event; -1 none.
        request_state: (n,) row of the generated content that exists when the user asks; -1 none.
        request_time: (n,) when the user asks, seconds since 1970; NaN unknown.
        crowd: what all users had consumed, of which a request sees what lies before it.
    """

    offsets: np.ndarray
    item: np.ndarray
    kind: np.ndarray
    dwell_s: np.ndarray
    gap_s: np.ndarray
    surface: np.ndarray
    answers: np.ndarray
    time: np.ndarray
    state: np.ndarray
    request_state: np.ndarray
    request_time: np.ndarray
    crowd: Crowd

    @property
    def n_users(self) -> int:
        """How many histories there are."""
        return len(self.offsets) - 1

    @property
    def lengths(self) -> np.ndarray:
        """(n,) events a user."""
        return np.diff(self.offsets)

    @property
    def owner(self) -> np.ndarray:
        """(m,) row of the user to whom each event belongs."""
        return np.repeat(np.arange(self.n_users), self.lengths)

    @property
    def age(self) -> np.ndarray:
        """(m,) how many events of the same user came later; 0 for the last one."""
        return np.repeat(self.offsets[1:], self.lengths) - 1 - np.arange(len(self.item))

    @property
    def last_time(self) -> np.ndarray:
        """(n,) time of each user's last event, seconds since 1970; NaN without one."""
        times = np.append(self.time, np.nan)
        return np.where(self.lengths > 0, times[np.maximum(self.offsets[1:] - 1, 0)], np.nan)

    def take(self, rows: np.ndarray) -> Histories:
        """The histories of some users, in the order of `rows`."""
        lengths = self.lengths[rows]
        offsets = np.concatenate([[0], np.cumsum(lengths)])
        events = np.repeat(self.offsets[rows] - offsets[:-1], lengths) + np.arange(offsets[-1])
        asked = {"request_state": self.request_state[rows], "request_time": self.request_time[rows]}
        return replace(self, offsets=offsets, **self._of_events(events), **asked)

    def keep(self, is_kept: np.ndarray) -> Histories:
        """The same users, who ask at the same time, with some of their events only; a gap spans what is left out.

        Args:
            is_kept: (m,) booleans.
        """
        owner, place = self.owner[is_kept], np.flatnonzero(is_kept)
        offsets = np.concatenate([[0], np.cumsum(np.bincount(owner, minlength=self.n_users))])
        kept = self._of_events(place)
        is_as_before = (place == self.offsets[owner]) | (np.diff(place, prepend=-2) == 1)
        spans = np.where(np.diff(owner, prepend=-1) != 0, np.nan, np.diff(kept["time"], prepend=np.nan))
        return replace(self, offsets=offsets, **kept | {"gap_s": np.where(is_as_before, kept["gap_s"], spans)})

    def before(self, positions: np.ndarray) -> Histories:
        """One history for each of some events: what its user did before it, asked when it took place.

        Generated content may be used if it existed at the last event before.

        Args:
            positions: (n,) places in the columns of events.
        """
        starts = self.offsets[self.owner[positions]]
        lengths = positions - starts
        offsets = np.concatenate([[0], np.cumsum(lengths)])
        events = np.repeat(starts - offsets[:-1], lengths) + np.arange(offsets[-1])
        known = np.where(lengths > 0, self.state[np.maximum(positions - 1, 0)], NO_STATE)
        asked = {"request_state": known, "request_time": self.time[positions]}
        return replace(self, offsets=offsets, **self._of_events(events), **asked)

    def _of_events(self, events: np.ndarray) -> dict[str, Any]:
        """The columns of some events, by their names."""
        return {name: getattr(self, name)[events] for name in _OF_EVENTS}

    def weights(self, n_items: int, decay: float) -> sparse.csr_matrix:
        """One row a user: decay^age of the latest event with each item, shape (n, n_items), float32.

        >>> item, time = np.array([2, 0, 2]), np.zeros(3)
        >>> crowd = Crowd.of(item, time, 3)
        >>> histories = Histories(np.array([0, 3]), item, *[time] * 7, time[:1], time[:1], crowd)
        >>> histories.weights(3, 0.5).toarray().tolist()
        [[0.5, 0.0, 1.0]]
        """
        cell = self.owner * n_items + self.item
        newest_first = np.argsort(self.age, kind="stable")
        cells, first = np.unique(cell[newest_first], return_index=True)
        values = np.power(decay, self.age[newest_first][first]).astype(np.float32)
        shape = (self.n_users, n_items)
        return sparse.csr_matrix((values, (cells // max(n_items, 1), cells % max(n_items, 1))), shape=shape)


def crowd_of(events: pd.DataFrame, catalogue: Catalogue) -> Crowd:
    """The events of `behaviour_sequences` as what all users together consumed."""
    return Crowd.of(catalogue.index_of(events["content_id"]), seconds(events["occurred_at"]), catalogue.n_items)


def histories_of(
    events: pd.DataFrame,
    user_ids: np.ndarray,
    catalogue: Catalogue,
    generated: GeneratedContent,
    request_time: np.ndarray | None = None,
    crowd: Crowd | None = None,
) -> Histories:
    """The events of the named users; a user without an event gets an empty history.

    Args:
        events: rows of `behaviour_sequences`; each event may use the generated content that exists at its own time.
        user_ids: (n,) users, in the order of the result.
        catalogue: the items.
        generated: the generated content of all states.
        request_time: (n,) when each user asks, seconds since 1970; None: right after the last event.
        crowd: what all users had consumed; None: these events, whoever's they are.

    Raises:
        ValueError: an event names an item that the catalogue lacks.
    """
    if crowd is None:
        crowd = crowd_of(events, catalogue)
    owner = index_of(user_ids, events["user_id"])
    events, owner = events[owner >= 0], owner[owner >= 0]
    order = np.lexsort((events["step"].to_numpy(), owner))
    events, owner = events.iloc[order], owner[order]
    item = catalogue.index_of(events["content_id"])
    if (item < 0).any():
        raise ValueError(f"{int((item < 0).sum())} events name items that are not in the catalogue")
    time = seconds(events["occurred_at"])
    state = generated.latest(events["user_id"].to_numpy(dtype=object), time)
    offsets = np.concatenate([[0], np.cumsum(np.bincount(owner, minlength=len(user_ids)))])
    request_state, last_time = np.full(len(user_ids), NO_STATE, dtype=np.int64), np.full(len(user_ids), np.nan)
    has_event = np.diff(offsets) > 0
    last = offsets[1:][has_event] - 1
    request_state[has_event], last_time[has_event] = state[last], time[last]
    request_time = last_time if request_time is None else request_time
    kind = index_of(INTERACTION_KINDS, events["kind"]) + 1
    dwell_s, gap_s = (events[name].to_numpy(dtype=np.float64) for name in ("dwell_s", "gap_s"))
    surface = index_of(catalogue.surfaces, events["surface"]) + 1
    answers = np.column_stack([pd.to_numeric(events[name]).to_numpy(np.float32, na_value=np.nan) for name in ANSWERS])
    asked = request_state, request_time, crowd
    return Histories(offsets, item, kind, dwell_s, gap_s, surface, answers, time, state, *asked)
