"""An independent route: classification of digits turned into a bandit, where the value of any policy is counted."""

from __future__ import annotations

import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

from affectlens.evaluation.off_policy import dr, expected_under, ips, snips
from affectlens.evaluation.resampling import Resampling
from affectlens.models.policy.choice import with_uniform


def _relative_errors(seed: int) -> dict[str, float]:
    """Log with a policy that leans on one classifier, evaluate one that leans on another, against its counted value."""
    images, digits = load_digits(return_X_y=True)
    order = np.random.default_rng(seed).permutation(len(digits))
    train, test = order[:900], order[900:]
    good = LogisticRegression(max_iter=200).fit(images[train], digits[train])
    weak = LogisticRegression(max_iter=200, C=1e-4).fit(images[train[:200]], digits[train[:200]])
    is_right = (digits[test, None] == np.arange(10)).astype(float)
    logging = with_uniform(np.eye(10)[weak.predict(images[test])], 0.2)
    target = with_uniform(np.eye(10)[good.predict(images[test])], 0.1)
    rows = np.arange(len(test))
    action = (logging.cumsum(axis=1) < np.random.default_rng(seed).random((len(test), 1))).sum(axis=1)
    reward, propensity = is_right[rows, action], logging[rows, action]
    true_value = expected_under(target, is_right).mean()
    resampling = Resampling.of(rows, seed=seed, n_resamples=50)
    estimates = {
        "ips": ips(reward, propensity, target[rows, action], resampling),
        "snips": snips(reward, propensity, target[rows, action], resampling),
        "dr": dr(reward, propensity, action, target, good.predict_proba(images[test]), resampling),
    }
    return {name: abs(estimate.value - true_value) / true_value for name, estimate in estimates.items()}


def test_estimates_find_the_counted_value_of_a_digit_classifier() -> None:
    errors = [_relative_errors(seed) for seed in range(8)]
    mean = {name: float(np.mean([error[name] for error in errors])) for name in errors[0]}
    assert mean["dr"] < 0.02
    assert mean["snips"] < 0.03
    assert mean["dr"] < mean["snips"] < mean["ips"]
