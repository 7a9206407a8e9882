"""What DuckDB counts in a Parquet log is what one counts by hand, and by pandas."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from affectlens.features.event_log import (
    CountingParams,
    EventLog,
    counts_by,
    counts_by_age,
    counts_by_window_and_form,
    daily_responses,
    half_ages,
    log_size,
    top_contents,
)

LIMITS = CountingParams(memory_limit_mb=64, threads=1)


def written(path: Path, rows: pd.DataFrame) -> EventLog:
    rows.assign(interaction_id=rows.index.astype(str)).to_parquet(path / "interactions.parquet", index=False)
    return EventLog(path / "interactions.parquet")


@pytest.fixture
def events() -> pd.DataFrame:
    draw = np.random.default_rng(0)
    n = 3000
    return pd.DataFrame(
        {
            "user_id": np.char.add("u", draw.integers(0, 30, n).astype(str)),
            "content_id": np.char.add("c", np.minimum(draw.geometric(0.05, n), 60).astype(str)),
            "occurred_at": pd.Timestamp("2024-01-01", tz="UTC")
            + pd.to_timedelta(draw.integers(0, 120 * 86400, n), unit="s"),
            "kind": draw.choice(["view", "like", "impression"], n),
        }
    )


@pytest.fixture
def log(tmp_path: Path, events: pd.DataFrame) -> EventLog:
    return written(tmp_path, events)


def test_the_size_and_span_of_a_log(log: EventLog, events: pd.DataFrame) -> None:
    n, first, last = log_size(log, LIMITS)
    assert n == 3000
    assert first == events["occurred_at"].min().tz_localize(None)
    assert last == events["occurred_at"].max().tz_localize(None)


def test_an_empty_log_has_counts_of_nothing(tmp_path: Path, events: pd.DataFrame) -> None:
    empty = written(tmp_path, events.iloc[:0])
    n, first, _ = log_size(empty, LIMITS)
    assert n == 0
    assert pd.isna(first)
    assert counts_by(empty, "content_id", ["view"], LIMITS).empty


@pytest.mark.parametrize("column", ["content_id", "user_id"])
def test_counts_are_those_of_pandas_in_order_of_appearance(log: EventLog, events: pd.DataFrame, column: str) -> None:
    found = counts_by(log, column, ["view", "like"], LIMITS)
    kept = events[events["kind"].isin(["view", "like"])].sort_values("occurred_at")
    assert found.set_index(column)["n"].to_dict() == kept[column].value_counts().to_dict()
    assert found[column].tolist() == kept[column].drop_duplicates().tolist()


def test_other_columns_are_refused(log: EventLog) -> None:
    with pytest.raises(ValueError, match="content_id or user_id"):
        counts_by(log, "kind; drop table log", ["view"], LIMITS)


def test_windows_forms_and_groups_add_up(log: EventLog, events: pd.DataFrame) -> None:
    contents = pd.DataFrame({"content_id": events["content_id"].unique()})
    contents["form"] = np.where(contents.index % 2 == 0, "image", "link")
    users = pd.DataFrame({"user_id": events["user_id"].unique()})
    found = counts_by_window_and_form(log, contents, users, "month", LIMITS)
    assert found["n"].sum() == 3000
    assert found["start"].dt.strftime("%Y-%m").unique().tolist() == ["2024-01", "2024-02", "2024-03", "2024-04"]
    by_kind = found.groupby("kind")["n"].sum().to_dict()
    assert by_kind == events["kind"].value_counts().to_dict()


def test_half_of_the_attention_within_the_horizon_is_reached_at_the_half_age(tmp_path: Path) -> None:
    born = pd.Timestamp("2024-01-01", tz="UTC")
    days = [0.5, 1.0, 2.0, 3.0, 50.0, 0.1]
    rows = pd.DataFrame(
        {"user_id": "u", "content_id": ["a"] * 5 + ["b"], "kind": "view",
         "occurred_at": born + pd.to_timedelta(days, unit="D")}
    )  # fmt: skip
    births = pd.DataFrame({"content_id": ["a", "b"], "born_at": born})
    found = half_ages(written(tmp_path, rows), births, ["view"], 20.0, LIMITS).set_index("content_id")
    assert found["n"].to_dict() == {"a": 4, "b": 1}
    assert found["half_age_days"].to_dict() == pytest.approx({"a": 1.0, "b": 0.1}, abs=0.02)


def test_ages_are_counted_between_their_edges(log: EventLog, events: pd.DataFrame) -> None:
    births = pd.DataFrame({"content_id": events["content_id"].unique(), "unit": 0})
    births["born_at"] = pd.Timestamp("2024-01-01", tz="UTC")
    found = counts_by_age(log, births, ["view"], [0.0, 30.0, 60.0, 120.0], LIMITS)
    age = (events["occurred_at"] - births["born_at"].iloc[0]).dt.total_seconds() / 86400
    expected = np.histogram(age[events["kind"] == "view"], [0, 30, 60, 120])[0]
    assert found["n"].tolist() == expected.tolist()


def test_the_top_of_a_window_knows_what_it_had_in_the_window_before(tmp_path: Path) -> None:
    rows = pd.DataFrame(
        {"user_id": "u", "kind": "view", "content_id": list("aab" "bbbc"),
         "occurred_at": pd.to_datetime(["2024-01-01"] * 3 + ["2024-01-08"] * 4, utc=True)}
    )  # fmt: skip
    top = top_contents(written(tmp_path, rows), ["view"], "week", 1, LIMITS)
    assert top[["content_id", "rank", "n", "n_before"]].values.tolist() == [["a", 1, 2, 0], ["b", 1, 3, 1]]


def responding(draw: np.random.Generator, jump: float) -> pd.DataFrame:
    """Views of users with habits, who come one after another, and likes that jump for all of them on day 300."""
    n_users, n_contents, n = 60, 40, 12000
    user = draw.integers(n_users, size=n)
    day = user * 5 + draw.integers(0, 300, n)
    content = draw.integers(n_contents, size=n)
    habit = draw.uniform(0.1, 0.5, n_users) + 0.3 * np.linspace(-1, 1, n_users).clip(0)
    appeal = draw.normal(0, 0.05, n_contents)
    is_liked = draw.random(n) < habit[user] + appeal[content] + jump * (day >= 300)
    views = pd.DataFrame({
        "user_id": np.char.add("u", user.astype(str)), "content_id": np.char.add("c", content.astype(str)),
        "occurred_at": pd.Timestamp("2024-01-01", tz="UTC") + pd.to_timedelta(day, unit="D"), "kind": "view",
    })  # fmt: skip
    return pd.concat([views, views[is_liked].assign(kind="like")], ignore_index=True)


@pytest.mark.parametrize("jump", [0.0, 0.15])
def test_daily_responses_show_what_everybody_changes_and_not_who_comes_and_goes(tmp_path: Path, jump: float) -> None:
    events = responding(np.random.default_rng(0), jump)
    found = daily_responses(written(tmp_path, events), ["like", "comment"], LIMITS)
    assert found["kind"].unique().tolist() == ["like"]
    assert found["n"].sum() == (events["kind"] == "view").sum()
    late = found["day"] >= pd.Timestamp("2024-01-01") + pd.Timedelta(days=300)
    rates = [rows["total"].sum() / rows["n"].sum() for rows in (found[~late], found[late])]
    raw = events.assign(late=events["occurred_at"] >= pd.Timestamp("2024-10-27", tz="UTC")).groupby("late")["kind"]
    plain = raw.apply(lambda kinds: (kinds == "like").sum() / (kinds == "view").sum())
    assert rates[1] - rates[0] == pytest.approx(jump, abs=0.03)
    assert abs(plain[True] - plain[False] - jump) > 0.1


def test_a_log_without_views_has_no_responses(tmp_path: Path, events: pd.DataFrame) -> None:
    assert daily_responses(written(tmp_path, events[events["kind"] == "like"]), ["like"], LIMITS).empty
