from __future__ import annotations

import time
from functools import partial
from pathlib import Path

import pytest
from kedro.io import MemoryDataset, SharedMemoryDataCatalog
from kedro.pipeline import Pipeline, node

from affectlens.datasets import HeldDataset
from affectlens.runner import ProcessRunner, UrgentFirst, chain_lengths


def _double(number: int) -> int:
    return 2 * number


def _add(left: int, right: int) -> int:
    return left + right


def _refuse(number: int) -> int:
    raise ValueError(f"{number} is refused")


def _n_threads(number: int) -> int:
    from threadpoolctl import threadpool_info

    return max((each["num_threads"] for each in threadpool_info()), default=number)


def _write(file: Path, name: str, seconds: float) -> str:
    time.sleep(seconds)
    with file.open("a") as lines:
        lines.write(f"{name}\n")
    return name


def _results(pipeline: Pipeline, **held: HeldDataset) -> dict[str, int]:
    """What a run with a = 1 gives; the runner must outlive what it shares."""
    runner = ProcessRunner(max_workers=2)
    outputs = runner.run(pipeline, SharedMemoryDataCatalog({"a": MemoryDataset(1), **held}))
    return {name: dataset.load() for name, dataset in outputs.items()}


FORK = Pipeline(
    [
        node(_double, "a", "b", name="first"),
        node(_double, "b", "c", name="long"),
        node(_double, "c", "d", name="longer"),
        node(_double, "b", "e", name="short"),
        node(_add, ["d", "e"], "f", name="last"),
    ]
)


def test_the_chain_behind_a_node_is_the_longest_one() -> None:
    assert chain_lengths(FORK) == {"first": 4, "long": 3, "longer": 2, "short": 2, "last": 1}


@pytest.mark.usefixtures("project_root")
def test_what_one_worker_made_another_reads() -> None:
    assert _results(FORK, b=HeldDataset()) == {"f": 12}


@pytest.mark.usefixtures("project_root")
def test_an_error_in_a_worker_stops_the_run_with_its_message() -> None:
    failing = Pipeline([node(_double, "a", "b", name="first"), node(_refuse, "b", "c", name="second")])
    with pytest.raises(ValueError, match="2 is refused"):
        _results(failing)


@pytest.mark.usefixtures("project_root")
def test_workers_share_the_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    several = Pipeline([node(_n_threads, "a", name, name=name) for name in ("left", "right")])
    assert _results(several) == {"left": 1, "right": 1}


def test_the_most_urgent_of_the_waiting_tasks_is_the_next(tmp_path: Path) -> None:
    file, urgency = tmp_path / "order", {"running": 0, "low": 1, "high": 2}
    with UrgentFirst(1, lambda task: urgency[task.args[1]]) as pool:
        promises = [
            pool.submit(partial(_write, file, name, 0.5 if name == "running" else 0.0))
            for name in ("running", "low", "high")
        ]
        assert [promise.result() for promise in promises] == ["running", "low", "high"]
    assert file.read_text().split() == ["running", "high", "low"]


def test_after_an_error_nothing_else_begins(tmp_path: Path) -> None:
    file = tmp_path / "order"
    with UrgentFirst(1, lambda _: 0) as pool:
        failing = pool.submit(partial(_refuse, 3))
        pool.submit(partial(_write, file, "late", 0.0))
        with pytest.raises(ValueError, match="3 is refused"):
            failing.result()
    assert not file.exists()
