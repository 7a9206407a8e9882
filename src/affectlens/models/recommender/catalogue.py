"""The items that can be recommended, and the generated content that may steer towards them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from affectlens.features.times import seconds

NO_STATE = -1


def vector_matrix(vectors: pd.Series) -> np.ndarray:
    """A column of equally long lists as a float32 matrix (n, d); (0, 0) for an empty column."""
    if len(vectors) == 0:
        return np.zeros((0, 0), dtype=np.float32)
    return np.stack([np.asarray(vector, dtype=np.float32) for vector in vectors])


@dataclass(frozen=True)
class Catalogue:
    """All items, in the order of the columns of every score matrix.

    Attributes:
        item_ids: what the outside world calls them.
        created_at: (n_items,) since when it exists, seconds since 1970, never later than its first event; NaN where
            unknown, which means: always there.
        vectors: (n_items, d_g) content vectors, zero where an item has none; d_g = 0 where no item has one.
        has_vector: (n_items,) whether the item has a content vector.
        surfaces: names of where events take place (feed, search, ...); none where all events say the same.
    """

    item_ids: tuple[str, ...]
    created_at: np.ndarray
    vectors: np.ndarray
    has_vector: np.ndarray
    surfaces: tuple[str, ...] = ()

    @property
    def n_items(self) -> int:
        """How many items there are."""
        return len(self.item_ids)

    def index_of(self, content_ids: pd.Series) -> np.ndarray:
        """Column of each id, shape (n,); -1 for an unknown one."""
        return index_of(self.item_ids, content_ids)


def index_of(known: Sequence[str] | np.ndarray, ids: pd.Series) -> np.ndarray:
    """Position of each id among the known ones, shape (n,); -1 for an unknown one."""
    positions: np.ndarray = pd.Index(np.asarray(known, dtype=object)).get_indexer(ids.to_numpy(dtype=object))
    return positions.astype(np.int64)


def users_of(events: pd.DataFrame) -> np.ndarray:
    """Users in the order in which they appear first: ids are keyed hashes, so no number may rest on their order."""
    users: np.ndarray = events["user_id"].astype(object).drop_duplicates().to_numpy()
    return users


def catalogue_of(contents: pd.DataFrame, sequences: pd.DataFrame) -> Catalogue:
    """Every item with content features or with an event, in the order in which the tables name them.

    Args:
        contents: `content_features` (may be empty).
        sequences: `behaviour_sequences`.
    """
    named = [contents["content_id"].astype(object), sequences["content_id"].astype(object)]
    item_ids = tuple(str(item) for item in pd.unique(pd.concat(named, ignore_index=True)))
    created_at, has_vector = np.full(len(item_ids), np.nan), np.zeros(len(item_ids), dtype=bool)
    matrix = vector_matrix(contents["vector"])
    vectors = np.zeros((len(item_ids), matrix.shape[1]), dtype=np.float32)
    created_at[: len(contents)], vectors[: len(contents)] = seconds(contents["created_at"]), matrix
    first = pd.Series(seconds(sequences["occurred_at"])).groupby(index_of(item_ids, sequences["content_id"])).min()
    created_at[first.index] = np.minimum(created_at[first.index], first.fillna(np.inf))
    has_vector[: len(contents)] = matrix.shape[1] > 0
    return Catalogue(item_ids, created_at, vectors, has_vector, _surfaces_of(sequences["surface"]))


def _surfaces_of(surface: pd.Series) -> tuple[str, ...]:
    """Names of the surfaces; none where all are the same, or all unknown: that tells no event from another.

    >>> _surfaces_of(pd.Series(["search", None])), _surfaces_of(pd.Series(["feed", "feed"]))
    (('search',), ())
    """
    names = tuple(sorted(map(str, surface.dropna().unique())))
    return names if len(names) + int(surface.isna().any()) > 1 else ()


@dataclass(frozen=True)
class GeneratedContent:
    """G_t of every emotion state: what a request may use once the state exists.

    Attributes:
        user_ids: (n_states,) owner of the state.
        times: (n_states,) seconds since 1970; minus infinity for a state that holds from the beginning.
        vectors: (n_states, K, d_g) generated content vectors.
    """

    user_ids: np.ndarray
    times: np.ndarray
    vectors: np.ndarray

    @property
    def is_empty(self) -> bool:
        """Whether nothing was generated in this environment."""
        return len(self.vectors) == 0

    def latest(self, user_ids: np.ndarray, times: np.ndarray) -> np.ndarray:
        """Row of the newest state of each user that is not younger than the time, shape (n,); -1 where none is.

        Args:
            user_ids: (n,) whose state is asked for.
            times: (n,) seconds since 1970; NaN finds nothing.
        """
        rows = np.full(len(user_ids), NO_STATE, dtype=np.int64)
        asked = np.flatnonzero(~np.isnan(times))
        if self.is_empty or len(asked) == 0:
            return rows
        states = pd.DataFrame({"user": self.user_ids, "time": self.times, "row": np.arange(len(self.times))})
        asks = pd.DataFrame({"user": user_ids[asked], "time": times[asked], "ask": asked})
        states, asks = (frame.sort_values("time", kind="stable") for frame in (states, asks))
        joined = pd.merge_asof(asks, states, on="time", by="user").dropna(subset="row")
        rows[joined["ask"].to_numpy()] = joined["row"].to_numpy(dtype=np.int64)
        return rows

    def at(self, rows: np.ndarray) -> np.ndarray:
        """Vectors (n, K, d_g) of the states in these rows; zeros where the row is -1."""
        found: np.ndarray = self.vectors[np.maximum(rows, 0)]
        found[rows == NO_STATE] = 0.0
        return found


def generated_content_of(generated: pd.DataFrame) -> GeneratedContent:
    """`generated_content_features` as arrays.

    Raises:
        ValueError: the states differ in their number of samples.
    """
    flat = vector_matrix(generated["vectors"])
    if len(flat) == 0:
        return GeneratedContent(np.zeros(0, dtype=object), np.zeros(0), np.zeros((0, 0, 0), dtype=np.float32))
    n_samples = generated["n_samples"].unique()
    if len(n_samples) != 1:
        raise ValueError(f"all states need the same number of generated vectors, got {sorted(n_samples)}")
    times = np.nan_to_num(seconds(generated["occurred_at"]), nan=-np.inf)
    vectors = flat.reshape(len(flat), int(n_samples[0]), -1)
    return GeneratedContent(generated["user_id"].to_numpy(dtype=object), times, vectors)


def emotion_states_of(states: pd.DataFrame) -> GeneratedContent:
    """`emotion_states` in the same form: one vector a state, its probabilities."""
    return generated_content_of(states.assign(n_samples=1, vectors=states["probabilities"]))
