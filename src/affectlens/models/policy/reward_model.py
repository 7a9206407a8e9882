"""q(x, a): the expected reward of each arm in each context, by one ridge regression an arm.

Shapes: n contexts, d features, A arms. What the doubly robust estimator corrects; never fitted on the rows it predicts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import Field

from affectlens.models.policy.scaling import context_scale, design_matrix
from affectlens.params import Params

Ridge = Annotated[float, Field(gt=0.0)]


class RewardModelParams(Params):
    """Penalty and cross-fitting of the reward model.

    Attributes:
        ridges: L2 penalties on standardised features, which draw an arm with few rows to the overall mean reward; among
            several, the squared error within the other folds chooses.
        n_folds: folds of users; each fold is predicted by a model of the others.
    """

    ridges: tuple[Ridge, ...] = Field(min_length=1)
    n_folds: int = Field(ge=2)


@dataclass(frozen=True)
class RewardModel:
    """A fitted reward model.

    Attributes:
        coefficients: (A, d + 1) of the standardised context and the intercept.
        base: overall mean reward.
        mean: (d,) of the contexts it was fitted on.
        scale: (d,) of the same.
    """

    coefficients: np.ndarray
    base: float
    mean: np.ndarray
    scale: np.ndarray

    def predict(self, contexts: np.ndarray) -> np.ndarray:
        """Expected reward of each arm (n, A), in [0, 1]."""
        design = design_matrix(contexts, self.mean, self.scale)
        rewards: np.ndarray = np.clip(self.base + design @ self.coefficients.T, 0.0, 1.0)
        return rewards


def fit_reward_model(
    contexts: np.ndarray, actions: np.ndarray, rewards: np.ndarray, n_arms: int, ridge: float
) -> RewardModel:
    """Regress rewards in [0, 1] on contexts (n, d), each arm by itself; an arm without rows predicts the mean."""
    mean, scale = context_scale(contexts)
    design, base = design_matrix(contexts, mean, scale), float(rewards.mean())
    penalty = ridge * np.eye(design.shape[1])
    rows = [np.flatnonzero(actions == arm) for arm in range(n_arms)]
    gram = np.stack([design[of_arm].T @ design[of_arm] + penalty for of_arm in rows])
    target = np.stack([design[of_arm].T @ (rewards[of_arm] - base) for of_arm in rows])
    return RewardModel(np.linalg.solve(gram, target[:, :, None])[:, :, 0], base, mean, scale)


def cross_fitted_rewards(
    contexts: np.ndarray,
    actions: np.ndarray,
    rewards: np.ndarray,
    users: np.ndarray,
    *,
    n_arms: int,
    params: RewardModelParams,
    seed: int,
) -> np.ndarray:
    """Expected reward of each arm (n, A), each row predicted by a model that never saw its user.

    Users are dealt to folds at random, in order of first appearance, so that renaming them changes nothing.

    Raises:
        ValueError: there are fewer users than folds.
    """
    fold = _fold_of(users, params.n_folds, seed)
    predicted = np.empty((len(actions), n_arms))
    for index in range(params.n_folds):
        held_out = fold == index
        others = contexts[~held_out], actions[~held_out], rewards[~held_out]
        ridge = _best_ridge(*others, fold[~held_out], n_arms, params.ridges)
        predicted[held_out] = fit_reward_model(*others, n_arms, ridge).predict(contexts[held_out])
    return predicted


def _best_ridge(
    contexts: np.ndarray,
    actions: np.ndarray,
    rewards: np.ndarray,
    fold: np.ndarray,
    n_arms: int,
    ridges: Sequence[float],
) -> float:
    """The penalty with which each fold is predicted best by the others."""
    if len(ridges) == 1:
        return ridges[0]
    errors = np.zeros(len(ridges))
    for index in np.unique(fold):
        own, rest = fold == index, fold != index
        for at, ridge in enumerate(ridges):
            model = fit_reward_model(contexts[rest], actions[rest], rewards[rest], n_arms, ridge)
            said = model.predict(contexts[own])[np.arange(int(own.sum())), actions[own]]
            errors[at] += np.square(said - rewards[own]).sum()
    return ridges[int(errors.argmin())]


def _fold_of(users: np.ndarray, n_folds: int, seed: int) -> np.ndarray:
    names, first, inverse = np.unique(users, return_index=True, return_inverse=True)
    if names.size < n_folds:
        raise ValueError(f"{names.size} users cannot fill {n_folds} folds; lower `policy.scoring.reward_model.n_folds`")
    dealt = np.empty(names.size, dtype=np.int64)
    dealt[np.argsort(first)] = np.random.default_rng(seed).permutation(names.size) % n_folds
    folds: np.ndarray = dealt[inverse]
    return folds
