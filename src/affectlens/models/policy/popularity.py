"""The policy that shows everyone the arm with the best mean reward."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from affectlens.models.checkpoint import Checkpoint
from affectlens.models.policy.choice import epsilon_greedy
from affectlens.models.policy.log import PolicyLog
from affectlens.params import Params

Share = Annotated[float, Field(gt=0.0, le=1.0)]


class PopularityParams(Params):
    """Which popularity policies are tried on the validation slice.

    Attributes:
        smoothing: rows of the overall mean that are added to each arm before its mean is taken.
        epsilons: shares of the uniform policy, one candidate each.
    """

    kind: Literal["popularity"]
    smoothing: float = Field(ge=0.0)
    epsilons: tuple[Share, ...] = Field(min_length=1)


def popularity_candidates(log: PolicyLog, params: PopularityParams) -> Iterator[Checkpoint]:
    """One policy an epsilon, all on the smoothed mean reward of each arm in the log."""
    n_arms, overall = len(log.arms), log.rewards.mean()
    shown = np.bincount(log.actions, minlength=n_arms)
    earned = np.bincount(log.actions, weights=log.rewards, minlength=n_arms)
    denominator = np.maximum(shown + params.smoothing, 1e-12)
    mean_reward = np.where(shown + params.smoothing > 0, (earned + params.smoothing * overall) / denominator, overall)
    for epsilon in params.epsilons:
        yield Checkpoint("popularity", {"epsilon": epsilon}, {"mean_reward": mean_reward}, {"arms": list(log.arms)})


def popularity_probabilities(checkpoint: Checkpoint, contexts: np.ndarray) -> np.ndarray:
    """The same probabilities (n, A) in every context."""
    one = epsilon_greedy(checkpoint.weights["mean_reward"][None, :], checkpoint.params["epsilon"])
    return np.repeat(one, len(contexts), axis=0)
