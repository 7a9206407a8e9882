from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from affectlens.simulation.world import History, WorldParams, make_history

ROOT = Path(__file__).parents[2]


def merged(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    both = dict(base)
    for key, value in changes.items():
        both[key] = merged(base[key], value) if isinstance(value, dict) and isinstance(base.get(key), dict) else value
    return both


@pytest.fixture(scope="session")
def world_params() -> Callable[..., WorldParams]:
    """A maker of small worlds: the base values, tiny sizes, and the given changes."""
    base = yaml.safe_load((ROOT / "conf/base/parameters_simulation.yml").read_text())["simulation"]
    tiny = {
        "time": {"years": 1, "window_days": 14},
        "population": {"n_users": 150, "gap_days": 12},
        "catalogue": {"n_contents": 250, "pool_size": 10},
        "media": {"max_images": 6, "max_clips": 3},
    }
    return lambda **changes: WorldParams.model_validate(merged(merged(base, tiny), changes))


@pytest.fixture(scope="session")
def history(world_params: Callable[..., WorldParams]) -> History:
    return make_history(world_params(), seed=3)
