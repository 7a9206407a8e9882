"""The flow as drawings: the stages one below the other, and each stage as a graph of its nodes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from .flow import Flow, anchor
from .layering import Link, Place, Slot, lanes, tops
from .texts import Text, language, say, told

_CHARACTER = 6.7  # widest advance of the common monospaced fonts at 11 px
_MARGIN, _PADDING, _LINE, _HEAD, _GAP = 8.0, 9.0, 17.0, 25.0, 40.0
_STAGE_WIDTH, _STAGE_HEIGHT, _STAGE_STEP, _BULGE = 172.0, 38.0, 62.0, 20.0


@dataclass(frozen=True)
class Row:
    """A catalog entry that a box hands on, or the entries of one kind of all its variants.

    Attributes:
        names: of the entries.
        label: what the drawing calls them.
        leaves: whether another stage reads one of them.
    """

    names: tuple[str, ...]
    label: Text
    leaves: bool = False


@dataclass(frozen=True)
class Box:
    """One node with what it writes, or the same node of several variants; or what a stage reads from another one.

    Attributes:
        names: of the nodes; of the other stage, where the box stands for one.
        label: what the drawing calls them.
        column: from 0.
        rows: what the box hands on.
        reads: names of the entries that it reads.
        is_outside: whether it stands for another stage.
    """

    names: tuple[str, ...]
    label: Text
    column: int
    rows: tuple[Row, ...]
    reads: frozenset[str] = frozenset()
    is_outside: bool = False


@dataclass(frozen=True)
class Line:
    """A line between two boxes.

    Attributes:
        path: as SVG writes it.
        ends: the ids of the two boxes.
        what: the entries that travel.
    """

    path: str
    ends: tuple[str, str]
    what: str


@dataclass(frozen=True)
class Shape:
    """A box with its place, in pixels; `href` leads to the words about it."""

    id: str
    box: Box
    href: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Drawing:
    """Everything that the template draws."""

    width: float
    height: float
    shapes: Sequence[Shape]
    lines: Sequence[Line]


def draw_stages(flow: Flow) -> Drawing:
    """The stages in order, with an arc from each to every later one that reads what it writes."""
    stage_of = {node["name"]: node["stage"] for node in flow["nodes"]}
    stages = list(dict.fromkeys(stage_of.values()))
    shapes = []
    for at, stage in enumerate(stages):
        n = sum(found == stage for found in stage_of.values())
        box = Box((stage,), stage, 0, (Row((), say("{n} nodes", n=str(n))),))
        y = _MARGIN + at * _STAGE_STEP
        shapes.append(Shape(f"box-{stage}", box, f"#stage-{stage}", _MARGIN, y, _STAGE_WIDTH, _STAGE_HEIGHT))
    handed: dict[tuple[str, str], list[str]] = {}
    for entry in flow["datasets"]:
        for reader in {stage_of[name] for name in entry["read_by"]}:
            if entry["written_by"] and reader != stage_of[entry["written_by"]]:
                handed.setdefault((stage_of[entry["written_by"]], reader), []).append(entry["name"])
    order = sorted(handed, key=lambda pair: (stages.index(pair[0]), stages.index(pair[1])))
    lines = [
        Line(_arc(*(stages.index(stage) for stage in pair)), (f"box-{pair[0]}", f"box-{pair[1]}"),
             f"{pair[0]} → {pair[1]}: {', '.join(handed[pair])}")
        for pair in order
    ]  # fmt: skip
    width = 2 * _MARGIN + _STAGE_WIDTH + 0.75 * _BULGE * len(stages)
    return Drawing(width, 2 * _MARGIN + _STAGE_STEP * (len(stages) - 1) + _STAGE_HEIGHT, shapes, lines)


def draw_stage(flow: Flow, stage: str) -> Drawing:
    """The nodes of a stage from left to right, and what it reads from others right before its first reader."""
    boxes = {f"box-{stage}-{at}": box for at, box in enumerate(_boxes(flow, stage))}
    slots = {name: _slot(name, box) for name, box in boxes.items()}
    rows = {port: row for name, box in boxes.items() for port, row in zip(slots[name].ports, box.rows, strict=True)}
    ports = {entry: port for port, row in rows.items() for entry in row.names}
    links = [
        Link(port, name)
        for name, box in boxes.items()
        for port in dict.fromkeys(ports[entry] for entry in sorted(box.reads))
    ]
    y = tops(slots, links)
    left, right = _edges(boxes.values(), links, slots)
    shapes = [
        Shape(name, box, f"#{'stage' if box.is_outside else 'node'}-{anchor(box.names[0])}", left[box.column],
              _MARGIN + y[name], right[box.column] - left[box.column], slots[name].height)
        for name, box in boxes.items()
    ]  # fmt: skip
    lines = [
        Line(_curve(link, slots, y, left, right), (_owner(link.port), link.reader), ", ".join(rows[link.port].names))
        for link in links
    ]
    bottom = max(*(shape.y + shape.height for shape in shapes), _MARGIN + max(y.values()))
    return Drawing(right[-1] + _MARGIN, bottom + _MARGIN, shapes, lines)


def _boxes(flow: Flow, stage: str) -> list[Box]:
    """The nodes of a stage, those of equal variants as one box, after the boxes of what they read from other stages."""
    nodes = [node for node in flow["nodes"] if node["stage"] == stage]
    depth = _depths(nodes)
    alike: dict[tuple[int, str], list[Mapping[str, Any]]] = {}
    for node in nodes:
        alike.setdefault((depth[node["name"]], _pattern(node["name"])), []).append(node)
    stage_of = {node["name"]: node["stage"] for node in flow["nodes"]}
    going = {entry["name"] for entry in flow["datasets"] if {stage_of[name] for name in entry["read_by"]} - {stage}}
    inside = [_node_box(column, found, going) for (column, _), found in alike.items()]
    outside = _outside(flow, inside, {entry for node in nodes for entry in node["outputs"]}, stage_of)
    shift = -min(box.column for box in [*inside, *outside])
    return [replace(box, column=box.column + shift) for box in [*outside, *inside]]


def _depths(nodes: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """How many nodes of the stage stand before each, on the longest way; Kedro hands the nodes over in order."""
    writer = {entry: node["name"] for node in nodes for entry in node["outputs"]}
    depth: dict[str, int] = {}
    for node in nodes:
        depth[node["name"]] = 1 + max((depth[writer[entry]] for entry in node["inputs"] if entry in writer), default=-1)
    return depth


def _node_box(column: int, nodes: Sequence[Mapping[str, Any]], going: set[str]) -> Box:
    names = tuple(node["name"] for node in nodes)
    rows = _rows((entry for node in nodes for entry in node["outputs"]), going)
    reads = frozenset(entry for node in nodes for entry in node["inputs"] if not _is_parameter(entry))
    return Box(names, _label(names[0].rsplit(".", maxsplit=1)[-1], len(names)), column, rows, reads)


def _outside(flow: Flow, inside: Sequence[Box], written: set[str], stage_of: Mapping[str, str]) -> list[Box]:
    """What a stage reads from others, by stage and by the column before the first reader."""
    origin = {entry["name"]: stage_of.get(entry["written_by"], "sources") for entry in flow["datasets"]}
    groups: dict[tuple[str, int], list[str]] = {}
    for entry in sorted({entry for box in inside for entry in box.reads} - written):
        column = min(box.column for box in inside if entry in box.reads) - 1
        groups.setdefault((origin[entry], column), []).append(entry)
    return [
        Box((stage,), say("from {stage}", stage=stage), column, _rows(entries, set()), is_outside=True)
        for (stage, column), entries in groups.items()
    ]


def _rows(entries: Iterable[str], going: set[str]) -> tuple[Row, ...]:
    alike: dict[str, list[str]] = {}
    for entry in entries:
        alike.setdefault(_pattern(entry), []).append(entry)
    return tuple(
        Row(tuple(names), _label((names[0] if len(names) == 1 else pattern).split(".", maxsplit=1)[-1], len(names)),
            bool(going & set(names)))
        for pattern, names in alike.items()
    )  # fmt: skip


def _pattern(name: str) -> str:
    """A name without its variant.

    >>> _pattern("emotion.cnn.history"), _pattern("emotion.blend_members")
    ('emotion.*.history', 'emotion.blend_members')
    """
    return re.sub(r"^(\w+)\.\w+\.(\w+)$", r"\1.*.\2", name)


def _label(name: str, n: int) -> Text:
    return name if n == 1 else say("{name} × {n}", name=name, n=str(n))


def _is_parameter(entry: str) -> bool:
    return entry.startswith("params:") or entry == "parameters"


def _slot(name: str, box: Box) -> Slot:
    ports = {f"{name}/{at}": _HEAD + (at + 0.5) * _LINE for at in range(len(box.rows))}
    return Slot(box.column, _HEAD + _LINE * len(box.rows) + 5.0, _HEAD / 2, ports)


def _owner(port: str) -> str:
    return port.partition("/")[0]


def _edges(boxes: Iterable[Box], links: Iterable[Link], slots: Mapping[str, Slot]) -> tuple[list[float], list[float]]:
    """Where each column begins and ends: as wide as its longest label, and further from the next the more lines run."""
    english = language("en")
    longest: Counter[int] = Counter()
    for box in boxes:
        labels = [told(box.label, english), *(f"{told(row.label, english)}  " for row in box.rows)]
        longest[box.column] = max(longest[box.column], *map(len, labels))
    running = Counter(
        column for port, reader in links for column in range(slots[_owner(port)].column, slots[reader].column)
    )
    left, right = [], []
    x = _MARGIN
    for column in range(len(longest)):
        left.append(x)
        right.append(x + 2 * _PADDING + _CHARACTER * longest[column])
        x = right[-1] + _GAP + min(running[column], _GAP)
    return left, right


def _curve(
    link: Link, slots: Mapping[str, Slot], y: Mapping[Place, float], left: Sequence[float], right: Sequence[float]
) -> str:
    """From the row of the writer through its lanes to the head of the reader."""
    writer, reader = slots[_owner(link.port)], slots[link.reader]
    start = _MARGIN + y[_owner(link.port)] + writer.ports[link.port]
    stops = [(writer.column, start)]
    stops += [(lane.column, _MARGIN + y[lane]) for lane in lanes(writer.column, reader.column, link.port)]
    stops += [(reader.column, _MARGIN + y[link.reader] + reader.entry)]
    path = f"M{right[writer.column]:.0f} {start:.1f}"
    for (column, before), (next_column, after) in pairwise(stops):
        x, to = right[column], left[next_column]
        middle = (x + to) / 2
        path += f"H{x:.0f}C{middle:.0f} {before:.1f} {middle:.0f} {after:.1f} {to:.0f} {after:.1f}"
    return path


def _arc(first: int, second: int) -> str:
    """Down from a stage to the next, or around those between."""
    top = _MARGIN + first * _STAGE_STEP
    if second == first + 1:
        return f"M{_MARGIN + _STAGE_WIDTH / 2} {top + _STAGE_HEIGHT}V{_MARGIN + second * _STAGE_STEP}"
    x, out = _MARGIN + _STAGE_WIDTH, _BULGE * (second - first)
    start, end = top + 0.65 * _STAGE_HEIGHT, _MARGIN + second * _STAGE_STEP + 0.35 * _STAGE_HEIGHT
    return f"M{x} {start:.1f}C{x + out} {start:.1f} {x + out} {end:.1f} {x} {end:.1f}"
