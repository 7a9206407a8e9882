"""Recommendation requests cut from behaviour: history, what may be recommended, and what was then consumed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd

from affectlens.features.times import seconds
from affectlens.models.recommender.catalogue import (
    Catalogue,
    GeneratedContent,
    catalogue_of,
    generated_content_of,
    index_of,
    users_of,
)
from affectlens.models.recommender.histories import Histories, crowd_of, histories_of

HISTORY_SPLITS = {"valid": ("train",), "test": ("train", "valid")}
CROWD_SPLITS = {"valid": ("train", "valid"), "test": ("train", "valid", "test")}


@dataclass(frozen=True)
class Requests:
    """Requests: rank the candidates, given the history.

    Attributes:
        user_ids: (n,) who asks.
        histories: what each user did before.
        owner: (p,) row of the user who later consumed the relevant item.
        item: (p,) column of that item; each pair once, never an item of the history, always a candidate.
        n_not_candidates: later items left out because they did not exist at the time of the request.
        n_repeats: later items left out because the user had consumed them before.
    """

    user_ids: np.ndarray
    histories: Histories
    owner: np.ndarray
    item: np.ndarray
    n_not_candidates: int
    n_repeats: int

    @property
    def n_users(self) -> int:
        """How many requests there are."""
        return len(self.user_ids)

    @property
    def request_time(self) -> np.ndarray:
        """(n,) when each user asks, seconds since 1970; NaN unknown."""
        return self.histories.request_time

    def sample(self, most: int, seed: int) -> Requests:
        """The requests of `most` users drawn at random, in their order; all where there are no more."""
        if self.n_users <= most:
            return self
        rows = np.sort(np.random.default_rng(seed).choice(self.n_users, most, replace=False))
        is_kept = np.isin(self.owner, rows)
        owner = np.searchsorted(rows, self.owner[is_kept])
        return replace(
            self,
            user_ids=self.user_ids[rows],
            histories=self.histories.take(rows),
            owner=owner,
            item=self.item[is_kept],
        )


def only_candidates(
    scores: np.ndarray, histories: Histories, request_time: np.ndarray, catalogue: Catalogue
) -> np.ndarray:
    """Scores (n, n_items) with minus infinity for consumed items and for those that did not exist at the request."""
    is_late = catalogue.created_at[None, :] > request_time[:, None]
    kept = np.where(is_late, -np.inf, scores)
    kept[histories.owner, histories.item] = -np.inf
    return kept


def requests_of(
    sequences: pd.DataFrame, catalogue: Catalogue, generated: GeneratedContent, split: Literal["valid", "test"]
) -> Requests:
    """One request for each user with an event in the split, asked at the first of them.

    The history holds the user's earlier events of the splits before (fold-in: the input grows, the weights do not).
    Generated content may be used if it existed at the last event of the history. Of the crowd, a request sees the days
    before its own; a validation request sees no test event.
    """
    target = sequences[(sequences["split"] == split).to_numpy()]
    user_ids = users_of(target)
    target_owner = index_of(user_ids, target["user_id"])
    first = target.assign(owner=target_owner).sort_values("step", kind="stable").drop_duplicates("owner")
    first = first.sort_values("owner")
    before = sequences[sequences["split"].isin(HISTORY_SPLITS[split]).to_numpy()]
    limit = before["user_id"].astype(object).map(dict(zip(user_ids, first["step"], strict=True)))
    before = before[(before["step"] < limit.astype(np.float64)).to_numpy()]
    crowd = crowd_of(sequences[sequences["split"].isin(CROWD_SPLITS[split]).to_numpy()], catalogue)
    histories = histories_of(before, user_ids, catalogue, generated, seconds(first["occurred_at"]), crowd)
    return _with_relevant(target, target_owner, histories, catalogue, user_ids)


def next_item_requests(
    sequences: pd.DataFrame,
    catalogue: Catalogue,
    generated: GeneratedContent,
    split: Literal["valid", "test"],
    *,
    most: int,
    seed: int,
) -> Requests:
    """One request for each event of the split, or for `most` of them at random: what comes next, given all before it.

    Where moods move from day to day, a request that is weeks old cannot show what the mood of its hour is worth.
    """
    known = sequences[sequences["split"].isin((*HISTORY_SPLITS[split], split)).to_numpy()]
    users = users_of(known)
    crowd = crowd_of(sequences[sequences["split"].isin(CROWD_SPLITS[split]).to_numpy()], catalogue)
    owner = index_of(users, known["user_id"])
    ordered = known.iloc[np.lexsort((known["step"].to_numpy(), owner))]
    whole = histories_of(ordered, users, catalogue, generated, None, crowd)
    positions = np.flatnonzero((ordered["split"] == split).to_numpy())
    drawn = np.random.default_rng(seed).permutation(len(positions))[:most]
    positions = positions[np.sort(drawn)]
    histories, item = whole.before(positions), whole.item[positions]
    cells = np.arange(len(positions)) * catalogue.n_items
    repeated = np.isin(cells + item, cells[histories.owner] + histories.item)
    late = catalogue.created_at[item] > histories.request_time
    kept = np.flatnonzero(~repeated & ~late)
    asking = users[whole.owner[positions]][kept]
    counts = int((late & ~repeated).sum()), int(repeated.sum())
    return Requests(asking, histories.take(kept), np.arange(len(kept)), item[kept], *counts)


def closing_requests(sequences: pd.DataFrame, catalogue: Catalogue, generated: GeneratedContent) -> Requests:
    """One request for each user with a history, asked when the validation period ends; nothing is known to follow."""
    before = sequences[sequences["split"].isin(HISTORY_SPLITS["test"]).to_numpy()]
    user_ids = users_of(before)
    request_time = np.full(len(user_ids), seconds(before["occurred_at"].nlargest(1)).max(initial=-np.inf))
    request_time[np.isinf(request_time)] = np.nan
    histories = histories_of(before, user_ids, catalogue, generated, request_time)
    nothing = np.zeros(0, dtype=np.int64)
    return Requests(user_ids, histories, nothing, nothing, 0, 0)


def _with_relevant(
    target: pd.DataFrame,
    target_owner: np.ndarray,
    histories: Histories,
    catalogue: Catalogue,
    user_ids: np.ndarray,
) -> Requests:
    pairs = np.unique(target_owner * catalogue.n_items + catalogue.index_of(target["content_id"]))
    consumed = np.isin(pairs, histories.owner * catalogue.n_items + histories.item)
    owner, item = pairs // max(catalogue.n_items, 1), pairs % max(catalogue.n_items, 1)
    late = catalogue.created_at[item] > histories.request_time[owner]
    kept = ~consumed & ~late
    return Requests(
        user_ids,
        histories,
        owner[kept],
        item[kept],
        int((late & ~consumed).sum()),
        int(consumed.sum()),
    )


@dataclass(frozen=True)
class BehaviourArrays:
    """The tables of the stage as arrays.

    Attributes:
        catalogue: the items.
        generated: G_t of every emotion state; empty where the environment has none.
        train: the training events of every user who has one.
        valid: requests on which settings are chosen.
    """

    catalogue: Catalogue
    generated: GeneratedContent
    train: Histories
    valid: Requests


def behaviour_arrays(sequences: pd.DataFrame, contents: pd.DataFrame, generated: pd.DataFrame) -> BehaviourArrays:
    """Open `behaviour_sequences`, `content_features` and `generated_content_features`.

    Raises:
        ValueError: generated vectors and content vectors differ in width.
    """
    catalogue, content = catalogue_of(contents, sequences), generated_content_of(generated)
    if not content.is_empty and content.vectors.shape[2] != catalogue.vectors.shape[1]:
        widths = content.vectors.shape[2], catalogue.vectors.shape[1]
        raise ValueError(f"generated vectors have width {widths[0]}, content vectors {widths[1]}; refit the generator")
    train = sequences[(sequences["split"] == "train").to_numpy()]
    histories = histories_of(train, users_of(train), catalogue, content)
    return BehaviourArrays(catalogue, content, histories, requests_of(sequences, catalogue, content, "valid"))
