from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

START = pd.Timestamp("2025-01-01", tz="UTC")
N_USERS, N_ITEMS, N_SAMPLES, WIDTH = 30, 25, 3, 4


@pytest.fixture
def sequences() -> pd.DataFrame:
    """Thirty users with a favourite corner of the catalogue, ten days, split at day 7 and day 8.5."""
    generator = np.random.default_rng(0)
    user = np.repeat(np.arange(N_USERS), 12)
    day = np.sort(generator.uniform(0, 10, (N_USERS, 12)), axis=1).ravel()
    item = (user % 5 * 5 + generator.integers(0, 7, len(user))) % N_ITEMS
    occurred_at = START + pd.to_timedelta(day, unit="D")
    return pd.DataFrame(
        {
            "user_id": [f"user{number}" for number in user],
            "content_id": [f"item{number}" for number in item],
            "step": np.tile(np.arange(12), N_USERS),
            "occurred_at": occurred_at,
            "kind": generator.choice(["view", "like"], len(user)),
            "dwell_s": generator.exponential(20, len(user)),
            "surface": "feed",
            "value": np.nan,
            "is_liked": generator.random(len(user)) < np.where(user % 5 == item % 5, 0.8, 0.2),
            "is_commented": pd.NA,
            "is_shared": False,
            "gap_s": pd.Series(occurred_at).groupby(user).diff().dt.total_seconds(),
            "split": np.select([day < 7, day < 8.5], ["train", "valid"], default="test"),
        }
    )


@pytest.fixture
def contents() -> pd.DataFrame:
    vectors = np.random.default_rng(1).normal(size=(N_ITEMS, WIDTH)).astype(np.float32)
    ids = [f"item{number}" for number in range(N_ITEMS)]
    return pd.DataFrame({"content_id": ids, "created_at": START, "vector": list(vectors)})


@pytest.fixture
def generated() -> pd.DataFrame:
    generator = np.random.default_rng(2)
    days = np.tile([0.0, 4.0, 8.0], N_USERS)
    return pd.DataFrame(
        {
            "state_id": [f"user{row // 3}/{row % 3}" for row in range(3 * N_USERS)],
            "user_id": [f"user{row // 3}" for row in range(3 * N_USERS)],
            "occurred_at": START + pd.to_timedelta(days, unit="D"),
            "n_samples": N_SAMPLES,
            "vectors": list(generator.normal(size=(3 * N_USERS, N_SAMPLES * WIDTH)).astype(np.float32)),
        }
    )


@pytest.fixture(scope="session")
def parameters(project_root: Path) -> dict[str, Any]:
    """`recommender` of conf/base, with the smallest of everything."""
    base = yaml.safe_load((project_root / "conf/base/parameters_recommender_training.yml").read_text())["recommender"]
    base["evaluation"] |= {"block": 7, "jackknife_groups": 5, "n_candidates": 6}
    base["attention"]["model"] |= {"width": 8, "n_blocks": 1, "match_width": 3}
    base["attention"]["training"] |= {"max_epochs": 2, "batch_size": 64}
    return base
