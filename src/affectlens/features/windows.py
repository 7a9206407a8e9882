"""Calendar windows (day, week, month, quarter, year; UTC) and their names."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

Period = Literal["day", "week", "month", "quarter", "year"]
_CODES = {"day": "D", "week": "W-SUN", "month": "M", "quarter": "Q", "year": "Y"}
DAYS_OF = {"day": 1.0, "week": 7.0, "month": 365.25 / 12, "quarter": 365.25 / 4, "year": 365.25}


def window_starts(times: pd.Series, period: Period) -> pd.Series:
    """First instant of the window of each time, without a zone (UTC); weeks begin on Monday.

    >>> window_starts(pd.Series(pd.to_datetime(["2016-02-24T12:00Z"])), "week").dt.day.tolist()
    [22]
    """
    naive = pd.to_datetime(times, utc=True).dt.tz_convert(None)
    starts: pd.Series = naive.dt.to_period(_CODES[period]).dt.start_time.astype("datetime64[us]")
    return starts


def window_names(starts: pd.Series, period: Period) -> pd.Series:
    """Names that sort by time: 2016, 2016Q1, 2016-02, and the first day of a week or day.

    >>> start = pd.Series(pd.to_datetime(["2016-02-22"]))
    >>> [window_names(start, period).item() for period in ("week", "month", "quarter", "year")]
    ['2016-02-22', '2016-02', '2016Q1', '2016']
    """
    is_short = period in ("day", "week")
    names: pd.Series = starts.dt.strftime("%Y-%m-%d") if is_short else starts.dt.to_period(_CODES[period]).astype(str)
    return names


def window_numbers(starts: pd.Series, period: Period) -> np.ndarray:
    """Which window each one is, counted from the first: windows without anything in them count too.

    >>> window_numbers(pd.Series(pd.to_datetime(["2016-01-01", "2016-03-01"])), "month").tolist()
    [0, 2]
    """
    numbers: np.ndarray = pd.PeriodIndex(starts, freq=_CODES[period]).astype("int64").to_numpy()
    return numbers - numbers.min() if numbers.size else numbers


def equal_windows(n: np.ndarray, n_windows: int) -> np.ndarray:
    """Window of each day, so that windows of consecutive days hold nearly equal numbers of posts.

    Args:
        n: (d,) posts of each day, in order of time.
        n_windows: number of windows; windows that one long day would fill alone stay empty.

    >>> equal_windows(np.array([5, 5, 1, 1, 8]), 2).tolist()
    [0, 0, 1, 1, 1]
    """
    middle = np.cumsum(n) - 0.5 * n
    total = max(float(n.sum()), 1.0)
    windows: np.ndarray = np.minimum((middle * n_windows / total).astype(np.int64), n_windows - 1)
    return windows
