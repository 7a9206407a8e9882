"""What happened in the world, as columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TypeVar

import numpy as np

ColumnsT = TypeVar("ColumnsT", "Impressions", "Posts")


@dataclass(frozen=True)
class Impressions:
    """Columns over N feed positions, in the order in which they were simulated."""

    user: np.ndarray  # (N,)
    session: np.ndarray  # (N,)
    position: np.ndarray  # (N,) 1.. in the session
    time: np.ndarray  # (N,) seconds since the first day
    content: np.ndarray  # (N,)
    topic: np.ndarray  # (N,)
    propensity: np.ndarray  # (N,)
    is_viewed: np.ndarray  # (N,)
    is_liked: np.ndarray  # (N,)
    is_commented: np.ndarray  # (N,)
    is_shared: np.ndarray  # (N,)
    dwell_s: np.ndarray  # (N,) NaN where not viewed
    mood: np.ndarray  # (N, 3) before the position
    fatigue: np.ndarray  # (N,) before the position
    utility: np.ndarray  # (N,) of the view, 0 where not viewed
    expected_rewards: np.ndarray  # (N, K)
    expected_utilities: np.ndarray  # (N, K)

    def __len__(self) -> int:
        return len(self.user)


@dataclass(frozen=True)
class Posts:
    """Columns over posts written around sessions (comments stand in `Impressions.is_commented`)."""

    user: np.ndarray  # (N,)
    time: np.ndarray  # (N,)
    mood: np.ndarray  # (N, 3)

    def __len__(self) -> int:
        return len(self.user)


def stack(kind: type[ColumnsT], parts: Sequence[ColumnsT]) -> ColumnsT:
    """Parts of a record, end to end.

    Raises:
        ValueError: there is no part, since nothing ever happened.
    """
    if not parts:
        raise ValueError("no session took place; lower `population.gap_days` or lengthen `time.years`")
    columns = [field.name for field in fields(kind)]
    return kind(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in columns})
