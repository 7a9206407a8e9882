"""Where each section comes from: the nodes and catalog entries behind it, and a page that lists them all."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Flow = Mapping[str, Any]


@dataclass(frozen=True)
class Origin:
    """What made a section.

    Attributes:
        node: its name.
        entries: the catalog entries that the node reads.
    """

    node: str
    entries: tuple[str, ...]


def origin_of(flow: Flow, section: str) -> Origin | None:
    """The node that writes a section, by the section's id; None if no node of the flow does.

    >>> node = {"name": "reporting.compose_run", "inputs": ["board", "params:x"], "outputs": ["run_section"]}
    >>> origin_of({"nodes": [node]}, "run")
    Origin(node='reporting.compose_run', entries=('board',))
    """
    name = section.replace("-", "_")
    written = {f"{name}_section", f"reporting.{name}.section", f"reporting.{name}.sections"}
    for node in flow["nodes"]:
        if written & set(node["outputs"]):
            entries = (entry for entry in node["inputs"] if not entry.startswith(("params:", "reporting.")))
            return Origin(node["name"], tuple(entries))
    return None


def stages_of(flow: Flow) -> list[dict[str, Any]]:
    """The stages in order, each with its nodes and with the catalog entries that they write."""
    stages: dict[str, list[Mapping[str, Any]]] = {}
    for node in flow["nodes"]:
        stages.setdefault(node["stage"], []).append(node)
    return [
        {"name": stage, "nodes": nodes, "entries": _written(flow, {node["name"] for node in nodes})}
        for stage, nodes in stages.items()
    ]


def sources_of(flow: Flow) -> list[Mapping[str, Any]]:
    """The catalog entries that no node writes."""
    return [entry for entry in flow["datasets"] if not entry["written_by"]]


def anchor(name: str) -> str:
    """A name as the id of an element.

    >>> anchor("emotion.cnn.checkpoint")
    'emotion-cnn-checkpoint'
    """
    return re.sub(r"[^\w]+", "-", name)


def _written(flow: Flow, nodes: set[str]) -> list[Mapping[str, Any]]:
    return [entry for entry in flow["datasets"] if entry["written_by"] in nodes]
