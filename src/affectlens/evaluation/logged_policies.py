"""Two policies shared the traffic: what the log of one says of the other, beside what the other earned itself.

The one case outside a simulated world in which an off-policy estimate has a truth to be held against.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from affectlens.evaluation.estimate import Estimate
from affectlens.evaluation.policy_values import PolicyScore, estimates_of, score_target
from affectlens.evaluation.resampling import Resampling
from affectlens.models.policy import PolicyLog
from affectlens.models.policy.logged import logged_probabilities


@dataclass(frozen=True)
class LoggedScore:
    """One policy, judged from the log of another one.

    Attributes:
        score: estimates and overlap, from the other log alone.
        on_policy: mean of what it earned itself: what the estimates are to meet.
        relative_errors: estimator -> distance to that mean as a share of it, the other log resampled. The mean's own
            sampling error is not in it: see `on_policy`.
    """

    score: PolicyScore
    on_policy: Estimate
    relative_errors: Mapping[str, Estimate]


def score_logged(
    judge: PolicyLog,
    judged: PolicyLog,
    predicted: np.ndarray,
    lambdas: Sequence[float],
    *,
    seed: int,
    n_resamples: int,
) -> LoggedScore:
    """Value of the policy that made `judged`, estimated from `judge`.

    Args:
        judge: the log that estimates.
        judged: the log of the other policy; its rewards are read for `on_policy` alone.
        predicted: (n, A) cross-fitted rewards of the arms in the contexts of `judge`.
        lambdas: candidates for the bound on weights.
        seed: draws of the bootstrap.
        n_resamples: number of draws.

    Raises:
        ValueError: the logs differ in arms.
    """
    if judge.arms != judged.arms:
        raise ValueError("two logs that judge each other must choose among the same arms")
    target = logged_probabilities(judged, judge.positions)
    resampling = Resampling.of(judge.units, seed, n_resamples)
    on_policy = Resampling.of(judged.units, seed, n_resamples).mean(judged.rewards)
    if on_policy.value > 0:
        to_truth = resampling.relative_error_to(on_policy.value)
        errors = estimates_of(judge, target, predicted, to_truth, lambdas)
    else:
        errors = {}
    return LoggedScore(score_target(judge, target, predicted, None, resampling, lambdas), on_policy, errors)
