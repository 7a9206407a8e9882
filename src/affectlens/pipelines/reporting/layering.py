"""A layered drawing: boxes in columns, each line through its own lane, few crossings, lines as straight as they get."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from scipy.optimize import linprog

_SWEEPS = 12
_BOX_GAP, _LANE_GAP = 14.0, 7.0
_LANE_WEIGHT = 4.0  # a bend between two lanes catches the eye more than one beside a box (Gansner et al. 1993)


class Link(NamedTuple):
    """A line from a port of one box to the port of a box in a later column."""

    port: str
    reader: str


class Lane(NamedTuple):
    """Where the lines of a port pass a column in which none of them ends."""

    port: str
    column: int


Place = str | Lane


@dataclass(frozen=True)
class Slot:
    """What stands in a column.

    Attributes:
        column: which one, from 0.
        height: of the box.
        entry: how far below its top lines arrive.
        ports: how far below its top each line leaves, by the name of the port.
    """

    column: int
    height: float
    entry: float
    ports: Mapping[str, float]


def tops(slots: Mapping[str, Slot], links: Sequence[Link]) -> dict[Place, float]:
    """How far down each box and each lane lies, from 0.

    Layers and lanes after Sugiyama, Tagawa & Toda 1981; the order in a column by barycentres; the places by the linear
    program of Gansner et al. 1993, "A technique for drawing directed graphs", which makes lines least steep in sum.

    >>> slots = {name: Slot(column, 10, 5, {name: 5}) for column, name in enumerate("abc")}
    >>> tops(slots, [Link("a", "b"), Link("b", "c")])
    {'a': 0.0, 'b': 0.0, 'c': 0.0}
    """
    steps = _steps(slots, links)
    passed = dict.fromkeys(place for step in steps for place in step if isinstance(place, Lane))
    everything: dict[Place, Slot] = {lane: Slot(lane.column, 0.0, 0.0, {lane.port: 0.0}) for lane in passed}
    everything.update(slots)
    ports = [(before, after, everything[before].ports[port]) for (before, after), port in steps.items()]
    columns = _ordered(everything, list(steps))
    return _heights(columns, everything, ports)


def lanes(column: int, reader: int, port: str) -> list[Lane]:
    """The lanes of a port between two columns."""
    return [Lane(port, between) for between in range(column + 1, reader)]


def _steps(slots: Mapping[str, Slot], links: Sequence[Link]) -> dict[tuple[Place, Place], str]:
    """The links cut at the columns that they pass, each with its port; lines of one port share their lanes."""
    owner = {port: name for name, slot in slots.items() for port in slot.ports}
    steps: dict[tuple[Place, Place], str] = {}
    for port, reader in links:
        between = lanes(slots[owner[port]].column, slots[reader].column, port)
        way: list[Place] = [owner[port], *between, reader]
        for step in pairwise(way):
            steps.setdefault(step, port)
    return steps


def _ordered(slots: Mapping[Place, Slot], steps: Sequence[tuple[Place, Place]]) -> list[list[Place]]:
    """The places of each column from top to bottom: the order with fewest crossings that sweeping to and fro meets."""
    columns = [[place for place, slot in slots.items() if slot.column == column] for column in _columns(slots)]
    sides: tuple[dict[Place, list[Place]], ...] = (defaultdict(list), defaultdict(list))
    for before, after in steps:
        sides[0][after].append(before)
        sides[1][before].append(after)
    best, least = columns, _crossings(columns, slots, steps)
    for sweep in range(_SWEEPS):
        columns = _swept(columns, sides[sweep % 2], from_left=sweep % 2 == 0)
        if (count := _crossings(columns, slots, steps)) < least:
            best, least = columns, count
    return best


def _swept(
    columns: Sequence[Sequence[Place]], neighbours: Mapping[Place, Sequence[Place]], *, from_left: bool
) -> list[list[Place]]:
    """Each column sorted by the mean place of its neighbours in the column before it."""
    swept: list[list[Place]] = []
    for column in columns if from_left else columns[::-1]:
        known = {place: at / len(swept[-1]) for at, place in enumerate(swept[-1])} if swept else {}
        rank = {
            place: float(np.mean([known[other] for other in neighbours.get(place, ())]))
            if known and neighbours.get(place)
            else at / len(column)
            for at, place in enumerate(column)
        }
        swept.append(sorted(column, key=rank.__getitem__))
    return swept if from_left else swept[::-1]


def _crossings(
    columns: Sequence[Sequence[Place]], slots: Mapping[Place, Slot], steps: Sequence[tuple[Place, Place]]
) -> int:
    """How many pairs of lines cross."""
    at = {place: row for column in columns for row, place in enumerate(column)}
    total = 0
    for column in range(len(columns)):
        ends = [(at[before], at[after]) for before, after in steps if slots[before].column == column]
        left, right = np.array(ends, dtype=int).reshape(-1, 2).T
        total += int(((left[:, None] < left) & (right[:, None] > right)).sum())
    return total


def _heights(
    columns: Sequence[Sequence[Place]], slots: Mapping[Place, Slot], steps: Sequence[tuple[Place, Place, float]]
) -> dict[Place, float]:
    """Tops that keep the order and the gaps and make the lines least steep in sum."""
    number = {place: at for at, place in enumerate(place for column in columns for place in column)}
    n, m = len(number), len(steps)
    rows: list[np.ndarray] = []
    bounds: list[float] = []
    for column in columns:
        for above, below in pairwise(column):
            gap = _LANE_GAP if isinstance(above, Lane) and isinstance(below, Lane) else _BOX_GAP
            rows.append(_row(n + m, {number[above]: 1.0, number[below]: -1.0}))
            bounds.append(-slots[above].height - gap)
    cost = np.zeros(n + m)
    for at, (before, after, port) in enumerate(steps):
        cost[n + at] = _LANE_WEIGHT if isinstance(before, Lane) and isinstance(after, Lane) else 1.0
        for sign in (1.0, -1.0):
            rows.append(_row(n + m, {number[before]: sign, number[after]: -sign, n + at: -1.0}))
            bounds.append(sign * (slots[after].entry - port))
    solved = linprog(cost, A_ub=np.array(rows), b_ub=bounds) if rows else None
    found = np.zeros(n) if solved is None else solved.x[:n]
    return {place: round(float(found[at] - found.min()), 1) for place, at in number.items()}


def _row(length: int, values: Mapping[int, float]) -> np.ndarray:
    row = np.zeros(length)
    row[list(values)] = list(values.values())
    return row


def _columns(slots: Mapping[Place, Slot]) -> range:
    return range(1 + max(slot.column for slot in slots.values()))
