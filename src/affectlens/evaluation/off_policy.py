"""Off-policy evaluation: what a target policy would have earned on the contexts that another policy logged.

Letters: n logged rows, A arms. x context, a logged action, r reward, p propensity, w = target probability of a / p,
q(x, a) predicted reward. Every estimate stands beside its `overlap.health`, and counts units, not rows.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from affectlens.evaluation.estimate import Estimate
from affectlens.evaluation.resampling import Resampling

_TOLERANCE = 1e-6


def importance_weights(propensity: np.ndarray, target_probability: np.ndarray) -> np.ndarray:
    """How much more often (or less) the target policy would have taken each logged action, (n,).

    Args:
        propensity: (n,) probability in (0, 1] with which the logging policy chose the action.
        target_probability: (n,) probability of that action under the target policy.

    Raises:
        ValueError: the arrays differ in length, or a probability lies outside its range.

    >>> importance_weights(np.array([0.5, 0.25]), np.array([0.25, 1.0])).tolist()
    [0.5, 4.0]
    """
    _check_lengths(propensity=propensity, target_probability=target_probability)
    _check_range("propensities", propensity, (propensity > 0) & (propensity <= 1), "(0, 1]")
    inside = (target_probability >= 0) & (target_probability <= 1 + _TOLERANCE)
    _check_range("target probabilities", target_probability, inside, "[0, 1]")
    weights: np.ndarray = target_probability / propensity
    return weights


def ips(reward: np.ndarray, propensity: np.ndarray, target_probability: np.ndarray, resampling: Resampling) -> Estimate:
    """Value of the target policy by inverse propensity scoring: mean w r. Unbiased, without bounds.

    Args:
        reward: (n,) observed rewards.
        propensity: (n,) probability in (0, 1] with which the logging policy chose the action.
        target_probability: (n,) probability of that action under the target policy.
        resampling: how the log's units are drawn again.

    Returns:
        The estimate; undefined (NaN) for a logging policy that never chose at random (every propensity 1).

    Raises:
        ValueError: the arrays differ in length, or a probability lies outside its range.
    Source: Horvitz & Thompson 1952, "A Generalization of Sampling Without Replacement from a Finite Universe".

    >>> log = Resampling.of(np.arange(2), seed=0)
    >>> ips(np.array([1.0, 1.0]), np.array([0.5, 0.25]), np.array([0.25, 0.5]), log).value  # (0.5 + 2) / 2
    1.25
    """
    weight = importance_weights(propensity, target_probability)
    _check_lengths(reward=reward, propensity=propensity)
    return _unless_deterministic(propensity, resampling, lambda: resampling.mean(weight * reward))


def snips(
    reward: np.ndarray, propensity: np.ndarray, target_probability: np.ndarray, resampling: Resampling
) -> Estimate:
    """Value of the target policy by self-normalised inverse propensity scoring: sum w r / sum w.

    Args:
        reward: (n,) observed rewards.
        propensity: (n,) probability in (0, 1] with which the logging policy chose the action.
        target_probability: (n,) probability of that action under the target policy.
        resampling: how the log's units are drawn again.

    Returns:
        The estimate; undefined (NaN) if every weight is 0 or every propensity 1.

    Raises:
        ValueError: the arrays differ in length, or a probability lies outside its range.
    Source: Swaminathan & Joachims 2015, "The Self-Normalized Estimator for Counterfactual Learning".

    >>> log = Resampling.of(np.arange(2), seed=0)
    >>> snips(np.array([1.0, 0.0]), np.array([0.5, 0.25]), np.array([0.25, 0.5]), log).value  # 0.5 / 2.5
    0.2
    """
    weight = importance_weights(propensity, target_probability)
    _check_lengths(reward=reward, propensity=propensity)
    return _unless_deterministic(
        propensity, resampling, lambda: resampling.estimate(np.divide, weight * reward, weight)
    )


def dm(target: np.ndarray, predicted: np.ndarray, resampling: Resampling) -> Estimate:
    """Value of the target policy by the direct method: what a reward model predicts for it.

    Args:
        target: (n, A) probability of each arm under the target policy.
        predicted: (n, A) predicted reward of each arm, from a model that was not fitted on the row's own unit.
        resampling: how the log's units are drawn again. The interval leaves out the model's own error.

    Raises:
        ValueError: the arrays differ in shape, or the target is no distribution.
    Source: Beygelzimer & Langford 2009, "The Offset Tree for Learning with Partial Labels".

    >>> dm(np.array([[0.5, 0.5]]), np.array([[0.2, 0.6]]), Resampling.of(np.arange(1), seed=0)).value
    0.4
    """
    return resampling.mean(expected_under(target, predicted))


def dr(
    reward: np.ndarray,
    propensity: np.ndarray,
    action: np.ndarray,
    target: np.ndarray,
    predicted: np.ndarray,
    resampling: Resampling,
) -> Estimate:
    """Value of the target policy by the doubly robust estimator: mean of q(x, target) + w (r - q(x, a)).

    Right if either the propensities or the reward model are.

    Args:
        reward: (n,) observed rewards.
        propensity: (n,) probability in (0, 1] with which the logging policy chose the action.
        action: (n,) index of that action.
        target: (n, A) probability of each arm under the target policy.
        predicted: (n, A) predicted reward of each arm, cross-fitted.
        resampling: how the log's units are drawn again.

    Returns:
        The estimate; undefined (NaN) for a logging policy that never chose at random (every propensity 1).

    Raises:
        ValueError: shapes differ, a probability lies outside its range, or the target is no distribution.
    Source: Dudik, Langford & Li 2011, "Doubly Robust Policy Evaluation and Learning".

    >>> log, half = Resampling.of(np.arange(1), seed=0), np.array([[0.5, 0.5]])
    >>> value = dr(np.array([1.0]), np.array([0.25]), np.array([1]), half, np.array([[0.2, 0.6]]), log).value
    >>> round(value, 6)     # 0.4 + 2 (1 - 0.6)
    1.2
    """
    terms = dr_terms(reward, propensity, action, target, predicted)
    return _unless_deterministic(propensity, resampling, lambda: resampling.mean(terms))


def sndr(
    reward: np.ndarray,
    propensity: np.ndarray,
    action: np.ndarray,
    target: np.ndarray,
    predicted: np.ndarray,
    resampling: Resampling,
) -> Estimate:
    """Value by the self-normalised doubly robust estimator: mean q(x, target) + sum w (r - q(x, a)) / sum w.

    Args, Returns and Raises are those of `dr`.

    Source: Thomas & Brunskill 2016, "Data-Efficient Off-Policy Policy Evaluation" (weighted doubly robust).

    >>> log, target = Resampling.of(np.arange(2), seed=0), np.array([[0.5, 0.5], [0.5, 0.5]])
    >>> logged = np.array([1.0, 0.0]), np.array([0.25, 0.5]), np.array([1, 0])
    >>> value = sndr(*logged, target, np.array([[0.2, 0.6], [0.2, 0.6]]), log).value
    >>> round(value, 6)     # 0.4 + (2 * 0.4 - 1 * 0.2) / 3
    0.6
    """
    weight = importance_weights(propensity, _probability_of(action, target))
    _check_lengths(reward=reward, action=action, predicted=predicted)
    rows = np.arange(len(action))
    correction = weight * (reward - predicted[rows, action])
    columns = (expected_under(target, predicted), np.ones(len(action)), correction, weight)
    return _unless_deterministic(propensity, resampling, lambda: resampling.estimate(_model_plus_correction, *columns))


def dr_terms(
    reward: np.ndarray, propensity: np.ndarray, action: np.ndarray, target: np.ndarray, predicted: np.ndarray
) -> np.ndarray:
    """What each logged row adds to the doubly robust estimate (n,); its mean is `dr`, and policies pair row by row.

    Args and Raises are those of `dr`.

    >>> half = np.array([[0.5, 0.5]])
    >>> dr_terms(np.array([0.0]), np.array([0.5]), np.array([0]), half, np.array([[0.25, 0.75]])).tolist()
    [0.25]
    """
    weight = importance_weights(propensity, _probability_of(action, target))
    _check_lengths(reward=reward, action=action, predicted=predicted)
    residual = reward - predicted[np.arange(len(action)), action]
    terms: np.ndarray = expected_under(target, predicted) + weight * residual
    return terms


def expected_under(target: np.ndarray, per_arm: np.ndarray) -> np.ndarray:
    """Expectation of one number per arm (n, A) under the target policy (n, A), row by row (n,).

    Raises:
        ValueError: the arrays differ in shape, or the target is no distribution.

    >>> expected_under(np.array([[0.25, 0.75]]), np.array([[1.0, 0.0]])).tolist()
    [0.25]
    """
    if target.shape != per_arm.shape:
        raise ValueError(f"target and per-arm values must have one shape, got {target.shape} and {per_arm.shape}")
    _check_distribution(target)
    value: np.ndarray = np.einsum("na,na->n", target, per_arm)
    return value


def _unless_deterministic(propensity: np.ndarray, resampling: Resampling, estimate: Callable[[], Estimate]) -> Estimate:
    return Estimate.undefined(resampling.n_units) if np.all(propensity == 1.0) else estimate()


def _model_plus_correction(
    model: np.ndarray, rows: np.ndarray, correction: np.ndarray, weight: np.ndarray
) -> np.ndarray:
    value: np.ndarray = model / rows + correction / weight
    return value


def _probability_of(action: np.ndarray, target: np.ndarray) -> np.ndarray:
    check_target(action, target)
    probability: np.ndarray = target[np.arange(len(action)), action]
    return probability


def check_target(action: np.ndarray, target: np.ndarray) -> None:
    """Refuse a target policy (n, A) that is no distribution, or logged actions (n,) that are none of its arms.

    Raises:
        ValueError: the arrays differ in length, a row does not sum to 1, or an action lies outside 0..A-1.
    """
    _check_lengths(action=action, target=target)
    _check_distribution(target)
    _check_range("actions", action, (action >= 0) & (action < target.shape[1]), f"0..{target.shape[1] - 1}")


def _check_distribution(target: np.ndarray) -> None:
    total = target.sum(axis=1)
    _check_range("rows of the target policy", total, np.abs(total - 1.0) <= _TOLERANCE, "total probability 1")
    smallest = target.min(axis=1)
    _check_range("smallest target probabilities", smallest, smallest >= 0, "[0, 1]")


def _check_lengths(**arrays: np.ndarray) -> None:
    lengths = {name: len(array) for name, array in arrays.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"a log needs one value per row in every array, got lengths {lengths}")


def _check_range(name: str, values: np.ndarray, is_inside: np.ndarray, expected: str) -> None:
    wrong = np.flatnonzero(~is_inside)
    if wrong.size:
        first = wrong[0]
        raise ValueError(
            f"{wrong.size} of {len(values)} {name} are outside {expected}, first at row {first} ({values[first]})"
        )
