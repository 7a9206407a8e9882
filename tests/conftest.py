from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings
from kedro.framework.startup import bootstrap_project

import tiny_encoder

os.environ.setdefault("KEDRO_DISABLE_TELEMETRY", "1")
settings.register_profile("steady", deadline=None, derandomize=True, max_examples=50)  # no test may fail by the clock
settings.load_profile("steady")

ROOT = Path(__file__).parents[1]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One process for the tests of a file, which share its fixtures, and one for all that read the made-up report."""
    for item in items:
        home = item.path.parent if item.path.parent.name == "reporting" else item.path
        item.add_marker(pytest.mark.xdist_group(str(home.relative_to(ROOT))))


@pytest.fixture(scope="session")
def project_root() -> Path:
    bootstrap_project(ROOT)
    return ROOT


@pytest.fixture(scope="session")
def encoder_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_encoder.publish(tmp_path_factory.mktemp("encoder"))
