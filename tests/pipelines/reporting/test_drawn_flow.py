"""The drawings of the flow show what the pipelines of this project hold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from affectlens.datasets import FlowDataset
from affectlens.pipelines.reporting.drawn_flow import draw_stage, draw_stages

Flow = dict[str, Any]


@pytest.fixture(scope="module")
def flow(project_root: Path) -> Flow:
    return FlowDataset().load()


def stages_of(flow: Flow) -> list[str]:
    return list(dict.fromkeys(node["stage"] for node in flow["nodes"]))


def read(flow: Flow, stage: str) -> set[tuple[str, str]]:
    """Every entry that a node of the stage reads, with the node."""
    nodes = [node for node in flow["nodes"] if node["stage"] == stage]
    entries = {entry["name"] for entry in flow["datasets"]}
    return {(entry, node["name"]) for node in nodes for entry in node["inputs"] if entry in entries}


def test_every_node_and_entry_of_a_stage_is_drawn_once(flow: Flow) -> None:
    for stage in stages_of(flow):
        boxes = [shape.box for shape in draw_stage(flow, stage).shapes]
        nodes = [node for node in flow["nodes"] if node["stage"] == stage]
        drawn = [name for box in boxes if not box.is_outside for name in box.names]
        assert sorted(drawn) == sorted(node["name"] for node in nodes)
        entries = [name for box in boxes for row in box.rows for name in row.names]
        written = [entry for node in nodes for entry in node["outputs"]]
        assert sorted(entries) == sorted({*written, *(entry for entry, _ in read(flow, stage))})


def test_a_line_leads_from_what_is_read_to_who_reads_it_and_no_line_is_missing(flow: Flow) -> None:
    for stage in stages_of(flow):
        drawing = draw_stage(flow, stage)
        boxes = {shape.id: shape.box for shape in drawing.shapes}
        drawn = {(line.what, line.ends[1]) for line in drawing.lines}
        rows = {name: ", ".join(row.names) for box in boxes.values() for row in box.rows for name in row.names}
        box_of = {name: place for place, box in boxes.items() if not box.is_outside for name in box.names}
        assert drawn == {(rows[entry], box_of[node]) for entry, node in read(flow, stage)}


def test_lines_run_from_left_to_right(flow: Flow) -> None:
    for stage in stages_of(flow):
        drawing = draw_stage(flow, stage)
        x = {shape.id: (shape.x, shape.x + shape.width) for shape in drawing.shapes}
        assert all(x[line.ends[0]][1] < x[line.ends[1]][0] for line in drawing.lines)


def test_everything_lies_within_the_drawing(flow: Flow) -> None:
    for drawing in (draw_stages(flow), *(draw_stage(flow, stage) for stage in stages_of(flow))):
        assert all(shape.x > 0 and shape.x + shape.width < drawing.width for shape in drawing.shapes)
        assert all(shape.y > 0 and shape.y + shape.height < drawing.height for shape in drawing.shapes)


def test_variants_of_a_node_share_a_box_unless_one_waits_for_another() -> None:
    names = {"a.x.fit": [], "a.y.fit": [], "a.z.fit": ["a.x.model"]}
    nodes = [
        {"name": name, "stage": "a", "inputs": inputs, "outputs": [name.replace("fit", "model")]}
        for name, inputs in names.items()
    ]
    entries = [
        {"name": node["outputs"][0], "written_by": node["name"],
         "read_by": [other["name"] for other in nodes if node["outputs"][0] in other["inputs"]]}
        for node in nodes
    ]  # fmt: skip
    drawing = draw_stage({"nodes": nodes, "datasets": entries}, "a")
    assert [shape.box.names for shape in drawing.shapes] == [("a.x.fit", "a.y.fit"), ("a.z.fit",)]
    assert [line.ends for line in drawing.lines] == [("box-a-0", "box-a-1")]


def test_an_arc_stands_for_every_pair_of_stages_that_hand_something_on(flow: Flow) -> None:
    stage_of = {node["name"]: node["stage"] for node in flow["nodes"]}
    pairs = {
        (f"box-{stage_of[entry['written_by']]}", f"box-{stage_of[reader]}")
        for entry in flow["datasets"]
        for reader in entry["read_by"]
        if entry["written_by"] and stage_of[reader] != stage_of[entry["written_by"]]
    }
    assert {line.ends for line in draw_stages(flow).lines} == pairs
