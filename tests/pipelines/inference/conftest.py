from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from affectlens.models.checkpoint import Checkpoint
from affectlens.models.recommender.attention import AttentionParams
from affectlens.models.recommender.catalogue import catalogue_of, generated_content_of
from affectlens.models.recommender.histories import histories_of
from affectlens.pipelines.inference.chain import Chain, open_chain
from affectlens.training.recommender import new_attention_model

N_USERS, N_ITEMS, WIDTH, N_SAMPLES = 12, 30, 6, 4
ATTENTION = {
    "width": 8,
    "n_blocks": 1,
    "n_heads": 1,
    "expansion": 2,
    "dropout": 0.0,
    "max_length": 10,
    "overlap": 2,
    "n_dwell_buckets": 4,
    "n_gap_buckets": 4,
    "n_age_buckets": 4,
    "age_unit_hours": 6,
    "heat_half_life_days": 7.0,
    "heat_floor": 0.1,
    "match_width": 4,
    "similarity": "dot",
    "temperature": 1.0,
    "item_dropout": 0.0,
    "item_start": "random",
}


def start() -> pd.Timestamp:
    return pd.Timestamp("2030-01-01", tz="UTC")


@pytest.fixture
def tables() -> dict[str, pd.DataFrame]:
    generator = np.random.default_rng(0)
    steps = 6
    consumed = np.argsort(generator.random((N_USERS, N_ITEMS)), axis=1)[:, :steps]
    sequences = pd.DataFrame(
        {
            "user_id": np.repeat([f"user{i}" for i in range(N_USERS)], steps),
            "content_id": [f"c{i}" for i in consumed.ravel()],
            "step": np.tile(np.arange(steps), N_USERS),
            "kind": "view",
            "dwell_s": 5.0,
            "gap_s": 60.0,
            "surface": "feed",
            "value": np.nan,
            "is_liked": False,
            "is_commented": False,
            "is_shared": False,
            "split": np.tile(["train"] * 4 + ["valid", "test"], N_USERS),
        }
    )
    sequences["occurred_at"] = start() + pd.to_timedelta(sequences["step"] + 1, unit="D")
    contents = pd.DataFrame({"content_id": [f"c{i}" for i in range(N_ITEMS)], "created_at": start()})
    contents["vector"] = list(generator.standard_normal((N_ITEMS, WIDTH)).astype(np.float32))
    generated = pd.DataFrame({"user_id": [f"user{i}" for i in range(N_USERS)], "occurred_at": start(), "n_samples": 4})
    generated["vectors"] = list(generator.standard_normal((N_USERS, N_SAMPLES * WIDTH)).astype(np.float32))
    return {"sequences": sequences, "contents": contents, "generated": generated}


@pytest.fixture
def chain(tables: dict[str, pd.DataFrame]) -> Chain:
    catalogue, content = (
        catalogue_of(tables["contents"], tables["sequences"]),
        generated_content_of(tables["generated"]),
    )
    users = tables["sequences"]["user_id"].astype(object).unique()
    train = histories_of(tables["sequences"], users, catalogue, content)
    model, sizes = new_attention_model(catalogue, train, content, AttentionParams.model_validate(ATTENTION), seed=1)
    checkpoint = Checkpoint.of(model, "attention", sizes)
    return open_chain(checkpoint, tables["sequences"], tables["contents"], tables["generated"])
