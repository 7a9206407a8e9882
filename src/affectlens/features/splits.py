"""Who learns, who tunes, who judges: train, valid and test, made once for all stages.

Splits travel inside this module as codes: 0 train, 1 valid, 2 test, -1 none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from pydantic import Field

from affectlens.params import Params
from affectlens.schemas import SPLITS

TRAIN, VALID, TEST, NONE = 0, 1, 2, -1
_MICROSECOND = pd.Timedelta(1, unit="us")


class SplitParams(Params):
    """How rows are split.

    `global_timeline`: two instants for everything. `leave_one_out`: each user's last event is test, the one before
    valid. `given`: the split that the source publishes for its texts.
    """

    protocol: Literal["global_timeline", "leave_one_out", "given"]
    train_quantile: float = Field(gt=0.0, lt=1.0, description="share of the events before the end of train")
    valid_quantile: float = Field(gt=0.0, lt=1.0, description="share of the events before the end of valid")
    valid_share: float = Field(gt=0.0, lt=1.0, description="share of a published train that becomes a missing valid")


@dataclass(frozen=True)
class Boundaries:
    """The two instants of the global timeline: train < train_end <= valid < valid_end <= test; None without one."""

    train_end: pd.Timestamp | None
    valid_end: pd.Timestamp | None

    @classmethod
    def at_quantiles(cls, occurred_at: pd.Series, train_quantile: float, valid_quantile: float) -> Boundaries:
        """The instants before which about these shares of the events lie; the earliest event is always train.

        Args:
            occurred_at: times of the events, UTC; nulls are ignored. Without any time there are no boundaries.
            train_quantile: share of the events before `train_end`, in (0, 1).
            valid_quantile: share of the events before `valid_end`, at least `train_quantile`.
        """
        times = occurred_at.dropna().sort_values()
        if times.empty:
            return cls(None, None)
        n = len(times)
        later = times[times > times.iloc[0]]
        second = later.iloc[0] if len(later) else times.iloc[0] + _MICROSECOND
        train_end = max(times.iloc[min(int(train_quantile * n), n - 1)], second)
        return cls(train_end, max(times.iloc[min(int(valid_quantile * n), n - 1)], train_end))

    @classmethod
    def from_json(cls, stored: Mapping[str, str | None]) -> Boundaries:
        """Read back what `to_json` wrote."""
        ends = [stored["train_end"], stored["valid_end"]]
        train_end, valid_end = (None if end is None else pd.Timestamp(end) for end in ends)
        return cls(train_end, valid_end)

    def to_json(self) -> dict[str, str | None]:
        """ISO 8601 times, or null."""
        ends = {"train_end": self.train_end, "valid_end": self.valid_end}
        return {name: None if end is None else end.isoformat() for name, end in ends.items()}

    def split(self, times: pd.Series) -> np.ndarray:
        """Split code of each time; -1 where the time is null or there are no boundaries."""
        if self.train_end is None or self.valid_end is None:
            return np.full(len(times), NONE)
        codes = (times >= self.train_end).to_numpy().astype(np.int64) + (times >= self.valid_end).to_numpy()
        codes[times.isna().to_numpy()] = NONE
        return codes


def leave_one_out(n_events: np.ndarray, step: np.ndarray) -> np.ndarray:
    """Split codes of a user's events: the last is test, the one before valid; under three events all train.

    Args:
        n_events: (n,) number of events of the row's user.
        step: (n,) place of the event in its user's sequence, from 0.

    >>> leave_one_out(np.array([3, 3, 3, 2, 2]), np.array([0, 1, 2, 0, 1])).tolist()
    [0, 1, 2, 0, 0]
    """
    after = n_events - step - 1
    codes: np.ndarray = np.select([after == 0, after == 1], [TEST, VALID], default=TRAIN)
    codes[n_events < 3] = TRAIN
    return codes


def hashed(keys: pd.Series, params: SplitParams) -> np.ndarray:
    """Split codes drawn from a hash of the key: equal keys share a split, on every machine."""
    codes: np.ndarray = np.digitize(hashed_share(keys), [params.train_quantile, params.valid_quantile])
    return codes


def hashed_share(keys: pd.Series) -> np.ndarray:
    """A fixed number in [0, 1) for each key (a string), evenly spread over different keys."""
    hashes = np.asarray(pd.util.hash_array(keys.to_numpy(dtype=object)))
    share: np.ndarray = hashes.astype(np.float64) / 2.0**64
    return share


def with_valid_rows(codes: np.ndarray, keys: pd.Series, valid_share: float) -> np.ndarray:
    """A published split as it is; but where it has no valid rows, a hashed share of train becomes valid."""
    if (codes == VALID).any():
        return codes
    moved = (codes == TRAIN) & (hashed_share(keys) < valid_share)
    return np.where(moved, VALID, codes)


def without_repeats(codes: np.ndarray, keys: pd.Series) -> np.ndarray:
    """Split codes with -1 where a row of an earlier split has the same key (a near-duplicate text).

    >>> without_repeats(np.array([0, 2, 1, 2]), pd.Series(["a", "a", "b", "c"])).tolist()
    [0, -1, 1, 2]
    """
    first = pd.Series(np.where(codes == NONE, TEST, codes)).groupby(keys.to_numpy(), sort=False).transform("min")
    return np.where(codes > first.to_numpy(), NONE, codes)


def codes_of(names: pd.Series) -> np.ndarray:
    """Split names as codes, null as -1."""
    return np.asarray(pd.Categorical(names, categories=list(SPLITS)).codes, dtype=np.int64)


def names_of(codes: np.ndarray) -> pd.Series:
    """Split codes as names, -1 as null."""
    names = pd.array(list(SPLITS), dtype=pd.StringDtype(na_value=np.nan))
    return pd.Series(names.take(codes, allow_fill=True), name="split")
