"""Doubly robust estimates that hear large importance weights less: some bias for much less variance.

How much less, lambda says. It is chosen among candidates by what the log alone tells, never by a known truth. Letters
are those of `off_policy`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from affectlens.evaluation.estimate import Estimate
from affectlens.evaluation.off_policy import dr_terms, expected_under, importance_weights
from affectlens.evaluation.resampling import Resampling

_LENIENCE = float(np.sqrt(6.0) - 1.0)


def switch_dr(
    reward: np.ndarray,
    propensity: np.ndarray,
    action: np.ndarray,
    target: np.ndarray,
    predicted: np.ndarray,
    resampling: Resampling,
    lambdas: Sequence[float],
) -> Estimate:
    """Value by the switch estimator: the doubly robust correction only where w <= lambda.

    Args:
        reward: (n,) observed rewards.
        propensity: (n,) probability in (0, 1] with which the logging policy chose the action.
        action: (n,) index of that action.
        target: (n, A) probability of each arm under the target policy.
        predicted: (n, A) predicted reward of each arm, cross-fitted.
        resampling: how the log's units are drawn again.
        lambdas: candidates beside infinity, which is `dr`; 0 is the direct method.

    Returns:
        The estimate of the chosen lambda. A bound brings a bias that its own draws do not show, so the interval is that
        of the estimate without a bound, widened where it does not hold the chosen one's.

    Raises:
        ValueError: as `dr`, or a candidate is negative.
    Source: Wang, Agarwal & Dudik 2017, "Optimal and Adaptive Off-policy Evaluation in Contextual Bandits".

    >>> log, half = Resampling.of(np.arange(2), seed=0), np.full((2, 2), 0.5)
    >>> logged = np.array([1.0, 1.0]), np.array([0.5, 0.125]), np.array([1, 1])    # w = 1 and 4
    >>> switch_dr(*logged, half, np.full((2, 2), 0.5), log, [2.0]).value           # 0.5 + (1 * 0.5 + 0) / 2
    0.75
    """
    return _of_lambdas(_switched, lambdas, reward, propensity, action, target, predicted, resampling)


def dros(
    reward: np.ndarray,
    propensity: np.ndarray,
    action: np.ndarray,
    target: np.ndarray,
    predicted: np.ndarray,
    resampling: Resampling,
    lambdas: Sequence[float],
) -> Estimate:
    """Value by the doubly robust estimator with optimistic shrinkage: w becomes lambda w / (w^2 + lambda).

    Args, Returns and Raises are those of `switch_dr`.

    Source: Su, Dimakopoulou, Krishnamurthy & Dudik 2020, "Doubly robust off-policy evaluation with shrinkage".

    >>> log, half = Resampling.of(np.arange(2), seed=0), np.full((2, 2), 0.5)
    >>> logged = np.array([1.0, 1.0]), np.array([0.5, 0.125]), np.array([1, 1])    # w = 1 and 4
    >>> dros(*logged, half, np.full((2, 2), 0.5), log, [4.0]).value                # w: 0.8 and 0.8
    0.9
    """
    return _of_lambdas(_shrunk, lambdas, reward, propensity, action, target, predicted, resampling)


def least_varying(candidates: Sequence[Estimate]) -> int:
    """Which of estimates to trust that stand in the order of their bias, least first, and of falling variance (SLOPE).

    The last one that contradicts none before it: its distance to each is within the half-width of its own interval and
    sqrt(6) - 1 times that of the other.

    Source: Su, Srinath & Krishnamurthy 2020, "Adaptive Estimator Selection for Off-Policy Evaluation", theorem 3.

    >>> wide, near, far = Estimate(1.0, 0.0, 2.0, 9), Estimate(0.5, 0.4, 0.6, 9), Estimate(-2.0, -2.1, -1.9, 9)
    >>> least_varying([wide, near, far]), least_varying([wide, far])
    (1, 0)
    """
    value = np.array([each.value for each in candidates])
    half = np.array([(each.upper - each.lower) / 2.0 for each in candidates])
    apart = np.abs(value[:, None] - value) > half[:, None] + _LENIENCE * half
    return int(np.flatnonzero(~np.tril(apart, -1).any(axis=1))[-1])


def _of_lambdas(
    heard: Callable[[np.ndarray, float], np.ndarray],
    lambdas: Sequence[float],
    reward: np.ndarray,
    propensity: np.ndarray,
    action: np.ndarray,
    target: np.ndarray,
    predicted: np.ndarray,
    resampling: Resampling,
) -> Estimate:
    """The estimate of the chosen lambda, where `heard` says which share of each correction (n,) counts."""
    if any(each < 0 for each in lambdas):
        raise ValueError(f"lambdas bound weights and are not negative, got {list(lambdas)}")
    model = expected_under(target, predicted)
    correction = dr_terms(reward, propensity, action, target, predicted) - model
    if np.all(propensity == 1.0):
        return Estimate.undefined(resampling.n_units)
    weight = importance_weights(propensity, target[np.arange(len(action)), action])
    terms = [model + heard(weight, each) * correction for each in sorted({*lambdas, np.inf}, reverse=True)]
    chooses = replace(resampling, read_as=None)  # by the estimates, not by their distance to a truth
    found = [chooses.mean(each) for each in terms]
    chosen = least_varying(found)
    if resampling.read_as is not None:
        return resampling.mean(terms[chosen])
    best, unbounded = found[chosen], found[0]
    return replace(best, lower=min(best.lower, unbounded.lower), upper=max(best.upper, unbounded.upper))


def _switched(weight: np.ndarray, largest: float) -> np.ndarray:
    return np.asarray(weight <= largest)


def _shrunk(weight: np.ndarray, strength: float) -> np.ndarray:
    return np.zeros_like(weight) if strength == 0.0 else 1.0 / (1.0 + weight**2 / strength)
