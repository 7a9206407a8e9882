"""Off-policy estimators where the value is known: how far off they are, and how often their 95 % intervals hold it.

Digits: classification turned into a bandit (100 splits of scikit-learn's digits; naive Bayes logs, a forest is judged,
whose value is counted). Synthetic: 500 logs of 2,000 decisions among 10 arms, five features, logistic rewards, policies
that follow them at different temperatures; the value is that over the contexts of a large sample.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
from scipy.special import expit, softmax
from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.naive_bayes import GaussianNB

from affectlens.evaluation.off_policy import expected_under
from affectlens.evaluation.policy_values import estimates_of
from affectlens.evaluation.resampling import Resampling
from affectlens.models.policy import PolicyLog
from affectlens.models.policy.choice import with_uniform
from affectlens.models.policy.reward_model import RewardModelParams, cross_fitted_rewards

N_SPLITS, N_LOGS, N_DECISIONS, N_ARMS, N_FEATURES, N_LARGE = 100, 500, 2000, 10, 5, 200_000
LAMBDAS = (100.0, 30.0, 10.0, 3.0, 1.0)
REWARDS = RewardModelParams(ridges=(1.0, 10.0, 100.0), n_folds=3)

Case = tuple[PolicyLog, np.ndarray, float]  # a log, the target policy (n, A) in its contexts, its value


def main() -> str:
    """Mean relative error with its standard deviation over logs, and coverage, of each estimator."""
    columns = {"digits": _measured(_digits, N_SPLITS), "synthetic": _measured(_synthetic, N_LOGS)}
    return pd.concat(columns, axis=1).to_string()


def _measured(draw: Callable[[int], Case], n: int) -> pd.DataFrame:
    rows = pd.DataFrame(row for seed in range(n) for row in _scored(*draw(seed), seed))
    errors = rows.groupby("estimator", sort=False)["relative_error"]
    held = rows.groupby("estimator", sort=False)["holds"].mean()
    return pd.DataFrame(
        {"relative error": errors.mean().round(4), "sd": errors.std().round(4), "coverage": held.round(3)}
    )


def _scored(log: PolicyLog, target: np.ndarray, value: float, seed: int) -> Iterator[dict[str, object]]:
    given = log.contexts, log.actions, log.rewards, log.users
    predicted = cross_fitted_rewards(*given, n_arms=len(log.arms), params=REWARDS, seed=seed)
    resampling = Resampling.of(log.units, seed, n_resamples=500)
    for name, estimate in estimates_of(log, target, predicted, resampling, LAMBDAS).items():
        error = abs(estimate.value - value) / value
        yield {"estimator": name, "relative_error": error, "holds": estimate.lower <= value <= estimate.upper}


def _digits(seed: int) -> Case:
    images, digits = load_digits(return_X_y=True)
    order = np.random.default_rng(seed).permutation(len(digits))
    train, test = order[:540], order[540:]
    bayes = GaussianNB(var_smoothing=0.1).fit(images[train], digits[train])
    forest = RandomForestClassifier(n_estimators=10, random_state=seed).fit(images[train], digits[train])
    logging = with_uniform(np.eye(10)[bayes.predict(images[test])], 0.4)
    target = with_uniform(np.eye(10)[forest.predict(images[test])], 0.1)
    is_right = np.eye(10)[digits[test]]
    return _logged(images[test], logging, is_right, seed), target, float(expected_under(target, is_right).mean())


def _synthetic(seed: int) -> Case:
    world = np.random.default_rng(seed)
    weights, base = world.normal(size=(N_FEATURES, N_ARMS)) / 2.0, world.normal(size=N_ARMS) - 1.0
    contexts = world.normal(size=(N_DECISIONS, N_FEATURES))
    large = world.normal(size=(N_LARGE, N_FEATURES))
    liked, liked_by_all = contexts @ weights + base, large @ weights + base
    log = _logged(contexts, softmax(liked, axis=1), expit(liked), seed)
    value = expected_under(softmax(3.0 * liked_by_all, axis=1), expit(liked_by_all)).mean()
    return log, softmax(3.0 * liked, axis=1), float(value)


def _logged(contexts: np.ndarray, logging: np.ndarray, chances: np.ndarray, seed: int) -> PolicyLog:
    """Draw an action a context from `logging` (n, A), and whether it earns, by `chances` (n, A)."""
    generator, rows = np.random.default_rng([seed, 1]), np.arange(len(contexts))
    action = (logging.cumsum(axis=1) < generator.random((len(contexts), 1))).sum(axis=1)
    action = np.minimum(action, logging.shape[1] - 1)
    reward = (generator.random(len(contexts)) < chances[rows, action]).astype(np.float64)
    arms = tuple(str(arm) for arm in range(logging.shape[1]))
    return PolicyLog(contexts, action, reward, logging[rows, action], rows, rows, np.ones(len(rows)), arms)


if __name__ == "__main__":
    print(main())  # noqa: T201  a command's output
