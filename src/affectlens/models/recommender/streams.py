"""Histories as the attention model reads them: a start token before the events, cut into windows, padded to batches.

Token 0 pads, token j + 1 is item j, token n_items + 1 starts a history.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from affectlens.models.recommender.catalogue import NO_STATE
from affectlens.models.recommender.histories import Histories

# Hours that stand for unknown times: everything exists in the far future, and what was always there is old.
FUTURE, ALWAYS = 2**29, -(2**29)


def log_bucket(seconds: np.ndarray, n_buckets: int) -> np.ndarray:
    """Bucket of a duration on a scale of powers of two: 0 unknown, 1 under a second, then doubling, the last open.

    >>> log_bucket(np.array([np.nan, 0.0, 1.0, 2.9, 3.0, 1e9]), 5).tolist()
    [0, 1, 2, 2, 3, 4]
    """
    known = ~np.isnan(seconds)
    level = np.floor(np.log2(1.0 + np.where(known, np.maximum(seconds, 0.0), 0.0))).astype(np.int64)
    return np.where(known, np.minimum(1 + level, n_buckets - 1), 0)


def whole_hours(seconds: np.ndarray, unknown: int) -> np.ndarray:
    """Times as whole hours since 1970, int32; `unknown` where they are NaN.

    >>> whole_hours(np.array([7200.0, 7199.0, np.nan]), 9).tolist()
    [2, 1, 9]
    """
    known = ~np.isnan(seconds)
    return np.where(known, np.floor(np.where(known, seconds, 0.0) / 3600.0), unknown).astype(np.int32)


@dataclass(frozen=True)
class EventStream:
    """The start token and the events of each user, one user after the other.

    Attributes:
        offsets: (n + 1,) where each user begins.
        token: (m + n,) see the module.
        kind: (m + n,) 0 at the start token.
        dwell: (m + n,) bucket of the attention that the event got.
        gap: (m + n,) bucket of the time since the event before.
        surface: (m + n,) where it took place; 0 unknown, and at the start token.
        state: (m + n,) row of the generated content that exists at the event; -1 none.
        hour: (m + n,) whole hours since 1970, FUTURE where unknown.
    """

    offsets: np.ndarray
    token: np.ndarray
    kind: np.ndarray
    dwell: np.ndarray
    gap: np.ndarray
    surface: np.ndarray
    state: np.ndarray
    hour: np.ndarray


@dataclass(frozen=True)
class Windows:
    """Stretches of a stream that the model reads at once.

    Attributes:
        begin: (w,) first position in the stream.
        length: (w,) positions read.
        n_context: (w,) leading positions that are read only: the window before has predicted from them.
    """

    begin: np.ndarray
    length: np.ndarray
    n_context: np.ndarray

    def take(self, rows: np.ndarray) -> Windows:
        """Some of the windows."""
        return Windows(self.begin[rows], self.length[rows], self.n_context[rows])


def stream_of(histories: Histories, n_items: int, *, n_dwell_buckets: int, n_gap_buckets: int) -> EventStream:
    """Put the start token before each history and cut times into buckets."""
    offsets = histories.offsets + np.arange(histories.n_users + 1)
    columns = {
        "token": (histories.item + 1, n_items + 1),
        "kind": (histories.kind, 0),
        "dwell": (log_bucket(histories.dwell_s, n_dwell_buckets), 0),
        "gap": (log_bucket(histories.gap_s, n_gap_buckets), 0),
        "surface": (histories.surface, 0),
        "state": (histories.state, NO_STATE),
        "hour": (whole_hours(histories.time, FUTURE), FUTURE),
    }
    starts = histories.offsets[:-1]
    return EventStream(offsets, **{name: np.insert(values, starts, start) for name, (values, start) in columns.items()})


def training_windows(stream: EventStream, max_length: int, overlap: int) -> Windows:
    """Cut each user's stream so that every event is predicted exactly once, from at least `overlap` positions if any.

    The last token of a user is only predicted, never read.

    >>> stream = EventStream(np.array([0, 6]), *[np.arange(6)] * 7)
    >>> windows = training_windows(stream, max_length=3, overlap=1)
    >>> windows.begin.tolist(), windows.length.tolist(), windows.n_context.tolist()
    ([0, 2], [3, 3], [0, 1])
    """
    n_read = np.diff(stream.offsets) - 1
    stride = max_length - overlap
    n_windows = np.where(n_read > 0, 1 + np.ceil(np.maximum(n_read - max_length, 0) / stride), 0).astype(np.int64)
    user = np.repeat(np.arange(len(n_read)), n_windows)
    number = np.arange(len(user)) - np.repeat(np.cumsum(n_windows) - n_windows, n_windows)
    length = np.minimum(n_read[user] - number * stride, max_length)
    return Windows(stream.offsets[user] + number * stride, length, np.where(number > 0, overlap, 0))


def request_windows(stream: EventStream, max_length: int) -> Windows:
    """The newest `max_length` positions of each user; the last of them asks for the next item."""
    length = np.minimum(np.diff(stream.offsets), max_length)
    return Windows(stream.offsets[1:] - length, length, length - 1)


def padded(stream: EventStream, windows: Windows) -> tuple[np.ndarray, ...]:
    """Token, kind, dwell, gap and surface of each window, each (w, longest window), padded with zeros at the end."""
    place = np.arange(windows.length.max(initial=0))
    is_real = place[None, :] < windows.length[:, None]
    position = np.where(is_real, windows.begin[:, None] + place[None, :], 0)
    columns = (stream.token, stream.kind, stream.dwell, stream.gap, stream.surface)
    return tuple(np.where(is_real, column[position], 0) for column in columns)
