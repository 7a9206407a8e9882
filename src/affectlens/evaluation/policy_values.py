"""Everything that is said about one policy on one log: estimates, overlap, and the value that the world knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from affectlens.evaluation.bounded_weights import dros, switch_dr
from affectlens.evaluation.estimate import Estimate, paired_difference
from affectlens.evaluation.off_policy import dm, dr, dr_terms, expected_under, ips, sndr, snips
from affectlens.evaluation.overlap import Health, health, support_gap_of
from affectlens.evaluation.resampling import Resampling
from affectlens.models.policy import PolicyLog


@dataclass(frozen=True)
class WorldTruth:
    """What only a simulated world knows of the logged contexts.

    Attributes:
        rewards: (n, A) expected reward of each arm.
        utilities: (n, A) expected utility of each arm: what the user is left with, apart from engagement.
    """

    rewards: np.ndarray
    utilities: np.ndarray


@dataclass(frozen=True)
class PolicyScore:
    """One policy on one log.

    Attributes:
        estimates: estimator -> value, from the log alone.
        health: overlap of the log with the policy.
        truth: what the world knows of it, by metric; empty outside a simulated world.
        terms: (n,) contribution of each row by "dr" and, in a simulated world, "true", for paired differences.
    """

    estimates: Mapping[str, Estimate]
    health: Health
    truth: Mapping[str, Estimate]
    terms: Mapping[str, np.ndarray]


def score_target(
    log: PolicyLog,
    target: np.ndarray,
    predicted: np.ndarray,
    truth: WorldTruth | None,
    resampling: Resampling,
    lambdas: Sequence[float],
) -> PolicyScore:
    """Value of a target policy by seven estimators, beside its overlap and its truth.

    Args:
        log: n logged decisions among A arms.
        target: (n, A) probability of each arm under the target policy.
        predicted: (n, A) cross-fitted predicted rewards.
        truth: what the world knows of these contexts, if anything does.
        resampling: how the log's units are drawn again, the same for all policies.
        lambdas: candidates for the bound on weights of `switch_dr` and `dros`.

    Raises:
        ValueError: shapes differ, a propensity lies outside (0, 1], or the target is no distribution.
    """
    gap = support_gap_of(log.actions, target)
    estimates = estimates_of(log, target, predicted, resampling, lambdas)
    overlap = health(log.propensities, target[np.arange(len(log)), log.actions], gap, resampling)
    terms = {"dr": dr_terms(log.rewards, log.propensities, log.actions, target, predicted)}
    if truth is None:
        return PolicyScore(estimates, overlap, {}, terms)
    rewards, utilities = expected_under(target, truth.rewards), expected_under(target, truth.utilities)
    known = truth_estimates(rewards, utilities, truth, resampling)
    return PolicyScore(estimates, overlap, known, {**terms, "true": rewards})


def estimates_of(
    log: PolicyLog, target: np.ndarray, predicted: np.ndarray, resampling: Resampling, lambdas: Sequence[float]
) -> dict[str, Estimate]:
    """Value of a target policy by every estimator; arguments and errors are those of `score_target`."""
    weighted = (log.rewards, log.propensities, target[np.arange(len(log)), log.actions])
    modelled = (log.rewards, log.propensities, log.actions, target, predicted)
    return {
        "dm": dm(target, predicted, resampling),
        "ips": ips(*weighted, resampling),
        "snips": snips(*weighted, resampling),
        "dr": dr(*modelled, resampling),
        "sndr": sndr(*modelled, resampling),
        "switch_dr": switch_dr(*modelled, resampling, lambdas),
        "dros": dros(*modelled, resampling, lambdas),
    }


def score_logging(log: PolicyLog, truth: WorldTruth | None, resampling: Resampling) -> PolicyScore:
    """Value of the logging policy itself: the mean of what it earned, which IPS and SNIPS equal at weight 1."""
    on_policy, weighted = resampling.mean(log.rewards), (log.rewards, log.propensities, log.propensities, resampling)
    estimates = {"on_policy": on_policy, "ips": ips(*weighted), "snips": snips(*weighted)}
    overlap, terms = health(log.propensities, log.propensities, 0.0, resampling), {"dr": log.rewards}
    if truth is None:
        return PolicyScore(estimates, overlap, {}, terms)
    shown = np.arange(len(log)), log.actions
    known = truth_estimates(truth.rewards[shown], truth.utilities[shown], truth, resampling)
    return PolicyScore(estimates, overlap, known, {**terms, "true": truth.rewards[shown]})


def truth_estimates(
    rewards: np.ndarray, utilities: np.ndarray, truth: WorldTruth, resampling: Resampling
) -> dict[str, Estimate]:
    """True value and utility of a policy, its regret, and its score between the uniform policy (0) and the oracle (1).

    Args:
        rewards: (n,) expected reward of the policy in each context.
        utilities: (n,) expected utility of the same.
        truth: what the world knows of these contexts.
        resampling: how contexts are drawn again.
    """
    uniform, oracle = truth.rewards.mean(axis=1), truth.rewards.max(axis=1)
    return {
        "value:true": resampling.mean(rewards),
        "utility:true": resampling.mean(utilities),
        "regret:true": resampling.mean(oracle - rewards),
        "normalised_score": resampling.estimate(np.divide, rewards - uniform, oracle - uniform),
    }


def paired_by_unit(a: np.ndarray, b: np.ndarray, resampling: Resampling, seed: int) -> tuple[Estimate, float]:
    """Mean over rows of `a - b` (n,) with an interval and a sign-flip p-value over whole units.

    The interval resamples units with their rows; the signs that are flipped are those of the units' totals.
    """
    return resampling.mean(a - b), paired_difference(resampling.unit_totals(a), resampling.unit_totals(b), seed)[1]


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """P-values of one family of tests, adjusted for their number; one that is NaN is no test and stays NaN.

    Source: Holm 1979, "A Simple Sequentially Rejective Multiple Test Procedure".

    >>> holm({"a": 0.01, "b": 0.04, "c": 0.03, "none": float("nan")})
    {'a': 0.03, 'b': 0.06, 'c': 0.06, 'none': nan}
    """
    names = sorted((name for name in p_values if not np.isnan(p_values[name])), key=lambda name: p_values[name])
    factors = np.arange(len(names), 0, -1)
    adjusted = np.maximum.accumulate(np.array([p_values[name] for name in names]) * factors)
    by_name = dict(zip(names, np.minimum(adjusted, 1.0).tolist(), strict=True))
    return {name: by_name.get(name, float("nan")) for name in p_values}
