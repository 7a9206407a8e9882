"""Will a user be pleased by a content, and will it lift the mood? Classifiers over ids, content, situation, emotion.

Source of the task and of the splits: Li et al. 2024, "SiTunes" (CHIIR).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from pydantic import Field
from sklearn.base import ClassifierMixin
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression

from affectlens.params import Params


class SatisfactionParams(Params):
    """What is learnt from which columns, on which splits, with which trials."""

    surface: str | None = Field(description="only interactions of this surface; null switches the task off")
    liked_from: float = Field(description="a rating at or above it counts as pleased")
    mood_step: float = Field(gt=0, description="change of valence beyond which the mood counts as lifted or dropped")
    split_seeds: list[int] = Field(min_length=1, description="one random split within users each")
    train_share: float = Field(gt=0, lt=1)
    valid_share: float = Field(gt=0, lt=1)
    situation: list[str] = Field(description="attributes of the interaction that say when and where it was")
    inverse_penalties: list[float] = Field(min_length=1, description="of the logistic regression, tried on validation")
    leaf_sizes: list[int] = Field(min_length=1, description="least rows of a leaf of the forest, tried on validation")
    n_trees: int = Field(ge=1)


@dataclass(frozen=True)
class Split:
    """Rows of train, valid and test."""

    train: np.ndarray
    valid: np.ndarray
    test: np.ndarray


def splits_within_users(user: np.ndarray, params: SatisfactionParams) -> Iterator[Split]:
    """The published splits: each user's rows shuffled by one stream of random numbers and cut at two shares.

    Args:
        user: (n,) number of each row's user; rows and numbers in the order of the source.
        params: seeds and shares.
    """
    for seed in params.split_seeds:
        generator = np.random.RandomState(seed)  # not `default_rng`: the published splits were drawn with it
        parts: list[list[np.ndarray]] = [[], [], []]
        for number in range(user.max() + 1):
            rows = np.flatnonzero(user == number)
            rows = rows[generator.choice(len(rows), size=len(rows), replace=False)]
            ends = int(len(rows) * params.train_share), int(len(rows) * (params.train_share + params.valid_share))
            for part, piece in zip(parts, np.split(rows, ends), strict=True):
                part.append(piece)
        yield Split(*(np.concatenate(part) for part in parts))


def one_hot(values: pd.Series) -> np.ndarray:
    """(n, k) 0/1, one column a value."""
    codes, names = pd.factorize(values)
    return np.eye(len(names))[codes]


def columns_of(table: pd.DataFrame, names: Sequence[str]) -> np.ndarray:
    """Numbers as they are, everything else one-hot, (n, k); what is unknown is at the mean."""
    parts = [np.zeros((len(table), 0))]
    for name in names:
        values = table[name]
        is_number = pd.api.types.is_numeric_dtype(values)
        parts.append(values.fillna(values.mean()).to_numpy(dtype=np.float64)[:, None] if is_number else one_hot(values))
    return np.hstack(parts)


def felt_by_others(felt: np.ndarray, item: np.ndarray, train: np.ndarray) -> np.ndarray:
    """Mean emotion (n, d) that the train rows of each row's item left, the row itself left out; the mean where none."""
    told = np.zeros(len(item), dtype=bool)
    told[train] = True
    told &= ~np.isnan(felt).any(axis=1)
    usual = felt[told].mean(axis=0)
    total, count = np.zeros((item.max() + 1, felt.shape[1])), np.bincount(item[told], minlength=item.max() + 1)
    np.add.at(total, item[told], felt[told])
    own = np.where(told[:, None], np.nan_to_num(felt), 0.0)
    others = count[item] - told
    mean: np.ndarray = (total[item] - own) / np.maximum(others, 1)[:, None]
    return np.where(others[:, None] > 0, mean, usual)


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
