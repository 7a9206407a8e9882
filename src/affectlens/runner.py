"""Nodes side by side: the embedded world's many small fits keep every core busy, one thread each."""

from __future__ import annotations

import heapq
import itertools
import os
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from threading import RLock
from typing import Any

from kedro.io import CatalogProtocol
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node
from kedro.runner import ParallelRunner
from threadpoolctl import threadpool_limits


class ProcessRunner(ParallelRunner):
    """Kedro's `ParallelRunner`, departing from it in three points.

    Each worker computes with its share of the cores, so that two nodes do not fight for both. Of the nodes that could
    run, the one with the longest chain of others behind it comes first. Workers are forked: they know the project and
    its hooks.
    """

    def run(self, pipeline: Pipeline, catalog: CatalogProtocol[Any, Any], *arguments: Any, **options: Any) -> Any:
        """Run a pipeline; see `AbstractRunner.run`."""
        self._waiting = chain_lengths(pipeline)
        return super().run(pipeline, catalog, *arguments, **options)

    def _get_executor(self, max_workers: int) -> Executor:
        return UrgentFirst(max_workers, lambda task: self._waiting[task.node.name])


def chain_lengths(pipeline: Pipeline) -> dict[str, int]:
    """Of each node, how many nodes the longest chain has that begins with it."""
    lengths: dict[str, int] = {}
    followers: dict[Node, list[Node]] = {node: [] for node in pipeline.nodes}
    for node, needed in pipeline.node_dependencies.items():
        for earlier in needed:
            followers[earlier].append(node)
    for node in reversed(pipeline.nodes):  # sorted, so that followers come first
        lengths[node.name] = 1 + max((lengths[each.name] for each in followers[node]), default=0)
    return lengths


class UrgentFirst(ProcessPoolExecutor):
    """A pool that hands a task to a worker only when one is free, and then the most urgent one."""

    def __init__(self, max_workers: int, urgency: Callable[[Any], int]) -> None:
        threads = max(1, (os.cpu_count() or 1) // max_workers)
        super().__init__(max_workers, get_context("fork"), initializer=_share_cores, initargs=(threads,))
        self._free, self._urgency = max_workers, urgency
        self._queue: list[tuple[int, int, Callable[[], Any], Future[Any]]] = []
        self._number, self._lock = itertools.count(), RLock()

    def submit(self, task: Callable[[], Any]) -> Future[Any]:  # type: ignore[override]  # Kedro gives no arguments
        """Queue a task."""
        promise: Future[Any] = Future()
        with self._lock:
            heapq.heappush(self._queue, (-self._urgency(task), next(self._number), task, promise))
            self._hand_out()
        return promise

    def _hand_out(self) -> None:
        while self._free and self._queue:
            *_, task, promise = heapq.heappop(self._queue)
            self._free -= 1
            super().submit(task).add_done_callback(partial(self._keep, promise))

    def _keep(self, promise: Future[Any], done: Future[Any]) -> None:
        error = done.exception()
        with self._lock:
            self._free += 1
            if error is None:
                self._hand_out()
            else:  # the run ends here: nothing else begins
                self._queue.clear()
        if error is None:
            promise.set_result(done.result())
        else:
            promise.set_exception(error)


def _share_cores(threads: int) -> None:
    """Limit the libraries that are loaded, and those that will be."""
    threadpool_limits(threads)
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = str(threads)
