"""What posts say beside who wrote them: values without the lasting differences between authors, or any other units."""

# Shapes: n values, U units of one kind.
from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

_MOST_ROUNDS = 20  # of the effects in turns
_MOVED = 0.01  # share of their size by which effects may still move when they are done

# Given a kind of unit and all effects: sums by unit (U,) and sum of squares of the values less period and other kinds.
Remainders = Callable[[int, Sequence[np.ndarray]], tuple[np.ndarray, float]]


def without_authors(values: np.ndarray, author: np.ndarray, period: np.ndarray) -> np.ndarray:
    """Values less the effects of their authors: what would be seen if the same people had always written.

    An author who writes much for a while moves the mean of all posts without anybody changing. The effects stand beside
    those of the periods, so that what changes for everybody is nobody's habit.

    Args:
        values: (n,) one a post; NaN where a post has none.
        author: (n,) index of its author.
        period: (n,) index of the period in which it was written.

    Returns:
        (n,) with the same NaN. The values as they came where every author has one post, or authors do not differ.

    >>> without_authors(np.array([1.0, 1.0, 3.0, 3.0, np.nan]), np.array([0, 0, 1, 1, 1]), np.array([0, 1, 0, 1, 1]))
    array([ 2.,  2.,  2.,  2., nan])
    """
    known = np.isfinite(values)
    x = values[known]
    _, unit = np.unique(author[known], return_inverse=True)
    _, when = np.unique(period[known], return_inverse=True)
    n, n_when = np.bincount(unit), np.bincount(when)

    def remainders(_: int, effects: Sequence[np.ndarray]) -> tuple[np.ndarray, float]:
        level = np.bincount(when, weights=x - effects[0][unit]) / n_when
        rest = x - level[when]
        return np.bincount(unit, weights=rest), float(rest @ rest)

    found = values.copy()
    found[known] -= lasting_effects([n], remainders)[0][unit]
    return found


def lasting_effects(n: Sequence[np.ndarray], remainders: Remainders) -> list[np.ndarray]:
    """Effects of several kinds of units beside each other, found in turns; each kind adds nothing to the whole mean.

    The effect of a unit with n values is the mean of what they leave over, shrunk by n / (n + s / t) with s the
    variance within units and t that between them (by moments): a unit of one value keeps little.

    Args:
        n: number of values of each unit (U,), a kind of unit each.
        remainders: what the values leave over, summed by the units of one kind.

    Returns:
        Effects (U,) of each kind; zeros where units have one value each, or do not differ.

    Source: Robinson 1991, "That BLUP Is a Good Thing"; in turns (backfitting): Buja, Hastie & Tibshirani 1989.
    """
    effects = [np.zeros(sizes.size) for sizes in n]
    kinds = [kind for kind, sizes in enumerate(n) if 2 <= sizes.size < sizes.sum()]
    for _ in range(_MOST_ROUNDS):
        moved = 0.0
        for kind in kinds:
            before = effects[kind]
            effects[kind] = _shrunk(n[kind], *remainders(kind, effects))
            size = float(n[kind] @ effects[kind] ** 2)
            moved = max(moved, float(n[kind] @ (effects[kind] - before) ** 2) / size if size else 0.0)
        if moved <= _MOVED**2:
            break
    return effects


def _shrunk(n: np.ndarray, sums: np.ndarray, squares: float) -> np.ndarray:
    total, n_units = n.sum(), n.size
    effect = sums / n
    explained = float(n @ effect**2)
    within = max(squares - explained, 0.0) / (total - n_units)
    typical = (total - (n**2).sum() / total) / (n_units - 1)
    between = (explained / (n_units - 1) - within) / typical
    if between <= 0:
        return np.zeros(n_units)
    effect = effect * n * between / (n * between + within)
    found: np.ndarray = effect - n @ effect / total
    return found
