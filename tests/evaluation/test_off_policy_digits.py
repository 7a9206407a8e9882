"""An independent route: classification of digits turned into a bandit, where the value of any policy is counted."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.naive_bayes import GaussianNB

from affectlens.evaluation.estimate import Estimate
from affectlens.evaluation.off_policy import dr, expected_under, ips, sndr, snips
from affectlens.evaluation.resampling import Resampling
from affectlens.models.policy.choice import with_uniform
from affectlens.models.policy.reward_model import RewardModelParams, cross_fitted_rewards


def _estimates(seed: int) -> tuple[dict[str, Estimate], float]:
    """Log with naive Bayes, evaluate a forest: estimates, and the forest's counted value."""
    images, digits = load_digits(return_X_y=True)
    order = np.random.default_rng(seed).permutation(len(digits))
    train, test = order[:540], order[540:]
    bayes = GaussianNB(var_smoothing=0.1).fit(images[train], digits[train])
    forest = RandomForestClassifier(n_estimators=10, random_state=seed).fit(images[train], digits[train])
    logging = with_uniform(np.eye(10)[bayes.predict(images[test])], 0.4)
    target = with_uniform(np.eye(10)[forest.predict(images[test])], 0.1)
    rows, is_right = np.arange(len(test)), np.eye(10)[digits[test]]
    action = (logging.cumsum(axis=1) < np.random.default_rng(seed).random((len(test), 1))).sum(axis=1)
    reward, propensity = is_right[rows, action], logging[rows, action]
    model = RewardModelParams(ridges=(10.0,), n_folds=3)
    predicted = cross_fitted_rewards(images[test], action, reward, rows, n_arms=10, params=model, seed=seed)
    resampling = Resampling.of(rows, seed=seed, n_resamples=100)
    weighted = (reward, propensity, target[rows, action], resampling)
    modelled = (reward, propensity, action, target, predicted, resampling)
    estimates = {"ips": ips(*weighted), "snips": snips(*weighted), "dr": dr(*modelled), "sndr": sndr(*modelled)}
    return estimates, float(expected_under(target, is_right).mean())


@pytest.fixture(scope="module")
def runs() -> list[tuple[dict[str, Estimate], float]]:
    return [_estimates(seed) for seed in range(10)]


@pytest.mark.parametrize(("estimator", "largest_error"), [("ips", 0.06), ("snips", 0.04), ("dr", 0.03), ("sndr", 0.03)])
def test_the_intervals_hold_the_counted_value_of_a_digit_classifier(
    runs: list[tuple[dict[str, Estimate], float]], estimator: str, largest_error: float
) -> None:
    held = sum(estimates[estimator].lower <= value <= estimates[estimator].upper for estimates, value in runs)
    errors = [abs(estimates[estimator].value - value) / value for estimates, value in runs]
    assert held >= 8  # of 10; 95 % intervals hold fewer than 8 in one run of 90
    assert np.mean(errors) < largest_error


def test_a_reward_model_brings_the_estimates_nearer(runs: list[tuple[dict[str, Estimate], float]]) -> None:
    widths = {
        name: np.mean([estimates[name].upper - estimates[name].lower for estimates, _ in runs])
        for name in ("ips", "dr")
    }
    assert widths["dr"] < widths["ips"]
