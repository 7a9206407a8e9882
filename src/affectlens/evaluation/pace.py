"""How fast collective attention moves on: turnover of the top, length of stay in it, relative gains."""

from __future__ import annotations

from itertools import pairwise

import numpy as np


def turnover(windows: np.ndarray, contents: np.ndarray, n_top: int) -> np.ndarray:
    """Share of the top that was not in the top of the window before, for each window but the first.

    Args:
        windows: (n,) index of the window of each place in the top, from 0; windows without a full top give NaN.
        contents: (n,) who holds the place.
        n_top: places in a full top.

    Source: Lorenz-Spreen et al. 2019, "Accelerating dynamics of collective attention" (Nature Communications 10).

    >>> turnover(np.array([0, 0, 1, 1]), np.array(["a", "b", "b", "c"]), 2).tolist()
    [0.5]
    """
    tops = _tops(windows, contents)
    shares = [
        1 - len(now & before) / n_top if len(before) == len(now) == n_top else float("nan")
        for before, now in pairwise(tops)
    ]
    return np.array(shares, dtype=np.float64)


def stays(windows: np.ndarray, contents: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Windows after which it was seen whether a stay in the top goes on, and whether it ended, for every unbroken stay.

    The sum of the first over that of the second is the mean stay, whether or not all ended within the data: where a
    stay ended the first is its length, where it still runs the last window tells nothing. Stays that begin in the first
    window are left out: nobody knows how long they had lasted.

    Returns:
        (s,) windows and (s,) whether ended.

    Source: the exponential case of Cox & Oakes 1984, "Analysis of Survival Data", exposure over exits.

    >>> windows, ended = stays(np.array([0, 1, 1, 2, 2, 3]), np.array(["a", "a", "b", "b", "c", "c"]))
    >>> windows.tolist(), ended.tolist()
    ([2, 1], [True, False])
    """
    if windows.size == 0:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=bool)
    _, codes = np.unique(contents, return_inverse=True)
    order = np.lexsort((windows, codes))
    code, window = codes[order], windows[order]
    begins = np.concatenate([[True], (np.diff(code) != 0) | (np.diff(window) != 1)])
    lengths = np.diff(np.concatenate([np.flatnonzero(begins), [code.size]]))
    first, last = window[begins], window[np.cumsum(lengths) - 1]
    has_ended, is_seen = last < windows.max(), first > windows.min()
    return (lengths - ~has_ended)[is_seen], has_ended[is_seen]


def relative_gains(now: np.ndarray, before: np.ndarray) -> np.ndarray:
    """[A(t) - A(t-1)] / A(t) of each content; NaN where it has no attention at t.

    >>> relative_gains(np.array([10.0, 5.0]), np.array([5.0, 10.0])).tolist()
    [0.5, -1.0]
    """
    gains: np.ndarray = np.divide(now - before, now, out=np.full(now.shape, np.nan), where=now > 0)
    return gains


def _tops(windows: np.ndarray, contents: np.ndarray) -> list[set[object]]:
    n_windows = int(windows.max()) + 1 if windows.size else 0
    tops: list[set[object]] = [set() for _ in range(n_windows)]
    for window, content in zip(windows.tolist(), contents.tolist(), strict=True):
        tops[window].add(content)
    return tops
