"""Logs to sequences: one row for everything a user consumed, in the order in which it happened."""

from __future__ import annotations

import numpy as np
import pandas as pd

from affectlens.features import splits
from affectlens.schemas import INTERACTION_KINDS

# Within one exposure a stronger kind replaces a weaker one; ratings and purchases are events of their own.
_STRENGTH = {"impression": 0, "view": 1, "like": 2, "comment": 3, "share": 4}
_REACTIONS = {"like": "is_liked", "comment": "is_commented", "share": "is_shared"}
_TOLD = ("value", *_REACTIONS.values(), "surface")
_COLUMNS = ("user_id", "content_id", "step", "occurred_at", "kind", "dwell_s", "gap_s", *_TOLD, "split")
_NEVER = np.iinfo(np.int64).max


def consumed_events(interactions: pd.DataFrame) -> pd.DataFrame:
    """Interactions as one row an exposure, its strongest kind; what was only shown is dropped.

    An exposure is one place in one slate: the rows that share user_id, content_id, slate_id and position. Rows
    without a slate, ratings and purchases are each an exposure of their own. An event happens at the exposure's
    first consuming row; `dwell_s` is the longest of its rows; `value` and `surface` are those of its strongest row.
    Whether it was liked, commented on and shared any of its rows tells; of ratings and purchases nobody knows.

    Returns:
        user_id, content_id, occurred_at, kind, dwell_s, value, is_liked, is_commented, is_shared, surface; ordered by
        the first consuming row.
    """
    kind = pd.Categorical(interactions["kind"], categories=list(INTERACTION_KINDS)).codes
    is_kept = (kind > 0) | interactions["dwell_s"].notna().to_numpy()
    rows = interactions.loc[is_kept].reset_index(drop=True)
    return _strongest(rows, *_exposures_of(rows), is_consumed_only=True).drop(columns="ended_at")


def exposures(interactions: pd.DataFrame) -> pd.DataFrame:
    """As `consumed_events`, but with what was only shown, as kind "impression", and with `ended_at`.

    An exposure has ended when its last row happened and its attention has passed: until then its kind and its
    `dwell_s` are not known.
    """
    rows = interactions.reset_index(drop=True)
    return _strongest(rows, *_exposures_of(rows), is_consumed_only=False)


def _exposures_of(rows: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Number of the exposure and strength of the kind of each row."""
    strength = rows["kind"].map(_STRENGTH)
    exposure = _exposure_numbers(rows, is_alone=(strength.isna() | rows["slate_id"].isna()).to_numpy())
    return exposure, strength.fillna(1).to_numpy(dtype=np.int64)


def _exposure_numbers(rows: pd.DataFrame, is_alone: np.ndarray) -> np.ndarray:
    """Number of each row's exposure, in order of first appearance."""
    combined = np.zeros(len(rows), dtype=np.int64)
    for column in ("user_id", "content_id", "slate_id", "position"):
        codes, found = pd.factorize(rows[column], use_na_sentinel=True)
        combined = pd.factorize(combined * (len(found) + 1) + codes + 1)[0]
    alone = combined.max(initial=-1) + 1 + np.arange(len(rows))
    return np.asarray(pd.factorize(np.where(is_alone, alone, combined))[0])


def _strongest(
    rows: pd.DataFrame, exposure: np.ndarray, strength: np.ndarray, *, is_consumed_only: bool
) -> pd.DataFrame:
    """One row an exposure; of rows that tie in strength the earliest speaks, then the one that stands first."""
    instants = _microseconds(rows["occurred_at"])
    order = np.lexsort((instants, -strength, exposure))
    starts = np.flatnonzero(np.diff(exposure[order], prepend=-1))
    best = order[starts]
    events = rows.loc[best, ["user_id", "content_id", "occurred_at", "kind", "dwell_s", "value", "surface"]]
    events = events.assign(**_reactions(rows["kind"], order, starts))
    if not len(starts):
        return events.assign(ended_at=events["occurred_at"])
    is_consumed = (strength >= int(is_consumed_only))[order]
    first_row = np.minimum.reduceat(np.where(is_consumed, order, _NEVER), starts)
    first_time = np.minimum.reduceat(np.where(is_consumed, instants[order], _NEVER), starts)
    dwell_s = rows["dwell_s"].to_numpy(dtype=np.float64)
    longest = np.fmax.reduceat(dwell_s[order], starts)
    over = instants + np.round(np.nan_to_num(dwell_s) * 1e6).astype(np.int64)
    ended = np.maximum.reduceat(over[order], starts)
    events = events.assign(occurred_at=_as_times(first_time), dwell_s=longest, ended_at=_as_times(ended))
    kept = np.argsort(first_row, kind="stable")[: int((first_row < _NEVER).sum())]
    return events.iloc[kept].reset_index(drop=True)


def _reactions(kind: pd.Series, order: np.ndarray, starts: np.ndarray) -> dict[str, pd.arrays.BooleanArray]:
    """What was done in each exposure beside viewing it; unknown where its kind leaves no room for that."""
    names = kind.to_numpy(dtype=object)[order]
    is_open = pd.Series(names[starts]).isin(_STRENGTH).to_numpy(dtype=bool)
    found = {}
    for name, column in _REACTIONS.items():
        was_done = np.logical_or.reduceat(names == name, starts) if len(starts) else np.zeros(0, dtype=bool)
        found[column] = pd.arrays.BooleanArray(was_done.astype(bool), ~is_open)
    return found


def behaviour_sequences(events: pd.DataFrame) -> pd.DataFrame:
    """Consumed events by user (in order of first appearance), then time; without splits yet.

    Adds `step` (0, 1, ... within the user) and `gap_s`, the seconds since the user's previous event (null at the
    first). Events of one instant keep the order of their rows.
    """
    user = pd.factorize(events["user_id"])[0]
    instants = _microseconds(events["occurred_at"])
    order = np.lexsort((instants, user))
    user, instants = user[order], instants[order]
    is_first = np.diff(user, prepend=-1) != 0
    place = np.arange(len(order))
    gap = np.diff(instants, prepend=0) / 1e6
    sequences = events.iloc[order].reset_index(drop=True)
    sequences["step"] = place - np.maximum.accumulate(np.where(is_first, place, 0))
    sequences["gap_s"] = np.where(is_first, np.nan, gap)
    return sequences


def split_sequences(sequences: pd.DataFrame, boundaries: splits.Boundaries) -> pd.DataFrame:
    """Sequences with their `split`: on the timeline where there are boundaries, else leave-one-out by user."""
    if boundaries.train_end is None:
        n_events = sequences.groupby("user_id", sort=False)["step"].transform("size").to_numpy()
        codes = splits.leave_one_out(n_events, sequences["step"].to_numpy())
    else:
        codes = boundaries.split(sequences["occurred_at"])
    return sequences.assign(split=splits.names_of(codes))[list(_COLUMNS)]


def without_times(sequences: pd.DataFrame) -> pd.DataFrame:
    """Sequences of a source whose times told nothing but the order: from here on `step` alone tells it."""
    return sequences.assign(
        occurred_at=pd.Series(pd.NaT, index=sequences.index, dtype="datetime64[us, UTC]"), gap_s=np.nan
    )


def _microseconds(times: pd.Series) -> np.ndarray:
    return np.asarray(times.dt.as_unit("us").astype("int64"))


def _as_times(microseconds: np.ndarray) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(microseconds.view("datetime64[us]")).tz_localize("UTC")
