from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from affectlens.sources import SOURCES, Tables, read_source, source_params

TIME = "2024-03-01T10:15:00Z"


def read(tmp_path: Path, interactions: str | bytes, items: str | None = None, **stated: Any) -> Tables:
    content = interactions if isinstance(interactions, bytes) else interactions.encode()
    (tmp_path / "interactions").write_bytes(content)
    (tmp_path / "items").write_text(items or "")
    source: dict[str, Any] = {"name": "interactions", "interactions": "interactions", "form": "product"}
    source |= {"items": None if items is None else "items", "user": None, "item": None, "time": None, "value": None}
    return read_source(source_params(source | stated), lambda name: tmp_path / name)


def rows(tables: Tables) -> list[tuple]:
    table = tables["interactions"]
    times = pd.to_datetime(table["occurred_at"], utc=True).dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    return list(zip(table["user_id"], table["content_id"], times, table["kind"], strict=True))


FORMS_OF_ONE_RATING = {
    "csv": "userId,movieId,rating,timestamp\n7,16,4.0,1709288100\n",
    "csv from Windows": "\ufeffuserId,movieId,rating,timestamp\r\n7,16,4.0,1709288100\r\n",
    "tsv": "user\titem\tstars\tdate\n7\t16\t4\t2024-03-01 10:15:00\n",
    "semicolons": 'Customer ID;Product-ID;score;created_at\n7;"16";4;2024-03-01T10:15:00Z\n',
    "recbole": "user_id:token\titem_id:token\trating:float\ttimestamp:float\n7\t16\t4\t1709288100\n",
    "ratings.dat": "7::16::4::1709288100\n",
    "u.data": "7\t16\t4\t1709288100\n",
    "milliseconds": "uid,asin,overall,ts\n7,16,4,1709288100000\n",
}


@pytest.mark.parametrize("form", list(FORMS_OF_ONE_RATING))
def test_every_form_of_the_same_rating_is_the_same_row(tmp_path: Path, form: str) -> None:
    for content in (FORMS_OF_ONE_RATING[form].encode(), gzip.compress(FORMS_OF_ONE_RATING[form].encode())):
        tables = read(tmp_path, content)
        assert rows(tables) == [("7", "16", TIME, "rating")]
        assert float(tables["interactions"]["value"].iloc[0]) == 4.0


def test_parquet_is_understood_and_whole_ids_stay_whole(tmp_path: Path) -> None:
    frame = pd.DataFrame({"user": [7, None], "item": ["16", "17"], "time": [pd.Timestamp(TIME)] * 2})
    frame.astype({"user": "Int64"}).to_parquet(tmp_path / "table.parquet")
    tables = read(tmp_path, (tmp_path / "table.parquet").read_bytes())
    assert str(tables["interactions"]["user_id"].iloc[0]) == "7"
    assert tables["interactions"]["user_id"].isna().tolist() == [False, True]
    assert tables["interactions"]["kind"].tolist() == ["view", "view"]


def test_two_columns_of_one_name_are_refused_where_they_are_read(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="interactions has 2 columns 'user', expected one of that name"):
        read(tmp_path, f"user,user,item,time\na,b,c,{TIME}\n")
    with pytest.raises(ValueError, match="items has 2 columns 'tags'"):
        read(tmp_path, f"user,item,time\na,c,{TIME}\n", "item,tags,tags\nc,x,y\n")
    table = pa.table([["a"], ["b"], ["c"], [TIME]], names=["user", "user", "item", "time"])
    pq.write_table(table, tmp_path / "table.parquet")
    with pytest.raises(ValueError, match="interactions has 2 columns 'user'"):
        read(tmp_path, (tmp_path / "table.parquet").read_bytes())
    assert rows(read(tmp_path, f"user,item,time,x,x\na,c,{TIME},1,2\n")) == [("a", "c", TIME, "view")]


def test_whole_ids_of_parquet_stay_whole_beside_broken_lines_and_without(tmp_path: Path) -> None:
    pd.DataFrame({"user": [7, 8], "item": [16, 17], "time": [pd.Timestamp(TIME)] * 2}).to_parquet(tmp_path / "table")
    assert rows(read(tmp_path, (tmp_path / "table").read_bytes())) == [
        (7, 16, TIME, "view"),
        (8, 17, TIME, "view"),
    ]


def test_columns_can_be_named(tmp_path: Path) -> None:
    tables = read(tmp_path, f"wer,was,wann\na,b,{TIME}\n", user="wer", item="was", time="wann")
    assert rows(tables) == [("a", "b", TIME, "view")]


def test_a_column_that_cannot_be_told_is_named_with_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"no column of items .* 'user', 'what', 'time'.*--item COLUMN"):
        read(tmp_path, f"user,what,time\na,b,{TIME}\n")
    with pytest.raises(ValueError, match=r"no column 'wann' \(`source.time`\); its columns: 'user', 'item', 'time'"):
        read(tmp_path, f"user,item,time\na,b,{TIME}\n", time="wann")


def test_times_that_are_none_are_named_with_the_first_of_them(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"none of 2 values in column 'time' is a time, first \['03/04/21 noon'\]"):
        read(tmp_path, "user,item,time\na,b,03/04/21 noon\na,c,04/04/21 noon\n")


def test_one_bad_time_is_left_for_ingestion_to_refuse(tmp_path: Path) -> None:
    times = read(tmp_path, f"user,item,time\na,b,{TIME}\na,c,yesterday\n")["interactions"]["occurred_at"]
    assert times.tolist() == [pd.Timestamp(TIME), "yesterday"]


@pytest.mark.parametrize("content", ["", "\n\n"])
def test_an_empty_file_is_refused(tmp_path: Path, content: str) -> None:
    with pytest.raises(ValueError, match="is empty"):
        read(tmp_path, content)


def test_a_header_alone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"no rows; .* under its columns 'user', 'item', 'time'"):
        read(tmp_path, "user,item,time\n")


def test_a_file_that_is_no_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="is no text and no Parquet file"):
        read(tmp_path, b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")


def test_a_damaged_parquet_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="damaged Parquet"):
        read(tmp_path, b"PAR1 and then nothing that Parquet knows")


def test_lines_of_another_width_are_kept_as_malformed(tmp_path: Path) -> None:
    table = read(tmp_path, f"user,item,time\na,b,{TIME}\na,b\na,b,{TIME},more\nc,d,{TIME}\n")["interactions"]
    assert table["defect"].notna().sum() == 2
    assert table["user_id"].dropna().tolist() == ["a", "c"]


def test_items_bring_titles_and_tags_and_items_without_a_row_are_kept(tmp_path: Path) -> None:
    items = 'movieId,title,genres\n16,"Postman, The (1997)",Comedy|Film-Noir\n18,Ran,(no genres listed)\n'
    contents = read(tmp_path, f"user,item,time\na,16,{TIME}\na,17,{TIME}\n", items, form="film")["contents"]
    assert contents["content_id"].tolist() == ["16", "18", "17"]
    assert contents["text"].tolist()[:2] == ["Postman, The (1997)", "Ran"]
    assert contents["tags"].tolist()[:2] == [["Comedy", "Film-Noir"], []]
    assert set(contents["form"]) == {"film"}


@pytest.mark.parametrize(
    "items", ["item_id:token\tmovie_title:token_seq\tclass:token_seq\n16\tRan\tDrama War\n", "16::Ran::Drama|War\n"]
)
def test_items_of_recbole_and_movielens_are_understood(tmp_path: Path, items: str) -> None:
    contents = read(tmp_path, f"user,item,time\na,16,{TIME}\n", items)["contents"]
    assert contents["text"].tolist() == ["Ran"]
    assert contents["tags"].tolist() == [["Drama", "War"]]


def test_movielens_reads_the_same_and_names_its_files() -> None:
    assert SOURCES["movielens"].read is SOURCES["interactions"].read
    assert [file.path for file in SOURCES["movielens"].remote_files] == [
        "ml_latest_small/ratings.csv.gz",
        "ml_latest_small/movies.csv.gz",
    ]
