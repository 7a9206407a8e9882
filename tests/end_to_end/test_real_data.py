"""The real environments from the real files to a report, where AFFECTLENS_MIRROR names a folder that has them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from affectlens.session import StageSession

MIRROR = os.environ.get("AFFECTLENS_MIRROR", "")
# Budgets of continuous integration: the paths are those of a full run, the fits are short.
ONE_EPOCH = {"training": {"max_epochs": 1}}
SHORT: dict[str, dict[str, Any]] = {
    "facebook_live_sellers": {},
    "facebook_reactions": {},
    "upworthy": {},
    "goemotions": {
        "emotion": {"members": {"profile": "fast"}, **dict.fromkeys(("table_lstm", "cnn", "lstm", "gru"), ONE_EPOCH)},
        "gan": {
            "mixture": {"member": {"model": {"components": [8]}}},
            "vae": {"member": ONE_EPOCH},
            "flow": {"member": ONE_EPOCH},
            "wgan": {"member": {"training": {"steps": {"max_epochs": 1}}}},
            "text": ONE_EPOCH,
            "decoding": {"max_texts": 2000},
        },
    },
    "musical_instruments": {"emotion": {"cnn": ONE_EPOCH, "lstm": ONE_EPOCH}},
    "sequences": {
        "recommender": {
            "attention": {"model": {"width": 32}, **ONE_EPOCH},
            "ease": {"regularisations": [100.0], "decays": [0.6]},
            "item_knn": {"shrinkages": [10.0], "neighbours": [200], "decays": [0.6]},
        }
    },
}
STAGES: dict[str, set[str]] = {
    "facebook_live_sellers": set(),
    "facebook_reactions": set(),
    "upworthy": set(),
    "goemotions": {"emotion", "gan"},
    "musical_instruments": {"emotion", "gan", "recommender"},
    "sequences": {"recommender"},
}

# The data sets keep their own licences and lie outside the repository: without them there is nothing to run on.
pytestmark = pytest.mark.skipif(
    not Path(MIRROR).is_dir() or not MIRROR, reason="AFFECTLENS_MIRROR names no folder of real data"
)


@pytest.mark.parametrize("environment", list(SHORT))
def test_real_files_become_a_report(project_root: Path, tmp_path: Path, environment: str) -> None:
    options = {"data_root": str(tmp_path), **SHORT[environment]}
    with StageSession.create(project_path=project_root, env=environment, runtime_params=options) as session:
        session.run(pipeline_names=["analysis"])
    assert len(list(tmp_path.glob("08_reporting/report.html/*/report.html"))) == 1
    boards = {
        path.parents[1].stem.removesuffix("_leaderboard"): pd.read_parquet(path)
        for path in tmp_path.rglob("*_leaderboard.parquet/*/*.parquet")
    }
    assert set(boards) == STAGES[environment]
    for board in boards.values():
        assert board["is_baseline"].any()
        assert board["value"].notna().any()
