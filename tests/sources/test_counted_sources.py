"""Sources that count without saying who: Upworthy's experiments and two sets of Facebook posts."""

from __future__ import annotations

import gzip
from pathlib import Path

import pandas as pd
import pytest

from affectlens.sources import Tables, read_source, source_params

UPWORTHY = "clickability_test_id,test_week,headline,lede,eyecatcher_id,impressions,clicks,winner\n"
COUNTERS = "num_reactions,num_comments,num_shares,num_likes,num_loves,num_wows,num_hahas,num_sads,num_angrys\n"
REACTIONS = f"page,status_id,status_message,link_name,status_type,status_published,{COUNTERS}"
SELLERS = f"status_id,status_type,status_published,{COUNTERS}"


def read(tmp_path: Path, name: str, field: str, content: str, *, compressed: bool = False) -> Tables:
    data = content.encode()
    (tmp_path / "file").write_bytes(gzip.compress(data) if compressed else data)
    return read_source(source_params({"name": name, field: "file"}), lambda file: tmp_path / file)


def test_packages_of_a_test_become_arms_of_an_experiment(tmp_path: Path) -> None:
    rows = (
        't1,201446,"One, two","<p>a</p>",i1,3000,90,True\nt1,201446,Three,b,i1,3100,80,False\n'
        "t2,201300,Four,,,10,1,False\n"
    )
    tables = read(tmp_path, "upworthy", "packages", UPWORTHY + rows, compressed=True)
    contents = tables["contents"]
    assert contents["content_id"].tolist() == ["t1/0", "t1/1", "t2/0"]
    assert contents["experiment_id"].tolist() == ["t1", "t1", "t2"]
    assert contents["text"].tolist() == ["One, two", "Three", "Four"]
    assert contents["attribute_image"].isna().tolist() == [False, False, True]
    assert contents["created_at"].dt.day_name().unique().tolist() == ["Monday"]
    counts = tables["reaction_counts"].set_index(["content_id", "reaction"])["count"]
    assert counts["t1/0", "impressions"] == "3000"
    assert counts["t2/0", "clicks"] == "1"


def test_an_impossible_week_is_a_defect_of_its_row(tmp_path: Path) -> None:
    tables = read(tmp_path, "upworthy", "packages", UPWORTHY + "t1,201477,a,b,i,3,1,True\nt1,201402,a,b,i,3,1,True\n")
    assert tables["contents"]["defect"].tolist()[0] == "unreadable test_week"
    assert tables["contents"]["defect"].isna().tolist() == [False, True]
    assert tables["reaction_counts"]["defect"].notna().sum() == 2


def test_a_post_brings_its_page_its_form_its_utc_time_and_its_counters(tmp_path: Path) -> None:
    rows = (
        'cnn,5_1,"He said ""no""\nand left",Link,video,2016-03-01 20:30:00,10,2,3,4,1,2,3,0,0\n'
        "cnn,5_2,,A link,status,2016-06-24 21:00:00,0,0,0,0,0,0,0,0,0\n"
    )
    tables = read(tmp_path, "facebook_reactions", "posts", REACTIONS + rows)
    contents = tables["contents"]
    assert contents["text"].tolist() == ['He said "no"\nand left', "A link"]
    assert contents["form"].tolist() == ["short_video", "short_text"]
    assert contents["author_id"].tolist() == ["cnn", "cnn"]
    assert contents["created_at"].iloc[0] == pd.Timestamp("2016-03-02 01:30", tz="UTC")
    counts = tables["reaction_counts"].set_index(["content_id", "reaction"])
    assert len(counts) == 16
    assert counts.loc[("5_1", "hahas"), "count"] == "3"
    assert (counts.loc["5_1", "observed_at"] == pd.Timestamp("2016-06-24", tz="UTC")).all()
    assert (counts.loc["5_2", "observed_at"] == contents["created_at"].iloc[1]).all()


def test_a_file_of_one_page_names_it_by_the_posts_id(tmp_path: Path) -> None:
    header = REACTIONS.removeprefix("page,")
    tables = read(
        tmp_path, "facebook_reactions", "posts", header + "5_1,a,b,link,2016-03-01 20:30:00,1,0,0,1,0,0,0,0,0\n"
    )
    assert tables["contents"]["author_id"].tolist() == ["5"]


def test_sellers_posts_have_no_text_and_their_page_in_the_id(tmp_path: Path) -> None:
    rows = "24_1,photo,4/22/2018 6:00,5,1,2,3,4,0,0,0,0\n24_2,photo,soon,5,1,2,3,4,0,0,0,0\ncut off\n"
    tables = read(tmp_path, "facebook_live_sellers", "posts", SELLERS + rows)
    contents = tables["contents"]
    assert contents["author_id"].tolist()[:2] == ["24", "24"]
    assert contents["created_at"].iloc[0] == pd.Timestamp("2018-04-22 06:00", tz="UTC")
    assert contents["text"].isna().all()
    assert contents["defect"].tolist()[1:] == ["unreadable status_published", "malformed line"]


@pytest.mark.parametrize(
    ("name", "field"), [("upworthy", "packages"), ("facebook_reactions", "posts"), ("facebook_live_sellers", "posts")]
)
def test_a_file_of_another_form_is_refused_with_what_is_missing(tmp_path: Path, name: str, field: str) -> None:
    with pytest.raises(ValueError, match="has no columns"):
        read(tmp_path, name, field, "a,b\n1,2\n")
