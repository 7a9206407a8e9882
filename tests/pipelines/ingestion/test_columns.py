from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from affectlens.pipelines.ingestion.columns import as_list, as_number, as_string, as_time


def objects(*values: object) -> pd.Series:
    return pd.Series(list(values), dtype=object)


def test_times_are_utc_whatever_zone_they_came_in() -> None:
    zoned = dt.datetime(2020, 1, 1, 2, tzinfo=dt.timezone(dt.timedelta(hours=2)))
    times = as_time(objects("2020-01-01T02:00:00+02:00", "2020-01-01", zoned, pd.Timestamp("2020-01-01")))
    assert (times == pd.Timestamp("2020-01-01", tz="UTC")).all()
    assert str(times.dtype) == "datetime64[us, UTC]"


def test_what_is_no_time_is_null() -> None:
    assert as_time(objects("soon", 20200101, 1.5e9, [1], None, "2020-13-01")).isna().all()
    assert as_time(pd.Series([1577836800.0, np.nan])).isna().all()


def test_numbers_are_finite_or_null() -> None:
    numbers = as_number(objects("2.5", 3, np.float32(1), None, "x", [1], float("inf")))
    assert numbers.dropna().tolist() == [2.5, 3.0, 1.0]


def test_whole_numbers_are_ids_and_fractions_are_not() -> None:
    assert as_string(objects(7, np.int64(8), "a")).tolist() == ["7", "8", "a"]
    assert as_string(objects(7.0, True, b"x", ["x"], None)).isna().all()


def test_lists_of_any_kind_become_lists_of_strings() -> None:
    lists = as_list(objects(["a"], ("b",), np.array([1, 2]), None, np.nan, "a"))
    assert lists.tolist() == [["a"], ["b"], ["1", "2"], [], [], None]
