"""A log of interactions that is counted where it lies: DuckDB scans the Parquet file, only counts come into memory.

Each function is one `GROUP BY` whose result has a row a content, a user, an age or a window, however long the log is.
What does not fit the memory limit is spilled to disk by DuckDB.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import numpy as np
import pandas as pd
from pydantic import Field

from affectlens.features.composition import lasting_effects
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
_KINDS = "SELECT DISTINCT kind FROM log"
_UNITS = (
    """CREATE TEMP TABLE users AS SELECT user_id, row_number() OVER (ORDER BY user_id) - 1 AS unit, n FROM (
        SELECT user_id, count(*) AS n FROM log WHERE kind = 'view' GROUP BY user_id)""",
    """CREATE TEMP TABLE contents AS SELECT content_id, row_number() OVER (ORDER BY content_id) - 1 AS unit, n FROM (
        SELECT content_id, count(*) AS n FROM log WHERE kind = 'view' GROUP BY content_id)""",
)
_UNIT_SIZES = ("SELECT n FROM users ORDER BY unit", "SELECT n FROM contents ORDER BY unit")
_CELLS = """
    CREATE OR REPLACE TEMP TABLE cells AS
    SELECT users.unit AS user, contents.unit AS content, date_trunc('month', utc(occurred_at)) AS month,
           count(*) FILTER (kind = 'view') AS n, count(*) FILTER (kind = $kind) AS y
    FROM log JOIN users USING (user_id) JOIN contents USING (content_id) WHERE kind IN ('view', $kind) GROUP BY ALL"""
_TOLD = """
    CREATE OR REPLACE TEMP VIEW told AS
    SELECT user, content, month, n, y, by_user.effect AS of_user, by_content.effect AS of_content
    FROM cells JOIN by_user ON by_user.unit = user JOIN by_content ON by_content.unit = content"""
_LEVELS = """
    CREATE OR REPLACE TEMP VIEW levels AS
    SELECT month, sum(y - n * (of_user + of_content)) / greatest(sum(n), 1) AS level FROM told GROUP BY month"""
_REMAINDERS = (
    """
    SELECT unit, sum(y - n * rest) AS sum, sum(y - 2 * y * rest + n * rest ^ 2) AS squares
    FROM (SELECT user AS unit, n, y, level + of_content AS rest FROM told JOIN levels USING (month))
    GROUP BY unit ORDER BY unit""",
    """
    SELECT unit, sum(y - n * rest) AS sum, sum(y - 2 * y * rest + n * rest ^ 2) AS squares
    FROM (SELECT content AS unit, n, y, level + of_user AS rest FROM told JOIN levels USING (month))
    GROUP BY unit ORDER BY unit""",
)
_DAYS = """
    SELECT date_trunc('day', utc(occurred_at)) AS day, count(*) FILTER (kind = 'view') AS n,
           count(*) FILTER (kind = $kind) - sum(coalesce(by_user.effect, 0) + coalesce(by_content.effect, 0))
               FILTER (kind = 'view') AS total
    FROM log LEFT JOIN users USING (user_id) LEFT JOIN contents USING (content_id)
        LEFT JOIN by_user ON by_user.unit = users.unit LEFT JOIN by_content ON by_content.unit = contents.unit
    WHERE kind IN ('view', $kind) GROUP BY day HAVING count(*) FILTER (kind = 'view') > 0 ORDER BY day"""
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


def daily_responses(log: EventLog, kinds: Sequence[str], limits: CountingParams) -> pd.DataFrame:
    """What users did with what they viewed, by day, without the lasting differences between users and contents.

    Users come and go, and contents that many like are shown for a while: neither changes what anybody does. Their
    effects are found beside those of the months (`composition.lasting_effects`).

    Args:
        log: the interactions.
        kinds: of interactions with a viewed content, such as `like`; those that the log does not hold are left out.
        limits: of memory.

    Returns:
        Columns `kind`, `day` (UTC, without zone), `n` views and `total` interactions of the kind, less what is usual
        for the users and contents of these views. Empty for a log without views.
    """
    columns = ["kind", "day", "n", "total"]
    with _open(log, limits) as connection:
        held = set(connection.execute(_KINDS).df()["kind"])
        chosen = [kind for kind in kinds if kind in held] if "view" in held else []
        for query in _UNITS if chosen else ():
            connection.execute(query)
        frames = [_daily_response(connection, kind) for kind in chosen]
    return pd.concat(frames, ignore_index=True)[columns] if frames else pd.DataFrame(columns=columns)


def _daily_response(connection: duckdb.DuckDBPyConnection, kind: str) -> pd.DataFrame:
    connection.execute(_CELLS, {"kind": kind})
    sizes = [connection.execute(query).df()["n"].to_numpy() for query in _UNIT_SIZES]

    def tell(effects: Sequence[np.ndarray]) -> None:
        for name, effect in zip(("by_user", "by_content"), effects, strict=True):
            connection.register(name, pd.DataFrame({"unit": np.arange(effect.size), "effect": effect}))

    def remainders(unit: int, effects: Sequence[np.ndarray]) -> tuple[np.ndarray, float]:
        tell(effects)
        found = connection.execute(_REMAINDERS[unit]).df()
        return found["sum"].to_numpy(), float(found["squares"].sum())

    tell([np.zeros(size.size) for size in sizes])
    for query in (_TOLD, _LEVELS):
        connection.execute(query)
    tell(lasting_effects(sizes, remainders))
    return connection.execute(_DAYS, {"kind": kind}).df().assign(kind=kind)


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
    with _open(log, limits) as connection:
        for name, frame in (frames or {}).items():
            connection.register(name, frame)
        found: pd.DataFrame = connection.execute(query, dict(values)).df()
    return found


@contextmanager
def _open(log: EventLog, limits: CountingParams) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that knows the log by that name."""
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
            yield connection
