from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from affectlens.sources import Tables, read_source, source_params

HEAD = (
    ",timestamp,item_id,position,click,propensity_score,user_feature_0,user_feature_1,user_feature_2,user_feature_3,"
    "user-item_affinity_0\n"
)
RANDOM = HEAD + (
    "0,2019-11-24 00:00:34.762830+00:00,14,3,0,0.0125,u1,v1,w1,x1,0.0\n"
    "1,2019-11-24 00:00:53+00:00,7,1,1,0.0125,u2,v1,w1,x2,1.0\n"
)
BTS = HEAD + "0,2019-11-24 00:00:17.004101+00:00,7,2,0,0.3,u1,v2,w1,x1,0.0\n"
ITEMS = ",item_id,item_feature_0,item_feature_1,item_feature_2,item_feature_3\n0,7,-0.5,a,b,c\n1,8,0.25,a,b,d\n"


def read(tmp_path: Path, **files: str | None) -> Tables:
    for name, content in files.items():
        if content is not None:
            (tmp_path / name).write_bytes(gzip.compress(content.encode()))
    source: dict[str, Any] = {"name": "open_bandit", "random": None, "bts": None, "items": None}
    source |= {name: None if content is None else name for name, content in files.items()}
    return read_source(source_params(source), lambda name: tmp_path / name)


def test_impressions_carry_their_policy_place_and_chance_and_clicks_are_views(tmp_path: Path) -> None:
    rows = read(tmp_path, random=RANDOM, bts=BTS, items=ITEMS)["interactions"]
    shown, clicked = rows[rows["kind"] == "impression"], rows[rows["kind"] == "view"]
    assert shown["surface"].tolist() == ["random", "random", "bts"]
    assert shown["content_id"].tolist() == ["14", "7", "7"]
    assert shown["position"].tolist() == [3.0, 1.0, 2.0]
    assert shown["propensity"].tolist() == [0.0125, 0.0125, 0.3]
    assert shown["interaction_id"].is_unique
    assert shown["user_id"].is_unique
    assert clicked["user_id"].tolist() == [shown["user_id"].iloc[1]]
    assert clicked["occurred_at"].tolist() == [pd.Timestamp("2019-11-24 00:00:53", tz="UTC")]


def test_visitors_and_items_carry_what_is_known_of_them(tmp_path: Path) -> None:
    tables = read(tmp_path, random=RANDOM, bts=BTS, items=ITEMS)
    assert tables["users"]["attribute_user_feature_0"].tolist() == ["u1", "u2", "u1"]
    items = tables["contents"].set_index("content_id")
    assert items.loc["7", "tags"] == ["a", "b", "c"]
    assert items["attribute_item_feature_0"].dropna().to_dict() == {"7": -0.5, "8": 0.25}
    assert items.loc["14", "tags"] == []  # the file of items does not know it


def test_one_log_is_enough_and_none_is_not(tmp_path: Path) -> None:
    assert set(read(tmp_path, bts=BTS)["interactions"]["surface"]) == {"bts"}
    with pytest.raises(ValueError, match=r"state one or both of \['source.random', 'source.bts'\]"):
        read(tmp_path, items=ITEMS)


@pytest.mark.parametrize(
    ("broken", "defect"),
    [
        ("2,2019-11-24 00:01:00+00:00,7,1,2,0.0125,u,v,w,x,0\n", "click is neither 0 nor 1"),
        ("2,2019-11-24 00:01:00+00:00,7,1,0,often,u,v,w,x,0\n", "propensity_score is no number"),
        ("2,2019-11-24 00:01:00+00:00,7,a,1,0.0125,u,v,w,x,0\n", "position is no number"),
        ("2,2019-11-24\n", "malformed line"),
    ],
)
def test_a_broken_row_says_why_and_leaves_no_visitor_and_no_click(tmp_path: Path, broken: str, defect: str) -> None:
    tables = read(tmp_path, random=RANDOM + broken, items=ITEMS)
    rows = tables["interactions"]
    assert rows["defect"].dropna().tolist() == [defect]
    assert (rows["kind"] == "view").sum() == 1
