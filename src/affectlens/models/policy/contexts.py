"""What a policy may know when it decides: features of the moment, from before the moment.

Shapes: n decisions, C emotions, A arms. Times are integers (any unit); users and sessions are integer codes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from affectlens.features.taxonomy import TAXONOMIES

CLOCK_NAMES = ("hour_sin", "hour_cos", "weekday_sin", "weekday_cos")
_LABELS_BY_NUMBER = {len(labels): labels for labels in TAXONOMIES.values()}


@dataclass(frozen=True)
class Moments:
    """Who and when, as integers that sort: events of one kind, or the queries about them.

    Attributes:
        owner: (m,) code of the user (or session) an event belongs to.
        time: (m,) when it happened.
    """

    owner: np.ndarray
    time: np.ndarray


def counts_before(events: Moments, category: np.ndarray, queries: Moments, n_categories: int) -> np.ndarray:
    """How many of the owner's events of each category happened strictly before each query, (n, n_categories).

    Args:
        events: m events.
        category: (m,) category of each event, 0..n_categories-1.
        queries: n moments.
        n_categories: number of categories.

    >>> seen = Moments(np.array([0, 0, 1]), np.array([1, 2, 1]))
    >>> counts_before(seen, np.array([0, 1, 1]), Moments(np.array([0, 0]), np.array([2, 3])), 2).tolist()
    [[1.0, 0.0], [1.0, 1.0]]
    """
    order, start, stop = _spans_before(events, queries)
    one_hot = np.zeros((len(order) + 1, n_categories))
    one_hot[np.arange(1, len(order) + 1), category[order]] = 1.0
    cumulative = one_hot.cumsum(axis=0)
    counts: np.ndarray = cumulative[stop] - cumulative[start]
    return counts


def latest_before(events: Moments, queries: Moments) -> np.ndarray:
    """Row of the owner's last event strictly before each query, (n,); -1 where there is none.

    >>> seen = Moments(np.array([0, 0, 1]), np.array([1, 2, 1]))
    >>> latest_before(seen, Moments(np.array([0, 0, 0, 1]), np.array([1, 2, 9, 9]))).tolist()
    [-1, 0, 1, 2]
    """
    order, start, stop = _spans_before(events, queries)
    if len(order) == 0:
        return np.full(len(queries.owner), -1)
    return np.where(stop > start, order[np.maximum(stop - 1, 0)], -1)


def smoothed_rates(successes: np.ndarray, trials: np.ndarray, prior: float, strength: float) -> np.ndarray:
    """Success rates drawn to `prior` as if `strength` trials of it had been seen before.

    >>> smoothed_rates(np.array([1.0, 0.0]), np.array([1.0, 0.0]), prior=0.5, strength=1.0).tolist()
    [0.75, 0.5]
    """
    rates: np.ndarray = (successes + strength * prior) / (trials + strength)
    return rates


def clock_features(occurred_at: pd.Series) -> np.ndarray:
    """Hour of the day and day of the week (UTC) on circles, (n, 4), in the order of `CLOCK_NAMES`."""
    hour = (occurred_at.dt.hour + occurred_at.dt.minute / 60).to_numpy(dtype=np.float64) * (2 * np.pi / 24)
    weekday = occurred_at.dt.day_of_week.to_numpy(dtype=np.float64) * (2 * np.pi / 7)
    return np.stack([np.sin(hour), np.cos(hour), np.sin(weekday), np.cos(weekday)], axis=1)


def emotion_names(n_emotions: int) -> tuple[str, ...]:
    """Names of that many emotion features; numbers where no taxonomy has as many labels.

    >>> emotion_names(4), emotion_names(2)
    (('emotion:positive', 'emotion:negative', 'emotion:ambiguous', 'emotion:neutral'), ('emotion:0', 'emotion:1'))
    """
    labels = _LABELS_BY_NUMBER.get(n_emotions, tuple(str(index) for index in range(n_emotions)))
    return tuple(f"emotion:{label}" for label in labels)


def _spans_before(events: Moments, queries: Moments) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Order of the events by owner and time, and the half-open span [start, stop) of each query's past in it."""
    instants, rank = np.unique(np.concatenate([events.time, queries.time]), return_inverse=True)
    n_events = len(events.time)
    key = events.owner.astype(np.int64) * len(instants) + rank[:n_events]
    order = np.argsort(key, kind="stable")
    begin_of_owner = queries.owner.astype(np.int64) * len(instants)
    start = np.searchsorted(key[order], begin_of_owner, side="left")
    stop = np.searchsorted(key[order], begin_of_owner + rank[n_events:], side="left")
    return order, start, stop
