"""A log of interactions that is counted where it lies: DuckDB scans the Parquet file, only counts come into memory.

Each function is one `GROUP BY` whose result has a row a content, a user, an age or a window, however long the log is.
What does not fit the memory limit is spilled to disk by DuckDB.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import pandas as pd
from pydantic import Field

from affectlens.features.windows import Period
from affectlens.params import Params

N_GROUPS = 200  # random groups of users: resampling them stands for resampling users, at a size that never grows
# Times are UTC whatever the time zone of the session.
_MACROS = """
CREATE MACRO utc(instant) AS make_timestamp(epoch_us(instant::TIMESTAMPTZ));
CREATE MACRO age_days(instant, birth) AS (epoch_us(instant::TIMESTAMPTZ) - epoch_us(birth::TIMESTAMPTZ)) / 86400e6;
"""
_SIZE = "SELECT count(*) AS n, min(utc(occurred_at)) AS first, max(utc(occurred_at)) AS last FROM log"
_COUNTS = {
    "content_id": """
        SELECT content_id, count(*) AS n, min(utc(occurred_at)) AS first FROM log WHERE list_contains($kinds, kind)
        GROUP BY content_id ORDER BY first, n DESC, content_id""",
    "user_id": """
        SELECT user_id, count(*) AS n, min(utc(occurred_at)) AS first FROM log WHERE list_contains($kinds, kind)
        GROUP BY user_id ORDER BY first, n DESC, user_id""",
}
_WINDOWS_AND_FORMS = """
    SELECT date_trunc($period, utc(occurred_at)) AS start, kind, form, unit, count(*) AS n
    FROM log JOIN contents USING (content_id) JOIN groups USING (user_id) GROUP BY ALL ORDER BY ALL"""
_DAYS = """
    SELECT date_trunc('day', utc(occurred_at)) AS day, kind, count(*) AS n FROM log GROUP BY ALL ORDER BY ALL"""
_HALF_AGES = """
    WITH aged AS (
        SELECT content_id, age_days(occurred_at, born_at) AS age FROM log JOIN births USING (content_id)
        WHERE list_contains($kinds, kind)),
    binned AS (
        SELECT content_id, floor(age / $step) AS bin, count(*) AS n FROM aged
        WHERE age BETWEEN 0 AND $horizon GROUP BY ALL),
    grown AS (
        SELECT content_id, bin, sum(n) OVER (PARTITION BY content_id ORDER BY bin) AS reached,
               sum(n) OVER (PARTITION BY content_id) AS total FROM binned)
    SELECT content_id, total::BIGINT AS n, (min(bin) + 0.5) * $step AS half_age_days
    FROM grown WHERE 2 * reached >= total GROUP BY content_id, total ORDER BY content_id"""
_AGES = """
    WITH aged AS (
        SELECT unit, age_days(occurred_at, born_at) AS age FROM log JOIN births USING (content_id)
        WHERE list_contains($kinds, kind))
    SELECT bin, unit, count(*) AS n FROM aged JOIN edges ON age >= low AND age < high GROUP BY ALL ORDER BY ALL"""
_TOPS = """
    WITH counted AS (
        SELECT date_trunc($period, utc(occurred_at)) AS start, content_id, count(*) AS n, min(occurred_at) AS first
        FROM log WHERE list_contains($kinds, kind) GROUP BY ALL),
    ranked AS (
        SELECT start, content_id, n, row_number() OVER (PARTITION BY start ORDER BY n DESC, first, content_id) AS rank
        FROM counted)
    SELECT ranked.start, ranked.content_id, rank, ranked.n, coalesce(before.n, 0) AS n_before
    FROM ranked LEFT JOIN counted AS before ON before.content_id = ranked.content_id
        AND before.start = date_trunc($period, ranked.start - INTERVAL 1 HOUR)
    WHERE rank <= $n_top ORDER BY ranked.start, rank"""


class CountingParams(Params):
    """What counting a log may take."""

    memory_limit_mb: int = Field(ge=64, description="memory that DuckDB keeps below; the rest goes to disk")
    threads: int = Field(ge=1)


@dataclass(frozen=True)
class EventLog:
    """Interactions in a Parquet file, with the columns of the contract `Interactions`."""

    path: Path


def log_size(log: EventLog, limits: CountingParams) -> tuple[int, pd.Timestamp, pd.Timestamp]:
    """Number of rows, first and last instant (UTC; NaT for an empty log)."""
    row = _query(log, limits, _SIZE, {}).iloc[0]
    return int(row["n"]), pd.Timestamp(row["first"]), pd.Timestamp(row["last"])


def counts_by(log: EventLog, column: str, kinds: Sequence[str], limits: CountingParams) -> pd.DataFrame:
    """Interactions of these kinds by `content_id` or `user_id`: columns of that name, `n` and `first`, in its order.

    Raises:
        ValueError: the column is neither.
    """
    if column not in _COUNTS:
        raise ValueError(f"counts by {column!r} are not kept; choose content_id or user_id")
    return _query(log, limits, _COUNTS[column], {"kinds": list(kinds)})


def counts_by_window_and_form(
    log: EventLog, contents: pd.DataFrame, users: pd.DataFrame, period: Period, limits: CountingParams
) -> pd.DataFrame:
    """Interactions by window, kind, form of the content and random group of users.

    Args:
        log: the interactions.
        contents: `content_id` and `form`.
        users: `user_id`; the place in this table, modulo `N_GROUPS`, is the user's group.
        period: length of the windows.
        limits: of memory.

    Returns:
        Columns `start` (of the window, UTC without zone), `kind`, `form`, `unit` (the group) and `n`.
    """
    groups = pd.DataFrame({"user_id": users["user_id"], "unit": range(len(users))})
    groups["unit"] %= N_GROUPS
    frames = {"contents": contents[["content_id", "form"]], "groups": groups}
    return _query(log, limits, _WINDOWS_AND_FORMS, {"period": period}, frames)


def counts_by_day(log: EventLog, limits: CountingParams) -> pd.DataFrame:
    """Interactions by day (UTC, without zone): `day` and one column a kind, 0 where there are none."""
    found = _query(log, limits, _DAYS, {})
    table: pd.DataFrame = found.pivot_table(index="day", columns="kind", values="n", fill_value=0, aggfunc="sum")
    return table.astype("int64").reset_index().rename_axis(columns=None)


def half_ages(
    log: EventLog, births: pd.DataFrame, kinds: Sequence[str], horizon_days: float, limits: CountingParams
) -> pd.DataFrame:
    """Age at which each content had half of the attention that it got within the horizon.

    Args:
        log: the interactions.
        births: `content_id` and `born_at` (UTC with zone) of the contents to follow.
        kinds: that count as attention.
        horizon_days: attention after this age does not count.
        limits: of memory.

    Returns:
        One row a content with attention: `content_id`, `n` and `half_age_days`, the age within a two-thousandth of the
        horizon at which half of `n` is reached.
    """
    values = {"kinds": list(kinds), "horizon": horizon_days, "step": horizon_days / 2000}
    return _query(log, limits, _HALF_AGES, values, {"births": births[["content_id", "born_at"]]})


def counts_by_age(
    log: EventLog, births: pd.DataFrame, kinds: Sequence[str], edges_days: Sequence[float], limits: CountingParams
) -> pd.DataFrame:
    """Attention by age of the content and by group of contents.

    Args:
        log: the interactions.
        births: `content_id`, `born_at` (UTC with zone) and `unit` (group) of the contents to follow.
        kinds: that count as attention.
        edges_days: rising edges of the age bins.
        limits: of memory.

    Returns:
        Columns `bin` (its place), `unit` and `n`.
    """
    edges = pd.DataFrame({"low": edges_days[:-1], "high": edges_days[1:], "bin": range(len(edges_days) - 1)})
    frames = {"births": births[["content_id", "born_at", "unit"]], "edges": edges}
    return _query(log, limits, _AGES, {"kinds": list(kinds)}, frames)


def top_contents(
    log: EventLog, kinds: Sequence[str], period: Period, n_top: int, limits: CountingParams
) -> pd.DataFrame:
    """The contents with the most attention in each window.

    Returns:
        Columns `start` (of the window), `content_id`, `rank` from 1, `n`, and `n_before` in the window before.
    """
    return _query(log, limits, _TOPS, {"kinds": list(kinds), "period": period, "n_top": n_top})


def _query(
    log: EventLog,
    limits: CountingParams,
    query: str,
    values: Mapping[str, Any],
    frames: Mapping[str, pd.DataFrame] | None = None,
) -> pd.DataFrame:
    """The result of a query over `log` and the frames, which it knows by their names."""
    with TemporaryDirectory() as spill:
        settings: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": f"{limits.memory_limit_mb}MB",
            "threads": limits.threads,
            "temp_directory": spill,
            "preserve_insertion_order": False,
        }
        with duckdb.connect(config=settings) as connection:
            connection.execute(_MACROS)
            connection.read_parquet(str(log.path)).create_view("log")
            for name, frame in (frames or {}).items():
                connection.register(name, frame)
            found: pd.DataFrame = connection.execute(query, dict(values)).df()
    return found
