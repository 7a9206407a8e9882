"""How fast collective attention moves on: turnover of the top, length of stay in it, relative gains."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from affectlens.evaluation.estimate import Estimate, resampled_estimate


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
    """Length in windows of every unbroken stay in the top that began within the data, and whether it ended there.

    What was there in the first window began nobody knows when, and is left out.

    >>> lengths, ended = stays(np.array([0, 1, 1, 2, 2, 3]), np.array(["a", "a", "b", "b", "c", "c"]))
    >>> lengths.tolist(), ended.tolist()
    ([2, 2], [True, False])
    """
    if windows.size == 0:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=bool)
    _, codes = np.unique(contents, return_inverse=True)
    order = np.lexsort((windows, codes))
    code, window = codes[order], windows[order]
    begins = np.concatenate([[True], (np.diff(code) != 0) | (np.diff(window) != 1)])
    lengths = np.diff(np.concatenate([np.flatnonzero(begins), [code.size]]))
    first, last = window[np.flatnonzero(begins)], window[np.cumsum(lengths) - 1]
    began = first > windows.min()
    return lengths[began], (last < windows.max())[began]


def mean_stay(lengths: np.ndarray, ended: np.ndarray, window_days: float, seed: int) -> Estimate:
    """Mean length of a stay in days: windows after which a content could leave by those after which one did.

    Stays that still run count with what they have, but for their last window, after which nobody has looked. Right
    where the chance to leave does not depend on how long a content has stayed (geometric stays).

    Args:
        lengths: (n,) of each stay so far, in windows.
        ended: (n,) whether it has ended.
        window_days: length of a window.
        seed: draws of stays for the interval.

    >>> mean_stay(np.array([2, 4, 7]), np.array([True, True, False]), 7.0, seed=0).value      # 12 windows, 2 exits
    42.0
    """
    if not ended.any():
        return Estimate.undefined(len(lengths))
    at_risk = (lengths - ~ended) * window_days

    def mean(weights: np.ndarray) -> np.ndarray:
        with np.errstate(divide="ignore", invalid="ignore"):
            value: np.ndarray = (weights @ at_risk) / (weights @ ended)
        return np.where(np.isfinite(value), value, np.nan)

    return resampled_estimate(mean, len(lengths), seed)


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
