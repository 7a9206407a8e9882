"""What was shown to users and what they did with it, and what was known of both just before."""

# Shapes: n rows, N items, d width of a block, m events.
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.decomposition import TruncatedSVD

from affectlens.features.splits import TRAIN, Boundaries
from affectlens.features.times import seconds
from affectlens.models.recommender.catalogue import Catalogue, GeneratedContent
from affectlens.models.recommender.histories import Histories

PLACE = ["user_id", "content_id", "slate_id", "position"]
REACTIONS = ("like", "share", "comment")
_PRIOR = 10.0  # rows of the mean rate that a rate starts from
_SECONDS_AN_HOUR = 3600.0


@dataclass(frozen=True)
class Exposures:
    """One row a content that a user met.

    Attributes:
        exposure_ids: (n,) of the interaction.
        user_ids: (n,) who.
        item: (n,) column of the item.
        time: (n,) seconds since 1970.
        split: (n,) 0 train, 1 valid, 2 test.
        outcomes: name -> (n,) 1 done, 0 not done, NaN where it could not be done.
    """

    exposure_ids: np.ndarray
    user_ids: np.ndarray
    item: np.ndarray
    time: np.ndarray
    split: np.ndarray
    outcomes: Mapping[str, np.ndarray]

    def take(self, rows: np.ndarray) -> Exposures:
        """Some of the rows."""
        outcomes = {name: values[rows] for name, values in self.outcomes.items()}
        ids, users = self.exposure_ids[rows], self.user_ids[rows]
        return Exposures(ids, users, self.item[rows], self.time[rows], self.split[rows], outcomes)


def exposures_of(
    interactions: pd.DataFrame, catalogue: Catalogue, boundaries: Boundaries, liked_from: float
) -> Exposures:
    """What was shown, with view, and after a view like, share and comment; without impressions the ratings: `pleased`.

    Rows whose time has no split are left out.

    Args:
        interactions: the table of that name.
        catalogue: the items.
        boundaries: of the global timeline.
        liked_from: a rating at or above it counts as pleased.
    """
    shown = interactions[(interactions["kind"] == "impression").to_numpy()]
    if len(shown):
        done = {kind: _was_done(shown, interactions, kind) for kind in ("view", *REACTIONS)}
        outcomes = {"view": done["view"]} | {
            kind: np.where(done["view"] == 1, done[kind], np.nan) for kind in REACTIONS
        }
    else:
        shown = interactions[interactions["value"].notna().to_numpy()]
        outcomes = {"pleased": (shown["value"] >= liked_from).to_numpy(dtype=np.float64)}
    item, split = catalogue.index_of(shown["content_id"]), boundaries.split(shown["occurred_at"])
    ids, users = (shown[name].to_numpy(dtype=object) for name in ("interaction_id", "user_id"))
    rows = np.flatnonzero((item >= 0) & (split >= 0))
    return Exposures(ids, users, item, seconds(shown["occurred_at"]), split, outcomes).take(rows)


def _was_done(shown: pd.DataFrame, interactions: pd.DataFrame, kind: str) -> np.ndarray:
    places = interactions.loc[(interactions["kind"] == kind).to_numpy(), PLACE].drop_duplicates()
    found = shown[PLACE].merge(places.assign(done=1.0), on=PLACE, how="left")["done"]
    return found.fillna(0.0).to_numpy()


def rows_before(exposures: Exposures, user_ids: np.ndarray, times: np.ndarray) -> np.ndarray:
    """For each exposure the last dated row of its user that is strictly earlier, (n,); -1 where none is.

    Args:
        exposures: who asks, and when.
        user_ids: (m,) owner of each dated row.
        times: (m,) seconds since 1970; minus infinity: from the beginning; NaN is never found.
    """
    known = np.flatnonzero(~np.isnan(times))
    right = pd.DataFrame({"user": user_ids[known], "time": np.maximum(times[known], -1e18), "row": known})
    left = pd.DataFrame({"user": exposures.user_ids, "time": exposures.time, "ask": np.arange(len(exposures.time))})
    left, right = (frame.sort_values("time", kind="stable") for frame in (left, right))
    found = np.full(len(left), -1, dtype=np.int64)
    if len(right):
        joined = pd.merge_asof(left, right, on="time", by="user", allow_exact_matches=False).dropna(subset="row")
        found[joined["ask"].to_numpy()] = joined["row"].to_numpy(dtype=np.int64)
    return found


def running_means(histories: Histories, vectors: np.ndarray, decay: float) -> np.ndarray:
    """Mean of a user's vectors (m, d) up to and with each event, one that is a step older weighing decay less.

    >>> import types
    >>> two = types.SimpleNamespace(offsets=np.array([0, 2, 3]), lengths=np.array([2, 1]))
    >>> running_means(two, np.array([[1.0], [4.0], [7.0]]), 0.5).ravel().tolist()  # (0.5 * 1 + 4) / 1.5
    [1.0, 3.0, 7.0]
    """
    total = np.column_stack([np.ones(len(vectors)), vectors])
    for step in range(1, int(histories.lengths.max(initial=0))):
        rows = histories.offsets[:-1][histories.lengths > step] + step
        total[rows] += decay * total[rows - 1]
    means: np.ndarray = total[:, 1:] / total[:, :1]
    return means


def rates_before(group: np.ndarray, time: np.ndarray, outcome: np.ndarray, is_train: np.ndarray) -> np.ndarray:
    """(n, 2) standardised: log-odds of the group's outcome so far, shrunk to the usual, and log of its rows so far.

    Rows of the same moment, such as those of one slate, do not see each other; what is usual is that of train rows.

    >>> group, time, done = np.zeros(4, dtype=int), np.array([1.0, 2.0, 2.0, 3.0]), np.array([1.0, 1.0, 0.0, 0.0])
    >>> rates = rates_before(group, time, done, np.ones(4, dtype=bool))
    >>> bool(rates[0, 0] < rates[1, 0] == rates[2, 0])
    True
    """
    order = np.lexsort((time, group))
    is_first = np.diff(group[order], prepend=-1) != 0
    is_new = is_first | (np.diff(time[order], prepend=-np.inf) != 0)
    places = np.arange(len(order))
    start, moment = (np.maximum.accumulate(np.where(new, places, 0)) for new in (is_first, is_new))
    so_far = np.cumsum(outcome[order]) - outcome[order]
    usual = np.clip(outcome[is_train].mean(), 1e-3, 1.0 - 1e-3)
    rate = (so_far[moment] - so_far[start] + _PRIOR * usual) / (moment - start + _PRIOR)
    columns = np.empty((len(order), 2))
    columns[order] = np.column_stack([np.log(rate / (1.0 - rate)), np.log1p(moment - start)])
    fitted = columns[is_train]
    found: np.ndarray = (columns - fitted.mean(axis=0)) / np.maximum(fitted.std(axis=0), 1e-9)
    return found


def item_factors(exposures: Exposures, n_items: int, width: int, seed: int) -> np.ndarray:
    """(N, width) factors of the items in who did the first outcome with them in training; zero without such a row."""
    first = next(iter(exposures.outcomes.values()))
    rows = np.flatnonzero((exposures.split == TRAIN) & (first == 1))
    users, names = pd.factorize(exposures.user_ids[rows])
    shape = (max(len(names), 1), n_items)
    done = sparse.csr_matrix((np.ones(len(rows)), (users, exposures.item[rows])), shape=shape)
    done.data[:] = 1.0
    if min(shape) <= width or len(rows) == 0:
        return np.zeros((n_items, width), dtype=np.float32)
    factors = TruncatedSVD(width, random_state=seed).fit(done).components_.T
    spread = factors.std(axis=0)
    scaled: np.ndarray = (factors / np.where(spread > 0, spread, 1.0)).astype(np.float32)
    return scaled


def latest(content: GeneratedContent, exposures: Exposures) -> np.ndarray:
    """Mean over the K vectors of each exposure's latest dated row, (n, d); zero where none is."""
    rows = rows_before(exposures, content.user_ids, content.times)
    found: np.ndarray = content.vectors.mean(axis=1)[np.maximum(rows, 0)]
    found[rows < 0] = 0.0
    return found


def fresh_utterance(written: GeneratedContent, exposures: Exposures, half_life_hours: float) -> np.ndarray:
    """Emotion of the last thing each user wrote before, fading with its age, and how fresh it is, (n, C + 1).

    A pooled state is slow where moods are quick; what was said minutes ago is worth more.

    Args:
        written: one vector (1, C) an utterance.
        exposures: who asks, and when.
        half_life_hours: age at which an utterance counts half.
    """
    rows = rows_before(exposures, written.user_ids, written.times)
    if written.is_empty:
        return np.zeros((len(rows), 1), dtype=np.float32)
    said = written.vectors[:, 0]
    said = (said - said.mean(axis=0)) / np.maximum(said.std(axis=0), 1e-9)
    age_h = (exposures.time - written.times[np.maximum(rows, 0)]) / _SECONDS_AN_HOUR
    freshness = np.where(rows >= 0, 0.5 ** (age_h / half_life_hours), 0.0)[:, None]
    return np.hstack([said[np.maximum(rows, 0)] * freshness, freshness]).astype(np.float32)
