"""What a user had consumed up to a moment."""

from __future__ import annotations

import numpy as np
import pandas as pd

from affectlens.schemas import SPLITS


def mean_vectors_until(moments: pd.DataFrame, events: pd.DataFrame, vectors: np.ndarray) -> np.ndarray:
    """Mean content vector of each user's events up to and including each moment.

    A moment without a time sees the user's train events without a time; events without a time are seen by no other.

    Args:
        moments: (n) columns user_id, occurred_at (may be null).
        events: (m) columns user_id, occurred_at (may be null), split; in any order.
        vectors: (m, d) content vector of each event.

    Returns:
        (n, d) float64; a row of NaN where the user had consumed nothing yet.
    """
    result = np.full((len(moments), vectors.shape[1]), np.nan)
    timed, asked = events["occurred_at"].notna().to_numpy(), moments["occurred_at"].notna().to_numpy()
    result[asked] = _until(moments[asked], events[timed], vectors[timed])
    timeless = ~timed & (events["split"] == SPLITS[0]).to_numpy()
    result[~asked] = _overall(moments[~asked], events[timeless], vectors[timeless])
    return result


def _until(moments: pd.DataFrame, events: pd.DataFrame, vectors: np.ndarray) -> np.ndarray:
    result = np.full((len(moments), vectors.shape[1]), np.nan)
    if moments.empty or events.empty:
        return result
    user = pd.factorize(events["user_id"])[0]
    order = np.lexsort((events["occurred_at"].to_numpy(), user))
    sums = np.cumsum(np.vstack([np.zeros(vectors.shape[1]), vectors[order]]), axis=0)
    # Events of one user stand together: those up to the k-th are the rows from `start` to `stop`.
    right = events[["user_id", "occurred_at"]].iloc[order]
    right = right.assign(start=np.searchsorted(user[order], user[order]), stop=np.arange(1, len(events) + 1))
    left = moments[["user_id", "occurred_at"]].assign(row=np.arange(len(moments)))
    left["occurred_at"] = left["occurred_at"].astype(right["occurred_at"].dtype)
    left, right = (table.sort_values("occurred_at", kind="stable") for table in (left, right))
    found = pd.merge_asof(left, right, on="occurred_at", by="user_id").dropna(subset="stop")
    start, stop = found["start"].to_numpy(dtype=np.int64), found["stop"].to_numpy(dtype=np.int64)
    result[found["row"].to_numpy()] = (sums[stop] - sums[start]) / (stop - start)[:, None]
    return result


def _overall(moments: pd.DataFrame, events: pd.DataFrame, vectors: np.ndarray) -> np.ndarray:
    means = pd.DataFrame(vectors, index=events["user_id"].to_numpy()).groupby(level=0, sort=False).mean()
    result: np.ndarray = means.reindex(moments["user_id"].to_numpy()).to_numpy()
    return result
