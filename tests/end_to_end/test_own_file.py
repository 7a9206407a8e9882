"""`affectlens recommend FILE`: one command, no code."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from kedro.framework.project import configure_project

N_USERS, N_EVENTS, N_ITEMS = 40, 12, 30
ATTENTION = "recommender.attention"
SMALL = f"{ATTENTION}.training.max_epochs=1,{ATTENTION}.model.width=16,reporting.attention.n_resamples=50"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    generator = np.random.default_rng(0)
    user = np.repeat(np.arange(N_USERS), N_EVENTS)
    seconds = generator.permutation(len(user)) * 3600 + 1_700_000_000
    item = (user % 5 * 6 + generator.integers(0, 9, len(user))) % N_ITEMS
    frame = pd.DataFrame({"customer": [f"c{number}" for number in user], "sku": item, "ts": seconds})
    path = tmp_path / "shop.csv"
    frame.to_csv(path, index=False)
    return path


def test_a_file_becomes_a_leaderboard_and_recommendations_under_its_own_ids(
    project_root: Path, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project_root)
    configure_project("affectlens")
    from affectlens.cli import affectlens

    out = tmp_path / "out"
    result = CliRunner().invoke(affectlens, ["recommend", str(file), "--k", "3", "--out", str(out), "--params", SMALL])
    assert result.exit_code == 0, result.output
    assert "ndcg@10" in result.output
    lists, seen = pd.read_csv(out / "recommendations.csv", dtype={"content_id": "str"}), pd.read_csv(file)
    assert set(lists["user_id"]) == set(seen["customer"])
    assert (lists.groupby("user_id")["rank"].max() == 3).all()
    consumed = set(zip(seen["customer"], seen["sku"].astype("str"), strict=True))
    assert not consumed & set(zip(lists["user_id"], lists["content_id"], strict=True))
    board = pd.read_csv(out / "leaderboard.csv")
    assert {"popularity", "item_knn", "ease", "attention"} <= set(board["model"])
    assert len(list(out.glob("08_reporting/report.html/*/report.html"))) == 1
    news = pd.DataFrame(
        {"customer": "c1", "sku": [lists.loc[lists["user_id"] == "c1", "content_id"].iloc[0]], "ts": 1_800_000_000}
    )
    news.to_csv(tmp_path / "news.csv", index=False)
    again = CliRunner().invoke(affectlens, ["refresh", str(tmp_path / "news.csv"), "--k", "3", "--out", str(out)])
    assert again.exit_code == 0, again.output
    refreshed = pd.read_csv(out / "refreshed.csv", dtype={"content_id": "str"})
    assert set(refreshed["user_id"]) == {"c1"}
    assert news["sku"].iloc[0] not in set(refreshed["content_id"])
