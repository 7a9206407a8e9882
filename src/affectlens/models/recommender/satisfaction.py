"""Will a user be pleased by a content, and will it lift the mood? Classifiers over ids, content, situation, emotion.

Source of the task and of the splits: Li et al. 2024, "SiTunes" (CHIIR).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from pydantic import Field
from sklearn.base import ClassifierMixin
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression

from affectlens.params import Params


class PublishedFigures(Params):
    """What the authors of a data set report of one metric for their models, which know what one step of ours knows."""

    fitted_on: str = Field(description="surface on which the models were fitted")
    step: str = Field(description="of the ladder over satisfaction")
    metric: Literal["auc", "mood_accuracy", "mood_macro_f1"]
    values: dict[str, float]


class SatisfactionParams(Params):
    """What is learnt from which columns, on which splits, with which trials."""

    surface: str | None = Field(description="only interactions of this surface; null switches the task off")
    other_surface: str | None = Field(description="also fitted on this one alone, judged on test rows of the first")
    liked_from: float = Field(description="a rating at or above it counts as pleased")
    mood_step: float = Field(gt=0, description="change of valence beyond which the mood counts as lifted or dropped")
    split_seeds: list[int] = Field(min_length=1, description="one random split within users each")
    train_share: float = Field(gt=0, lt=1)
    valid_share: float = Field(gt=0, lt=1)
    other_train_share: float = Field(gt=0, lt=1, description="of the other surface; the rest of it is valid")
    situation: list[str] = Field(description="attributes of the interaction that say when and where it was")
    inverse_penalties: list[float] = Field(min_length=1, description="of the logistic regression, tried on validation")
    leaf_sizes: list[int] = Field(min_length=1, description="least rows of a leaf of the forest, tried on validation")
    n_trees: int = Field(ge=1)
    published: list[PublishedFigures] = Field(description="stand beside ours in leaderboard and report")


@dataclass(frozen=True)
class Split:
    """Rows of train, valid and test."""

    train: np.ndarray
    valid: np.ndarray
    test: np.ndarray


def splits_within_users(user: np.ndarray, seeds: Sequence[int], cuts: Sequence[float]) -> Iterator[list[np.ndarray]]:
    """The published splits: each user's rows shuffled by one stream of random numbers and cut at the given shares.

    Args:
        user: (n,) number of each row's user; rows and numbers in the order of the source.
        seeds: one split each.
        cuts: shares at which a user's rows are cut, ascending; one part more than there are cuts.
    """
    for seed in seeds:
        generator = np.random.RandomState(seed)  # not `default_rng`: the published splits were drawn with it
        parts: list[list[np.ndarray]] = [[] for _ in range(len(cuts) + 1)]
        for number in range(user.max() + 1):
            rows = np.flatnonzero(user == number)
            rows = rows[generator.choice(len(rows), size=len(rows), replace=False)]
            for part, piece in zip(parts, np.split(rows, [int(len(rows) * cut) for cut in cuts]), strict=True):
                part.append(piece)
        yield [np.concatenate(part) for part in parts]


def one_hot(values: pd.Series) -> np.ndarray:
    """(n, k) 0/1, one column a value; what is unknown has none."""
    codes, names = pd.factorize(values)
    columns = np.eye(len(names))[codes]
    columns[codes < 0] = 0.0
    return columns


def columns_of(table: pd.DataFrame, names: Sequence[str]) -> np.ndarray:
    """Numbers as they are, everything else one-hot, (n, k); what is unknown is at the mean."""
    parts = [np.zeros((len(table), 0))]
    for name in names:
        values = table[name]
        is_number = pd.api.types.is_numeric_dtype(values)
        parts.append(values.fillna(values.mean()).to_numpy(dtype=np.float64)[:, None] if is_number else one_hot(values))
    return np.hstack(parts)


def felt_before(
    felt: np.ndarray, item: np.ndarray, time: np.ndarray, train: np.ndarray, about: np.ndarray
) -> np.ndarray:
    """Mean emotion (n, d) that an item left in train rows before each row's time; the mean of all where none did.

    Args:
        felt: (n, d), NaN where nobody was asked.
        item: (n,) number of the item.
        time: (n,) seconds.
        train: rows that may tell.
        about: (n,) the item that is asked about: the row's own, or another one for a placebo.
    """
    told = train[~np.isnan(felt[train]).any(axis=1)]
    tells = (about[:, None] == item[told]) & (time[told] < time[:, None])  # (n, told)
    count = tells.sum(axis=1)[:, None]
    mean: np.ndarray = tells @ felt[told] / np.maximum(count, 1)
    return np.where(count > 0, mean, felt[told].mean(axis=0))


def classifiers(params: SatisfactionParams, seed: int) -> list[ClassifierMixin]:
    """Every setting that is tried, the same for every step of the ladder."""
    linear = [LogisticRegression(C=penalty, max_iter=1000) for penalty in params.inverse_penalties]
    forests = [
        RandomForestClassifier(params.n_trees, min_samples_leaf=size, max_features=0.2, random_state=seed)
        for size in params.leaf_sizes
    ]
    return [*linear, *forests]


def standardised(matrix: np.ndarray, train: np.ndarray) -> np.ndarray:
    """Mean 0 and spread 1 over train rows; columns that do not vary there become 0."""
    centred, spread = matrix - matrix[train].mean(axis=0), matrix[train].std(axis=0)
    scaled: np.ndarray = np.divide(centred, spread, out=np.zeros_like(centred), where=spread > 1e-12)
    return scaled
