"""The parameters of the test environment, as the session merges them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[3]


def _merged(base: Any, change: Any) -> Any:
    if not isinstance(base, dict) or not isinstance(change, dict):
        return change
    return base | {key: _merged(base.get(key), value) for key, value in change.items()}


@pytest.fixture(scope="session")
def gan_parameters() -> dict[str, Any]:
    """`gan` of the test environment."""
    files = [ROOT / f"conf/{env}/parameters_gan_training.yml" for env in ("base", "test")]
    base, test = (yaml.safe_load(path.read_text())["gan"] for path in files)
    return _merged(base, test)
