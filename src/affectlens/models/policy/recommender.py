"""The policy that follows the recommender: topics in proportion to the scores of a user's candidates."""

from __future__ import annotations

import numpy as np
from pydantic import Field

from affectlens.models.policy.choice import with_uniform
from affectlens.params import Params


class RecommenderPolicyParams(Params):
    """How candidate scores become probabilities.

    Attributes:
        temperature: divides a user's standardised scores before the softmax; small follows the best candidate only.
        epsilon: share of the uniform policy.
    """

    temperature: float = Field(gt=0.0)
    epsilon: float = Field(gt=0.0, le=1.0)


def topic_probabilities(
    users: np.ndarray, arms: np.ndarray, scores: np.ndarray, n_users: int, n_arms: int, params: RecommenderPolicyParams
) -> np.ndarray:
    """Softmax of each user's candidate scores, summed over the candidates of each arm: (n_users, A).

    Args:
        users: (c,) index of the user of each candidate, 0..n_users-1.
        arms: (c,) index of the candidate's arm, 0..A-1.
        scores: (c,) score of the candidate; standardised within the user, since scales differ between models.
        n_users: number of users; one without candidates gets the uniform policy.
        n_arms: number of arms.
        params: temperature and share of the uniform policy.

    >>> params = RecommenderPolicyParams(temperature=1.0, epsilon=0.5)
    >>> two = np.array([0, 0])
    >>> topic_probabilities(two, np.array([1, 1]), np.array([3.0, 1.0]), 2, 2, params).tolist()
    [[0.25, 0.75], [0.5, 0.5]]
    """
    count = np.maximum(np.bincount(users, minlength=n_users), 1)
    centred = scores - (np.bincount(users, weights=scores, minlength=n_users) / count)[users]
    spread = np.sqrt(np.bincount(users, weights=centred**2, minlength=n_users) / count)[users]
    logits = np.divide(centred, spread, out=np.zeros_like(centred), where=spread > 0) / params.temperature
    highest = np.full(n_users, -np.inf)
    np.maximum.at(highest, users, logits)
    mass = np.bincount(users * n_arms + arms, weights=np.exp(logits - highest[users]), minlength=n_users * n_arms)
    table = mass.reshape(n_users, n_arms)
    total = table.sum(axis=1, keepdims=True)
    shares = np.where(total > 0, table / np.where(total > 0, total, 1.0), 1.0 / n_arms)
    return with_uniform(shares, params.epsilon)
