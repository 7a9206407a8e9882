"""Vectors that stand for contents which hardly anybody consumed."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.spatial.distance import cdist
from sklearn.neighbors import NearestNeighbors

from affectlens.evaluation.ranking import ranks_of
from affectlens.models.checkpoint import Checkpoint
from affectlens.models.gan import generate, interest_of
from affectlens.pipelines.gan_training.contents import stacked
from affectlens.pipelines.gan_training.params import ColdStartParams

STAND_INS = ("generated", "content_knn", "class_mean")
COLD_COLUMNS = ("content_id", "split", "n_train_events", *STAND_INS)


def stand_ins(table: pd.DataFrame, checkpoint: Checkpoint, params: ColdStartParams, seed: int) -> pd.DataFrame:
    """Three stand-ins for every cold content.

    Args:
        table: contents with `split`, `topic`, `vector`, `probabilities` (of emotions) and `n_train_events`.
        checkpoint: `gan_checkpoint`.
        params: who is cold, and sizes.
        seed: of the generator's noise.

    Returns:
        COLD_COLUMNS, vectors as lists: `generated` is the mean of what M_G makes for the content's emotion and the
        interest of its topic's train contents, so it does not look at the content's own vector; `content_knn` the mean
        of the train contents nearest to it; `class_mean` that of the train contents with the same strongest emotion.
    """
    vectors, emotion = stacked(table["vector"]), stacked(table["probabilities"])
    is_cold = (table["n_train_events"] <= params.max_events).to_numpy()
    is_train = (table["split"] == "train").to_numpy()
    cold = table[is_cold]
    if cold.empty or not is_train.any():
        return pd.DataFrame(columns=list(COLD_COLUMNS))
    interest = interest_of(vectors, checkpoint.weights["projection"])
    taste = _group_means(interest, table["topic"], is_train)[is_cold]
    generated = generate(checkpoint, emotion[is_cold], taste, params.n_samples, seed).mean(axis=1)
    search = NearestNeighbors(n_neighbors=min(params.n_neighbours + 1, int(is_train.sum()))).fit(vectors[is_train])
    near = search.kneighbors(vectors[is_cold], return_distance=False)
    # A cold train content is not its own neighbour.
    first = (table["split"] == "train")[is_cold].to_numpy().astype(np.int64)
    chosen = np.take_along_axis(near, first[:, None] + np.arange(near.shape[1] - 1), axis=1)
    found = {
        "generated": generated,
        "content_knn": vectors[is_train][chosen].mean(axis=1),
        "class_mean": _group_means(vectors, pd.Series(emotion.argmax(axis=1)), is_train)[is_cold],
    }
    rows = cold[["content_id", "split", "n_train_events"]].reset_index(drop=True)
    return rows.assign(**{name: list(values.astype(np.float32)) for name, values in found.items()})


def _group_means(values: np.ndarray, groups: pd.Series, is_train: np.ndarray) -> np.ndarray:
    """For each row the mean (n, k) of the train rows of its group; of all train rows where the group has none."""
    frame = pd.DataFrame(values)
    means = frame[is_train].groupby(groups.to_numpy()[is_train]).mean()
    found: np.ndarray = means.reindex(groups.to_numpy()).to_numpy()
    return np.where(np.isnan(found), frame[is_train].mean().to_numpy(), found)


def places_of_own(vectors: np.ndarray, own: np.ndarray) -> np.ndarray:
    """Place (n,), from 1, of each content's own vector among all of them, by cosine to its stand-in.

    Equals share their middle place; a vector of zeros has no cosine, and so no place: NaN.

    >>> places_of_own(np.array([[1.0, 0.1], [1.0, 0.0]]), np.array([[1.0, 0.0], [0.0, 1.0]])).tolist()
    [1.0, 2.0]
    """
    known = np.flatnonzero(vectors.any(axis=1) & own.any(axis=1))
    similarity = np.where(own.any(axis=1), 1.0 - cdist(vectors[known], own, metric="cosine"), -np.inf)
    places = np.full(len(vectors), np.nan)
    places[known] = ranks_of(similarity, np.arange(len(known)), known)
    return places
