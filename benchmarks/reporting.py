"""Ten million interactions summarised: DuckDB scans the file in bounded memory, pandas loads it; seconds and memory.

Each way runs in a process of its own, which counts attention by content, half-lives, the weekly top fifty, and what
users did by window and form. The two agree on the counts, or the benchmark stops. A third process finds the effects of
all users and contents on what is liked (`responses`), for which pandas has no like.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from affectlens.features.event_log import (
    CountingParams,
    EventLog,
    counts_by,
    counts_by_window_and_form,
    daily_responses,
    half_ages,
    top_contents,
)

N_EVENTS, N_CONTENTS, N_USERS, N_DAYS, CHUNK = 10_000_000, 100_000, 200_000, 730, 1_000_000
LIMITS = CountingParams(memory_limit_mb=512, threads=2)
KINDS = ["view"]


def main() -> str:
    """Seconds, peak memory and their ratios."""
    with TemporaryDirectory() as folder:
        write_log(Path(folder))
        found = {way: _in_process(way, folder) for way in WAYS}
    if found["duckdb"]["checks"] != found["pandas"]["checks"]:
        raise AssertionError(f"the two ways count differently: {found}")
    table = pd.DataFrame({way: {k: v for k, v in row.items() if k != "checks"} for way, row in found.items()}).T
    table["times_duckdb"] = table["peak_mb"] / table.loc["duckdb", "peak_mb"]
    return str(table.round(1))


def write_log(folder: Path) -> None:
    """A log of views and likes, contents of very different pull whose attention fades within days, users likewise."""
    draw = np.random.default_rng(0)
    born = draw.uniform(0, N_DAYS, N_CONTENTS)
    pull = np.cumsum(draw.pareto(1.2, N_CONTENTS) + 0.05)
    activity = np.cumsum(draw.pareto(1.5, N_USERS) + 0.05)
    first = np.datetime64("2022-01-01", "us")
    contents = pd.DataFrame({"content_id": _names("c", N_CONTENTS), "form": draw.choice(["image", "link"], N_CONTENTS)})
    contents["born_at"] = pd.Series(first + (born * 86400e6).astype("timedelta64[us]")).dt.tz_localize("UTC")
    contents.to_parquet(folder / "contents.parquet", index=False)
    pd.DataFrame({"user_id": _names("u", N_USERS)}).to_parquet(folder / "users.parquet", index=False)
    writer = None
    for start in range(0, N_EVENTS, CHUNK):
        content = np.searchsorted(pull, draw.random(CHUNK) * pull[-1])
        user = np.searchsorted(activity, draw.random(CHUNK) * activity[-1])
        at = first + ((born[content] + draw.exponential(8, CHUNK)) * 86400e6).astype("timedelta64[us]")
        chunk = pa.table(
            {
                "interaction_id": _names("i", CHUNK, start),
                "user_id": _names("u", N_USERS)[user],
                "content_id": _names("c", N_CONTENTS)[content],
                "occurred_at": pa.array(at, pa.timestamp("us", tz="UTC")),
                "kind": np.where(draw.random(CHUNK) < 0.8, "view", "like"),
            }
        )
        writer = writer or pq.ParquetWriter(folder / "interactions.parquet", chunk.schema)
        writer.write_table(chunk)
    if writer is not None:
        writer.close()


def by_duckdb(folder: Path) -> list[int]:
    """The counts, with the log left on disk."""
    log = EventLog(folder / "interactions.parquet")
    contents, users = (pd.read_parquet(folder / f"{name}.parquet") for name in ("contents", "users"))
    by_content = counts_by(log, "content_id", KINDS, LIMITS)
    halves = half_ages(log, contents, KINDS, 60.0, LIMITS)
    top = top_contents(log, KINDS, "week", 50, LIMITS)
    by_form = counts_by_window_and_form(log, contents, users, "month", LIMITS)
    return [int(by_content["n"].sum()), int(by_content["n"].max()), int(halves["n"].sum()), int(top["n"].sum()),
            int(by_form["n"].sum())]  # fmt: skip


def responses(folder: Path) -> list[int]:
    """What users did with what they viewed by day, without the lasting effects of users and contents."""
    found = daily_responses(EventLog(folder / "interactions.parquet"), ["like"], LIMITS)
    return [int(found["n"].sum())]


def by_pandas(folder: Path) -> list[int]:
    """The same counts, with the log in memory."""
    contents = pd.read_parquet(folder / "contents.parquet")
    log = pd.read_parquet(folder / "interactions.parquet")
    views = log[log["kind"].isin(KINDS)]
    by_content = views["content_id"].value_counts()
    aged = views.merge(contents, on="content_id")
    aged["age"] = (aged["occurred_at"] - aged["born_at"]).dt.total_seconds() / 86400
    young = aged[aged["age"].between(0, 60)]
    young.groupby("content_id")["age"].quantile(0.5, interpolation="lower")
    week = views["occurred_at"].dt.tz_convert(None).dt.to_period("W")
    weekly = views.groupby([week, "content_id"]).size()
    top = weekly.groupby(level=0).nlargest(50)
    users = pd.read_parquet(folder / "users.parquet")
    unit = pd.Series(np.arange(len(users)) % 200, index=users["user_id"])
    month = log["occurred_at"].dt.tz_convert(None).dt.to_period("M")
    form = log["content_id"].map(contents.set_index("content_id")["form"])
    by_form = log.groupby([month, "kind", form, log["user_id"].map(unit)]).size()
    return [int(by_content.sum()), int(by_content.max()), len(young), int(top.sum()), int(by_form.sum())]


WAYS = {"duckdb": by_duckdb, "pandas": by_pandas, "responses": responses}


def _in_process(way: str, folder: str) -> dict[str, object]:
    command = [sys.executable, "-m", "benchmarks.reporting", way, folder]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603  our own interpreter
    return dict(json.loads(done.stdout))


def _names(prefix: str, n: int, start: int = 0) -> np.ndarray:
    return np.char.add(prefix, np.arange(start, start + n).astype(str))


def _measured(way: str, folder: Path) -> dict[str, object]:
    started = time.perf_counter()
    checks = WAYS[way](folder)
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": time.perf_counter() - started, "peak_mb": peak_mb, "checks": checks}


if __name__ == "__main__":
    is_asked = len(sys.argv) > 1
    sys.stdout.write(json.dumps(_measured(sys.argv[1], Path(sys.argv[2]))) if is_asked else f"{main()}\n")
