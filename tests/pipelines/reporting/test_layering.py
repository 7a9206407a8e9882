"""The layout of layered drawings."""

from __future__ import annotations

from itertools import pairwise

import pytest

from affectlens.pipelines.reporting.layering import Lane, Link, Slot, tops


def slot(name: str, column: int, height: float = 20.0) -> Slot:
    return Slot(column, height, height / 2, {name: height / 2})


def test_boxes_of_a_column_never_overlap() -> None:
    slots = {
        f"{column}{row}": slot(f"{column}{row}", column, 20.0 + 7 * row) for column in range(3) for row in range(6)
    }
    links = [
        Link(f"{column}{row}", f"{column + 1}{other}") for column in range(2) for row in range(6) for other in (0, 3)
    ]
    y = tops(slots, links)
    for column in range(3):
        spans = sorted((y[name], y[name] + slots[name].height) for name in slots if slots[name].column == column)
        assert all(above[1] < below[0] for above, below in pairwise(spans))


def test_lines_that_need_not_cross_do_not_cross() -> None:
    left, right = ("a", "b", "c"), ("z", "y", "x")
    slots = {name: slot(name, column) for column, names in enumerate((left, right)) for name in names}
    y = tops(slots, [Link("a", "x"), Link("b", "y"), Link("c", "z")])
    assert sorted(left, key=y.__getitem__) == sorted("abc", key=lambda name: y["xyz"["abc".index(name)]])


def test_a_line_passes_a_column_beside_its_boxes() -> None:
    slots = {name: slot(name, column) for column, name in enumerate("abc")}
    y = tops(slots, [Link("a", "b"), Link("b", "c"), Link("a", "c")])
    assert not y["b"] < y[Lane("a", 1)] < y["b"] + 20


def test_lines_of_one_port_share_their_lanes() -> None:
    slots = {"a": slot("a", 0), "b": slot("b", 3), "c": slot("c", 3)}
    y = tops(slots, [Link("a", "b"), Link("a", "c")])
    assert [place for place in y if isinstance(place, Lane)] == [Lane("a", 1), Lane("a", 2)]


@pytest.mark.parametrize("n", [1, 3])
def test_boxes_without_lines_stand_below_each_other(n: int) -> None:
    y = tops({str(at): slot(str(at), 0) for at in range(n)}, [])
    assert [y[str(at)] for at in range(n)] == [34.0 * at for at in range(n)]
