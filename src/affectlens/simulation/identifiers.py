"""Ids and times as the raw tables hold them. Ids count in order of time and tell nothing else."""

from __future__ import annotations

import numpy as np
import pandas as pd

from affectlens.simulation.timeline import TimeParams


def numbered(prefix: str, n: int, width: int) -> np.ndarray:
    """Ids (n,) as Python strings.

    >>> numbered("u", 2, 4).tolist()
    ['u0000', 'u0001']
    """
    return np.char.mod(f"{prefix}%0{width}d", np.arange(n)).astype(object)


def user_ids(n: int) -> np.ndarray:
    """Ids (n,) of users in order of joining."""
    return numbered("u", n, 6)


def content_ids(n: int) -> np.ndarray:
    """Ids (n,) of contents in order of publication."""
    return numbered("c", n, 7)


def interaction_ids(n: int) -> np.ndarray:
    """Ids (n,) of interactions in order of time."""
    return numbered("i", n, 9)


def utterance_ids(n: int) -> np.ndarray:
    """Ids (n,) of utterances in order of time."""
    return numbered("p", n, 8)


def times(seconds: np.ndarray, time: TimeParams) -> pd.Series:
    """Seconds since the first day as UTC timestamps, to the second."""
    moments = np.datetime64(time.first_day, "us") + np.round(seconds).astype("timedelta64[s]").astype("timedelta64[us]")
    column: pd.Series = pd.Series(moments).dt.tz_localize("UTC")
    return column
