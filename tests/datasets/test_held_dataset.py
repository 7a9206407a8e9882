from __future__ import annotations

from multiprocessing.managers import SyncManager

import pytest
from kedro.io.core import DatasetError
from kedro.runner.parallel_runner import ParallelRunnerManager

from affectlens.datasets import HeldDataset


def test_within_one_process_it_is_the_very_object() -> None:
    dataset, held = HeldDataset(metadata={"kedro-viz": {"layer": "raw"}}), [1, 2]
    dataset.save(held)
    assert dataset.load() is held


def test_nothing_is_there_before_it_was_saved() -> None:
    with pytest.raises(DatasetError):
        HeldDataset().load()


def test_between_processes_it_is_an_equal_one() -> None:
    manager: SyncManager = ParallelRunnerManager()
    with manager:
        dataset, held = HeldDataset(), [1, 2]
        dataset.set_manager(manager)
        dataset.save(held)
        assert dataset.load() == held
        assert dataset.load() is not held
