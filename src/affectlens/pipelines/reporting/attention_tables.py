"""Logs, counters and contents opened into the arrays that the attention estimators take."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from affectlens.features import event_log
from affectlens.features.event_log import N_GROUPS, CountingParams, EventLog
from affectlens.features.windows import window_names, window_starts

from .params import AttentionParams

CONTENT_COLUMNS = ["content_id", "author_id", "form", "born_at", "n", "n_followed", "half_age_days", "observed_days"]


def content_attention(
    log: EventLog,
    contents: pd.DataFrame,
    reaction_counts: pd.DataFrame,
    params: AttentionParams,
    counting: CountingParams,
) -> pd.DataFrame:
    """One row a content: how much attention it had, and how it came with age where a log tells.

    Returns:
        `content_id`, `author_id`, `form`, `born_at` (created, or first attended to; UTC), `n` (all its attention),
        `n_followed` and `half_age_days` (within the horizon), `observed_days` (its age at the end of the log; NaN where
        the log does not see it born).
    """
    counted = event_log.counts_by(log, "content_id", params.kinds, counting)
    table = contents[["content_id", "author_id", "form", "created_at"]].rename(columns={"created_at": "born_at"})
    if counted.empty:
        return _counted_elsewhere(table, latest_counts(reaction_counts), params.counters)
    first = pd.to_datetime(table["content_id"].map(counted.set_index("content_id")["first"]), utc=True)
    table["born_at"] = table["born_at"].fillna(first.astype(table["born_at"].dtype))
    table["n"] = table["content_id"].map(counted.set_index("content_id")["n"]).fillna(0.0)
    _, begin, end = (
        stamp if isinstance(stamp, int) else stamp.tz_localize("UTC") for stamp in event_log.log_size(log, counting)
    )
    births = table[table["born_at"].between(begin, end)]
    halves = event_log.half_ages(log, births, params.kinds, params.horizon_days, counting)
    table.loc[births.index, "observed_days"] = (end - births["born_at"]).dt.total_seconds() / 86400
    return table.merge(halves.rename(columns={"n": "n_followed"}), on="content_id", how="left")[CONTENT_COLUMNS]


def without_ages(attention: pd.DataFrame) -> pd.DataFrame:
    """The table of a source whose times tell the order of events and nothing else."""
    unknown = dict.fromkeys(("n_followed", "half_age_days", "observed_days"), float("nan"))
    never = pd.Series(pd.NaT, index=attention.index, dtype=attention["born_at"].dtype)
    return attention.assign(born_at=never, **unknown)


def latest_counts(reaction_counts: pd.DataFrame) -> pd.DataFrame:
    """The newest reading of every counter: one row a content, one column a counter; NaN where it was never read."""
    newest = reaction_counts.sort_values("observed_at", kind="stable")
    newest = newest.drop_duplicates(["content_id", "reaction"], keep="last")
    return newest.pivot_table(index="content_id", columns="reaction", values="count", aggfunc="sum").astype(np.float64)


def _counted_elsewhere(table: pd.DataFrame, counts: pd.DataFrame, counters: Sequence[str]) -> pd.DataFrame:
    known = counts[[name for name in counters if name in counts]].sum(axis=1, min_count=1)
    table["n"] = table["content_id"].map(known)
    undefined = dict.fromkeys(("n_followed", "half_age_days", "observed_days"), float("nan"))
    return table.dropna(subset=["n"]).reset_index(drop=True).assign(**undefined)[CONTENT_COLUMNS]


def unit_attention(
    attention: pd.DataFrame,
    log: EventLog,
    users: pd.DataFrame,
    utterances: pd.DataFrame,
    recommendations: pd.DataFrame,
    params: AttentionParams,
    counting: CountingParams,
) -> pd.DataFrame:
    """One row a unit of every distribution that can be shown, units without any attention included: `subject`, `n`."""
    active = event_log.counts_by(log, "user_id", params.kinds, counting).set_index("user_id")["n"]
    by_author = attention.dropna(subset=["author_id"]).groupby("author_id", sort=False)["n"].sum()
    subjects = {
        "content_attention": attention["n"],
        "author_attention": by_author,
        "user_activity": _with_silent(active, users["user_id"]),
        "user_utterances": _with_silent(utterances["user_id"].dropna().value_counts(sort=False), users["user_id"]),
        "recommended_exposure": _with_silent(
            recommendations["content_id"].value_counts(sort=False), attention["content_id"]
        ),
    }
    shown = {name: counts.to_numpy(dtype=np.float64) for name, counts in subjects.items()}
    parts = [pd.DataFrame({"subject": name, "n": n}) for name, n in shown.items() if n.size > 1 and n.any()]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame({"subject": [], "n": []})


def _with_silent(counts: pd.Series, everyone: pd.Series) -> pd.Series:
    """Counts, with a zero for everyone who has none; nothing if nobody has any."""
    if counts.empty:
        return counts
    silent = everyone[~everyone.isin(counts.index)]
    return pd.concat([counts, pd.Series(0, index=silent)])


def attention_by_age(
    log: EventLog, attention: pd.DataFrame, params: AttentionParams, counting: CountingParams
) -> pd.DataFrame:
    """Attention by age and group of contents, of those contents that were followed to the horizon.

    Returns:
        `bin`, `low` and `high` (edges in days), `unit` (group), `n`, `n_contents` in the group; every pair has a row.
    """
    followed = attention[attention["observed_days"] >= params.horizon_days].reset_index(drop=True)
    edges = [0.0, *np.geomspace(params.finest_age_days, params.horizon_days, params.n_age_bins)]
    births = followed[["content_id", "born_at"]].assign(unit=followed.index % N_GROUPS)
    counted = event_log.counts_by_age(log, births, params.kinds, edges, counting)
    groups = births["unit"].value_counts().sort_index()
    pairs = pd.MultiIndex.from_product([range(len(edges) - 1), groups.index], names=["bin", "unit"])
    n = counted.set_index(["bin", "unit"])["n"].reindex(pairs, fill_value=0).reset_index()
    return n.assign(
        low=np.array(edges[:-1])[n["bin"]], high=np.array(edges[1:])[n["bin"]], n_contents=n["unit"].map(groups)
    )


def windows_of(times: pd.Series, params: AttentionParams) -> tuple[np.ndarray, list[str]]:
    """Index of the window of each time (-1 for no time or a window with too few contents), and the windows' names."""
    starts = window_starts(times, params.period)
    enough = starts.groupby(starts).transform("size") >= params.min_contents
    codes, kept = pd.factorize(starts.where(enough), sort=True)
    return codes, window_names(pd.Series(kept), params.period).tolist()
