"""The pipelines of this project as plain data, so that a page can show them."""

from __future__ import annotations

import re
from typing import Any, NoReturn

from kedro.io import AbstractDataset, CatalogProtocol
from kedro.io.core import DatasetError
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node


class FlowDataset(AbstractDataset[NoReturn, dict[str, Any]]):
    """Every node and every dataset of every stage, read off the registry and the catalog."""

    def __init__(self, *, metadata: dict[str, Any] | None = None) -> None:
        self.metadata = metadata
        self._entries: CatalogProtocol[Any, Any] | None = None

    def configure(self, catalog: CatalogProtocol[Any, Any]) -> None:
        """Take the catalog whose entries are shown."""
        self._entries = catalog

    def load(self) -> dict[str, Any]:
        """`nodes` (name, stage, what it does, inputs, outputs) and `datasets` (name, kind, file, writer, readers)."""
        from kedro.framework.project import pipelines

        from affectlens.pipeline_registry import STAGES

        pipelines.set_requested(None)
        stages = {stage: pipelines[stage] for stage in STAGES}
        nodes = [_node(stage, node) for stage, pipeline in stages.items() for node in pipeline.nodes]
        return {"nodes": nodes, "datasets": [self._dataset(name, nodes) for name in _names(stages)]}

    def save(self, data: NoReturn) -> None:  # noqa: ARG002
        """Refuse: the flow is written in code."""
        raise DatasetError("the flow of the pipelines is only read")

    def _dataset(self, name: str, nodes: list[dict[str, Any]]) -> dict[str, Any]:
        entry = getattr(self._entries, "config_resolver", None)
        config = {} if entry is None else entry.resolve_pattern(name)
        return {
            "name": name,
            "type": str(config.get("type", "")).rsplit(".", maxsplit=1)[-1],
            "file": _from_data_root(str(config.get("filepath", ""))),
            "written_by": next((node["name"] for node in nodes if name in node["outputs"]), ""),
            "read_by": [node["name"] for node in nodes if name in node["inputs"]],
        }

    def _describe(self) -> dict[str, Any]:
        return {}


def _from_data_root(path: str) -> str:
    """A path as the eight folders of Kedro name it, or else its file's name, whatever machine it lies on.

    >>> _from_data_root("/home/ann/data/envs/test/03_primary/users.parquet"), _from_data_root("/home/ann/data/key")
    ('03_primary/users.parquet', 'key')
    """
    return re.sub(r"^.*/(?=\d\d_[a-z_]+/)|^/.*/", "", path)


def _names(stages: dict[str, Pipeline]) -> list[str]:
    found = {name for pipeline in stages.values() for name in pipeline.datasets()}
    return sorted(name for name in found if not name.startswith("params:") and name != "parameters")


def _node(stage: str, node: Node) -> dict[str, Any]:
    does = (node.func.__doc__ or "").strip().split("\n", maxsplit=1)[0]
    return {"name": node.name, "stage": stage, "does": does, "inputs": list(node.inputs), "outputs": list(node.outputs)}
