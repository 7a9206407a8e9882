from __future__ import annotations

import os
from pathlib import Path

import pytest
from kedro.framework.startup import bootstrap_project

import tiny_encoder

os.environ.setdefault("KEDRO_DISABLE_TELEMETRY", "1")

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def project_root() -> Path:
    bootstrap_project(ROOT)
    return ROOT


@pytest.fixture(scope="session")
def encoder_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_encoder.publish(tmp_path_factory.mktemp("encoder"))
