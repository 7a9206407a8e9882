"""Breaks in a series beside its trend: where the level jumps, found by Pelt with a penalty that is calibrated.

The model is level + slope t + jumps + AR(1) noise. The slope is found together with the jumps, so that a steady rise is
no staircase; the penalty of a jump is the gain that at most a given share of series without jumps would reach.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import ruptures
from scipy.signal import lfilter
from scipy.stats import norm

from affectlens.evaluation.estimate import Estimate

# Shapes: n windows, B replicates without jumps.
LEAST_WINDOWS = 20  # below which no jump is looked for
_MOST_ROUNDS = 20
_PENALTIES = np.array([100.0, 25.0, 12.0])
_POWER, _N_POWER, _N_DOUBLINGS, _N_HALVINGS = 0.8, 20, 12, 3
_BAI = 11.0  # quantile 0.975 of the arg max of a two-sided Brownian motion with drift, rounded up (Bai 1997)


@dataclass(frozen=True)
class Break:
    """A jump of the level.

    Attributes:
        at: index of the first window after the jump.
        earliest: lower end of its 95 % interval.
        latest: upper end.
        size: level after less level before, with its 95 % interval.
        before: level at this place without it.
    """

    at: int
    earliest: int
    latest: int
    size: Estimate
    before: float


@dataclass(frozen=True)
class Breaks:
    """The jumps of one series.

    Attributes:
        found: in order of time.
        slope: trend a window beside them.
        autocorrelation: of the noise from window to window.
        n: number of windows.
    """

    found: tuple[Break, ...]
    slope: float
    autocorrelation: float
    n: int


def find_breaks(
    series: np.ndarray, min_size: int, alarm_rate: float, block: int, seed: int, n_replicates: int
) -> Breaks:
    """Where the level of a series jumps.

    The noise that a series without jumps would have is made of the residuals' innovations, blocks of them with random
    signs (they stay at their places: noise may differ along a series), run through the AR(1) again. The largest gain of
    one jump in such a series is exceeded with probability `alarm_rate`: that gain is the penalty.

    Args:
        series: (n,) one value a window, windows of equal numbers of posts.
        min_size: least number of windows between jumps.
        alarm_rate: probability of any jump in a series without one.
        block: windows a block.
        seed: seed of the signs.
        n_replicates: series without jumps behind the penalty.

    Returns:
        No jump for fewer than 20 windows or a constant series.

    Raises:
        ValueError: a value is not finite.

    Source: Killick, Fearnhead & Eckley 2012 (Pelt), by `ruptures`; Wu 1986 (wild bootstrap); Bai 1997, "Estimation of a
    change point in multiple regression models", for the interval of a place.

    >>> noise = np.random.default_rng(0).normal(0, 1, 60)
    >>> found = find_breaks(noise + np.where(np.arange(60) >= 40, 5, 0) + 0.02 * np.arange(60), 4, 0.05, 4, 0, 200)
    >>> [jump.at for jump in found.found]
    [40]
    """
    n = series.size
    if not _is_searchable(series, min_size):
        return Breaks((), 0.0, 0.0, n)
    residual, rho = _noise(series, min_size)
    null = _null_series(residual, rho, block, seed, n_replicates)
    penalty = float(np.quantile(_gains(null, *_step_designs(n, min_size)).max(axis=1), 1 - alarm_rate))
    places, slope = _segments(series, min_size, penalty)
    return Breaks(_described(series, places, rho), slope, rho, n)


def detectable_jump(
    series: np.ndarray, min_size: int, alarm_rate: float, block: int, seed: int, n_replicates: int
) -> float:
    """Size of a jump up in the middle that `find_breaks` finds in about eight of ten series of the same noise.

    The jump is added to twenty series of the noise (innovations drawn anew), and each is searched by the very rule with
    the same arguments, since a jump also makes the noise look larger and more dependent, and so the penalty. It counts
    as found if a break lies nearer than `min_size` windows. Its size is doubled until it is found often enough, then
    narrowed down by bisection.

    Args:
        series: (n,) as for `find_breaks`, and the other arguments too.

    Returns:
        NaN where no jump is looked for, or none of any size is found.

    Raises:
        ValueError: a value is not finite.

    >>> noise = np.random.default_rng(0).normal(0, 1, 60)
    >>> 2.0 < detectable_jump(noise, 4, 0.05, 4, 0, 200) < 3.5
    True
    """
    if not _is_searchable(series, min_size):
        return float("nan")
    noise = _drawn_series(*_noise(series, min_size), seed, _N_POWER)
    middle = series.size // 2
    step = np.arange(series.size) >= middle

    def is_found(size: float) -> bool:
        missed = 0
        for each in noise + size * step:
            found = find_breaks(each, min_size, alarm_rate, block, seed, n_replicates).found
            missed += all(abs(jump.at - middle) >= min_size for jump in found)
            if missed > (1 - _POWER) * _N_POWER + 1e-9:
                return False
        return True

    sizes = float(noise.std()) * 2.0 ** np.arange(_N_DOUBLINGS)
    high = next((float(size) for size in sizes if is_found(size)), float("nan"))
    low = high / 2
    for _ in range(_N_HALVINGS if np.isfinite(high) else 0):
        size = (low + high) / 2
        low, high = (low, size) if is_found(size) else (size, high)
    return high


def _is_searchable(series: np.ndarray, min_size: int) -> bool:
    if not np.isfinite(series).all():
        raise ValueError("the series has windows without a finite value; leave them out before looking for breaks")
    return series.size >= max(LEAST_WINDOWS, 2 * min_size) and float(np.ptp(series)) >= 1e-12


def with_known_place(series: np.ndarray, breaks: Breaks, at: int, min_size: int) -> tuple[Breaks, float]:
    """The breaks with one more at a place that is known from elsewhere, and the p-value of that one jump.

    One place that is named beforehand needs far less evidence than the best of all places.

    Args:
        series: (n,) in which `breaks` were found.
        breaks: what was found in it alone.
        at: index of the first window after the jump.
        min_size: least number of windows between jumps; at a nearer place nothing is added, and p is 1.

    >>> noise = np.random.default_rng(0).normal(0, 1, 60)
    >>> alone = Breaks((), 0.0, 0.0, 60)
    >>> found, p_value = with_known_place(noise + np.where(np.arange(60) >= 30, 2.0, 0.0), alone, 30, 4)
    >>> [jump.at for jump in found.found], p_value < 0.001
    ([30], True)
    """
    edges = np.array([0, *(jump.at for jump in breaks.found), series.size])
    if np.abs(edges - at).min() < min_size:
        return breaks, 1.0
    jumps = _described(series, np.sort([*edges[1:-1], at]), breaks.autocorrelation)
    size = next(jump.size for jump in jumps if jump.at == at)
    return replace(breaks, found=jumps), float(2 * norm.sf(abs(size.value) * 1.96 / (size.upper - size.value)))


def sharpest_day(n: np.ndarray, total: np.ndarray) -> int:
    """The day from which on the mean differs most from the mean before: a break seen closer than by windows.

    Args:
        n: (d,) posts of each day around the break.
        total: (d,) sum of their values.

    >>> sharpest_day(np.array([2, 2, 2, 2]), np.array([0.0, 0.0, 2.0, 2.0]))
    2
    """
    before, sums = np.cumsum(n)[:-1].astype(np.float64), np.cumsum(total)[:-1]
    after = n.sum() - before
    both = (before > 0) & (after > 0)
    if not both.any():
        return 0
    gap = np.divide(sums, before, out=np.zeros_like(sums), where=both)
    gap = gap - np.divide(total.sum() - sums, after, out=np.zeros_like(sums), where=both)
    return int(np.argmax(np.where(both, before * after * gap**2, -1.0))) + 1


def match_breaks(found: np.ndarray, true: np.ndarray, tolerance: float) -> tuple[int, int, int]:
    """Breaks found rightly, found wrongly, and missed; each true one is matched with at most one within the tolerance.

    >>> match_breaks(np.array([10, 12, 50]), np.array([11, 80]), 2)
    (1, 2, 1)
    """
    free = sorted(found.tolist())
    hits = 0
    for place in sorted(true.tolist()):
        near = [other for other in free if abs(other - place) <= tolerance]
        if near:
            free.remove(min(near, key=lambda other: abs(other - place)))
            hits += 1
    return hits, len(free), true.size - hits


def _segments(series: np.ndarray, min_size: int, penalty: float) -> tuple[np.ndarray, float]:
    """Places of jumps and common slope with the least squared error plus penalty, from two starts in turns."""
    times = np.arange(series.size, dtype=np.float64)
    best: tuple[float, np.ndarray, float] = (np.inf, np.empty(0, dtype=np.int64), 0.0)
    for start in (0.0, _slope(series, times, np.empty(0, dtype=np.int64))):
        places, slope = np.empty(0, dtype=np.int64), start
        for _ in range(_MOST_ROUNDS):
            before = places
            places = _pelt(series - slope * times, min_size, penalty)
            slope = _slope(series, times, places)
            if np.array_equal(before, places):
                break
        cost = float(((series - _levels(series, places, slope)) ** 2).sum()) + penalty * places.size
        best = min(best, (cost, places, slope), key=lambda found: found[0])
    return best[1], best[2]


def _pelt(series: np.ndarray, min_size: int, penalty: float) -> np.ndarray:
    """Pelt with squared error at every place: `KernelCPD` with a linear kernel is `Pelt(model="l2", jump=1)` in C."""
    search = ruptures.KernelCPD(kernel="linear", min_size=min_size).fit(series[:, None])
    return np.array(search.predict(pen=max(penalty, 1e-12))[:-1], dtype=np.int64)


def _segment_of(n: int, places: np.ndarray) -> np.ndarray:
    segment: np.ndarray = np.searchsorted(places, np.arange(n), side="right")
    return segment


def _slope(series: np.ndarray, times: np.ndarray, places: np.ndarray) -> float:
    segment = _segment_of(series.size, places)
    x, y = times - _means(times, segment), series - _means(series, segment)
    return float(x @ y / (x @ x)) if x.any() else 0.0


def _means(values: np.ndarray, segment: np.ndarray) -> np.ndarray:
    mean: np.ndarray = (np.bincount(segment, weights=values) / np.bincount(segment))[segment]
    return mean


def _levels(series: np.ndarray, places: np.ndarray, slope: float) -> np.ndarray:
    """Fitted values."""
    trend = slope * np.arange(series.size)
    fitted: np.ndarray = trend + _means(series - trend, _segment_of(series.size, places))
    return fitted


def _noise(series: np.ndarray, min_size: int) -> tuple[np.ndarray, float]:
    """Residuals and their autocorrelation under the likeliest of some numbers of jumps, by BIC with AR(1) noise.

    Without it large jumps would pass for dependence, or dependence for many small jumps.
    """
    n, scale = series.size, float(np.var(np.diff(series))) / 2 * np.log(series.size)
    best = (np.inf, series, 0.0)
    for penalty in scale * _PENALTIES:
        places, slope = _segments(series, min_size, penalty)
        residual = series - _levels(series, places, slope)
        rho = _autocorrelation(residual, n_free=n - 2 - places.size)
        innovation = residual[1:] - rho * residual[:-1]
        score = n * np.log(max(float(innovation @ innovation), 1e-300)) + 3 * places.size * np.log(n)
        best = min(best, (score, residual, rho), key=lambda found: found[0])
    return best[1], best[2]


def _autocorrelation(residual: np.ndarray, n_free: int) -> float:
    """Of AR(1) noise, in [0, 0.95], less the bias that a fitted level and slope bring (Marriott & Pope 1954)."""
    total = float(residual @ residual)
    if total == 0:
        return 0.0
    raw = float(residual[1:] @ residual[:-1]) / total
    return float(np.clip(raw + (2 + 4 * raw) / n_free, 0.0, 0.95))


def _null_series(residual: np.ndarray, rho: float, block: int, seed: int, n_replicates: int) -> np.ndarray:
    """Series (B, n) of the same noise without jumps, innovations at their places with random signs."""
    generator, n = np.random.default_rng(seed), residual.size
    signs = generator.choice([-1.0, 1.0], (n_replicates, n // block + 2))
    shift = generator.integers(block, size=(n_replicates, 1))
    flipped = _innovations(residual, rho) * np.take_along_axis(signs, (np.arange(n) + shift) // block, axis=1)
    noise: np.ndarray = lfilter([1.0], [1.0, -rho], flipped, axis=1)
    return noise


def _drawn_series(residual: np.ndarray, rho: float, seed: int, n_series: int) -> np.ndarray:
    """The same (B, n) with innovations drawn from all places: new series, as large and as dependent."""
    generator, shape = np.random.default_rng(seed), (n_series, residual.size)
    drawn = generator.choice(_innovations(residual, rho), shape) * generator.choice([-1.0, 1.0], shape)
    noise: np.ndarray = lfilter([1.0], [1.0, -rho], drawn, axis=1)
    return noise


def _innovations(residual: np.ndarray, rho: float) -> np.ndarray:
    innovation = residual.copy()
    innovation[1:] -= rho * residual[:-1]
    return innovation


def _step_designs(n: int, min_size: int) -> tuple[np.ndarray, np.ndarray]:
    """Jumps at every allowed place, freed of level and slope (P, n), and their squared lengths (P,)."""
    places = np.arange(min_size, n - min_size + 1)
    steps = (np.arange(n) >= places[:, None]).astype(np.float64)
    base, _ = np.linalg.qr(np.stack([np.ones(n), np.arange(n, dtype=np.float64)], axis=1))
    free = steps - (steps @ base) @ base.T
    return free, (free**2).sum(axis=1)


def _gains(series: np.ndarray, steps: np.ndarray, length: np.ndarray) -> np.ndarray:
    """What one jump at each place takes off the squared error of each series (B, P)."""
    gains: np.ndarray = (series @ steps.T) ** 2 / length
    return gains


def _described(series: np.ndarray, places: np.ndarray, rho: float) -> tuple[Break, ...]:
    """The jumps with the intervals of their places and sizes; both take the noise's long-run variance."""
    n = series.size
    times = np.arange(n)
    steps = (times[:, None] >= places).astype(np.float64)
    design = np.column_stack([steps, np.ones(n), times / n])
    inverse = np.linalg.pinv(design.T @ design)
    coefficients = inverse @ design.T @ series
    sizes = coefficients[: places.size]
    residual = series - design @ coefficients
    variance = float(residual @ residual) / max(n - design.shape[1], 1) * (1 + rho) / (1 - rho)
    errors = 1.96 * np.sqrt(variance * np.diag(inverse))
    edges = [0, *places.tolist(), n]
    jumps = []
    for before, at, after, size, error in zip(edges, edges[1:], edges[2:], sizes, errors, strict=False):
        reach = int(_BAI * variance / size**2) + 1 if abs(size) > 1e-9 else n
        interval = Estimate(float(size), float(size - error), float(size + error), n)
        level = float(design[at] @ coefficients - size)
        jumps.append(Break(at, max(before, at - reach), min(after, at + reach), interval, level))
    return tuple(jumps)
