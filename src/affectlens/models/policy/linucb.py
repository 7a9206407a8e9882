"""LinUCB: a ridge regression of reward on context per arm, and a bonus for what is uncertain.

Fitted from logged decisions by MABWiser; the checkpoint holds its arrays, so that choosing needs no library and no
pickle. Shapes: n contexts, d features, A arms, D = d + 1 with the intercept.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from affectlens.models.checkpoint import Checkpoint
from affectlens.models.policy.choice import epsilon_greedy
from affectlens.models.policy.log import PolicyLog
from affectlens.models.policy.popularity import Share
from affectlens.models.policy.scaling import context_scale, design_matrix
from affectlens.params import Params

NonNegative = Annotated[float, Field(ge=0.0)]
Positive = Annotated[float, Field(gt=0.0)]


class LinUcbParams(Params):
    """Which LinUCB policies are tried on the validation slice: every combination.

    Attributes:
        alphas: widths of the confidence bonus, in standard errors.
        ridges: L2 penalties of the regressions.
        epsilons: shares of the uniform policy.
    """

    kind: Literal["linucb"]
    alphas: tuple[NonNegative, ...] = Field(min_length=1)
    ridges: tuple[Positive, ...] = Field(min_length=1)
    epsilons: tuple[Share, ...] = Field(min_length=1)


def linucb_candidates(log: PolicyLog, params: LinUcbParams) -> Iterator[Checkpoint]:
    """One policy a combination of alpha, ridge and epsilon, fitted on the log once a ridge."""
    mean, scale = context_scale(log.contexts)
    design = design_matrix(log.contexts, mean, scale)
    for ridge in params.ridges:
        coefficients, covariance = _fit_arms(design, log, ridge)
        weights = {"coefficients": coefficients, "covariance": covariance, "context_mean": mean, "context_scale": scale}
        for alpha in params.alphas:
            for epsilon in params.epsilons:
                settings = {"alpha": alpha, "ridge": ridge, "epsilon": epsilon}
                yield Checkpoint("linucb", settings, weights, {"arms": list(log.arms)})


def linucb_probabilities(checkpoint: Checkpoint, contexts: np.ndarray) -> np.ndarray:
    """Probabilities (n, A): the arm of the highest upper confidence bound, mixed with the uniform policy."""
    return epsilon_greedy(linucb_scores(checkpoint, contexts), checkpoint.params["epsilon"])


def linucb_scores(checkpoint: Checkpoint, contexts: np.ndarray) -> np.ndarray:
    """Upper confidence bound of the reward of each arm, (n, A): x'b + alpha sqrt(x' C x).

    Source: Li, Chu, Langford & Schapire 2010, arXiv:1003.0146, algorithm 1 (disjoint arms).
    """
    weights = checkpoint.weights
    design = design_matrix(contexts, weights["context_mean"], weights["context_scale"])  # (n, D)
    projected = np.matmul(design, weights["covariance"])  # (A, n, D)
    variance = np.einsum("and,nd->na", projected, design)
    bonus = checkpoint.params["alpha"] * np.sqrt(np.maximum(variance, 0.0))
    scores: np.ndarray = design @ weights["coefficients"].T + bonus
    return scores


def _fit_arms(design: np.ndarray, log: PolicyLog, ridge: float) -> tuple[np.ndarray, np.ndarray]:
    from mabwiser.mab import MAB, LearningPolicy  # here: it pulls in scikit-learn, too slow for every command

    bandit = MAB(arms=list(range(len(log.arms))), learning_policy=LearningPolicy.LinUCB(alpha=0.0, l2_lambda=ridge))
    bandit.fit(decisions=log.actions, rewards=log.rewards, contexts=design)
    arms: list[Any] = [bandit._imp.arm_to_model[index] for index in range(len(log.arms))]
    # An arm without rows keeps MABWiser's starting A_inv, which is not the inverse of A: we invert A ourselves.
    return np.stack([arm.beta for arm in arms]), np.linalg.inv(np.stack([arm.A for arm in arms]))
