"""What happens around a run: sources get their configuration, each run leaves a manifest, the report is named."""

from __future__ import annotations

import hashlib
import json
import logging
import subprocess
import time
from collections.abc import Mapping, MutableMapping
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.io import CatalogProtocol, SharedMemoryDataCatalog
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node
from pydantic import BaseModel

PRIMARY = (
    "users",
    "contents",
    "interactions",
    "utterances",
    "emotion_labels",
    "annotations",
    "reaction_counts",
    "media",
)

logger = logging.getLogger(__name__)


class ChainHooks:
    """Configures sources, times nodes and writes `08_reporting/runs/<run id>.json`."""

    def __init__(self) -> None:
        self._project = Path()
        self._parameters: Any = {}
        self._n_nodes = 0
        self._started: dict[str, float] = {}
        self._begun: MutableMapping[str, bool] = {}
        self._seconds: MutableMapping[str, float] = {}

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Remember where the project lies, and with which parameters it runs."""
        self._project = context.project_path
        self._parameters = _plain(context.params)

    @hook_impl
    def after_catalog_created(self, catalog: CatalogProtocol[Any, Any], parameters: dict[str, Any]) -> None:
        """Hand over what datasets need before any node runs: the source, who lends a model, the catalog to be shown."""
        for name in catalog.keys():  # noqa: SIM118  a catalog is not a mapping
            if name.startswith("raw_") and (configure := getattr(catalog.get(name), "configure", None)):
                configure(parameters["params:source"])
        if (lent := catalog.get("lent_emotion_checkpoint")) is not None:
            lent.configure(self._project / parameters["params:emotion_model"])
        if (flow := catalog.get("flow")) is not None:
            flow.configure(catalog)

    @hook_impl
    def before_pipeline_run(self, pipeline: Pipeline, catalog: CatalogProtocol[Any, Any]) -> None:
        """Count the nodes, so that progress has an end; where nodes run in processes, these share the count."""
        self._n_nodes = len(pipeline.nodes)
        self._begun, self._seconds = {}, {}
        if isinstance(catalog, SharedMemoryDataCatalog):
            self._shared = get_context("spawn").Manager()  # a fork would keep a copy of this process alive
            self._begun, self._seconds = self._shared.dict(), self._shared.dict()

    @hook_impl
    def before_node_run(self, node: Node) -> None:
        """Say what starts, and start its clock."""
        self._begun[node.name] = True
        logger.info("%d/%d %s", len(self._begun), self._n_nodes, node.name)
        self._started[node.name] = time.perf_counter()

    @hook_impl
    def after_node_run(self, node: Node) -> None:
        """Stop a node's clock."""
        self._seconds[node.name] = round(time.perf_counter() - self._started[node.name], 3)

    @hook_impl
    def after_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: CatalogProtocol[Any, Any]
    ) -> None:
        """Write the manifest of the run and say where its report lies."""
        if "report" not in catalog:
            return
        folder = Path(str(getattr(catalog.get("report"), "_filepath", "")))
        report = folder / run_params["run_id"] / folder.name
        manifest = {
            "run_id": run_params["run_id"],
            "environment": run_params["env"] or "base",
            "pipelines": run_params["pipeline_names"],
            "runtime_params": run_params["runtime_params"],
            "code": _git_revision(),
            "parameters": self._parameters,
            "data": {name: _fingerprint(path) for name in PRIMARY if (path := _file_of(catalog, name)).is_file()},
            "seconds_by_node": dict(self._seconds),
        }
        path = folder.parent / "runs" / f"{run_params['run_id']}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(manifest, indent=1, default=str))
        if "report" in pipeline.all_outputs():
            from affectlens.pipelines.reporting.listing import write_listing

            logger.info("All reports: %s", write_listing(self._project, self._parameters["reporting"]["language"]))
            logger.info("Report: %s", report.resolve())


def _plain(value: Any) -> Any:
    """Parameters without their models."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, Mapping):
        return {str(name): _plain(part) for name, part in value.items()}
    return [_plain(part) for part in value] if isinstance(value, list | tuple) else value


def _file_of(catalog: CatalogProtocol[Any, Any], name: str) -> Path:
    return Path(str(getattr(catalog.get(name), "_filepath", "")))


def _fingerprint(path: Path) -> dict[str, Any]:
    """Number of rows and digest of a table on disk."""
    from pyarrow.parquet import ParquetFile

    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"rows": ParquetFile(path).metadata.num_rows, "sha256": digest}


def _git_revision() -> str | None:
    """The commit of the working tree, with a mark if it differs; None outside a checkout."""
    command = ["git", "describe", "--always", "--dirty"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=10)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
