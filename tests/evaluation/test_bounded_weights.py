from __future__ import annotations

import numpy as np
import pytest

from affectlens.evaluation.bounded_weights import dros, least_varying, switch_dr
from affectlens.evaluation.estimate import Estimate
from affectlens.evaluation.off_policy import dm, dr
from affectlens.evaluation.resampling import Resampling

Log = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray, Resampling]


def _log(n: int, rare: float, error: float, seed: int = 0) -> tuple[Log, float]:
    """Arm 1 is logged with the probability `rare` and always taken by the target; what it earns is 0.6."""
    generator = np.random.default_rng(seed)
    action = (generator.random(n) < rare).astype(np.int64)
    propensity = np.where(action == 1, rare, 1.0 - rare)
    reward = (generator.random(n) < np.array([0.2, 0.6])[action]).astype(float)
    target = np.tile([0.0, 1.0], (n, 1))
    predicted = np.tile([0.2, 0.6 + error], (n, 1))
    return (reward, propensity, action, target, predicted, Resampling.of(np.arange(n), seed, 200)), 0.6


@pytest.mark.parametrize("estimator", [switch_dr, dros])
def test_without_a_bound_it_is_the_doubly_robust_estimate(estimator) -> None:
    log, _ = _log(400, 0.2, 0.1)
    assert estimator(*log, []) == dr(*log)


@pytest.mark.parametrize("estimator", [switch_dr, dros])
def test_with_the_tightest_bound_and_a_log_that_cannot_object_it_is_the_model(estimator) -> None:
    log, _ = _log(400, 0.2, 0.0)
    assert estimator(*log, [0.0]).value == pytest.approx(dm(log[3], log[4], log[5]).value)


@pytest.mark.parametrize("estimator", [switch_dr, dros])
def test_a_model_that_the_log_contradicts_is_not_believed(estimator) -> None:
    log, truth = _log(4000, 0.2, -0.4)
    assert estimator(*log, [0.0]).value == dr(*log).value == pytest.approx(truth, abs=0.06)


@pytest.mark.parametrize("estimator", [switch_dr, dros])
def test_where_weights_are_wild_a_good_model_makes_the_estimate_steadier(estimator) -> None:
    errors = {"bounded": [], "dr": []}
    for seed in range(40):
        log, truth = _log(300, 0.01, 0.02, seed)
        errors["bounded"].append((estimator(*log, [100.0, 10.0, 1.0]).value - truth) ** 2)
        errors["dr"].append((dr(*log).value - truth) ** 2)
    assert np.mean(errors["bounded"]) < 0.2 * np.mean(errors["dr"])


@pytest.mark.parametrize("estimator", [switch_dr, dros])
def test_the_truth_against_which_it_is_held_chooses_no_bound(estimator) -> None:
    log, _ = _log(4000, 0.2, -0.4)
    chosen, wrong = estimator(*log, [0.0]).value, 0.2  # the tightest bound would meet this truth exactly
    held = estimator(*log[:5], log[5].relative_error_to(wrong), [0.0])
    assert held.value == pytest.approx(abs(chosen - wrong) / wrong)


@pytest.mark.parametrize("estimator", [switch_dr, dros])
def test_the_interval_holds_what_the_log_without_a_bound_holds(estimator) -> None:
    log, _ = _log(300, 0.05, 0.1)
    wide, chosen = dr(*log), estimator(*log, [1.0])
    assert chosen.value != wide.value
    assert chosen.lower <= min(wide.lower, chosen.value)
    assert chosen.upper >= max(wide.upper, chosen.value)


def test_a_negative_bound_is_refused() -> None:
    log, _ = _log(10, 0.5, 0.0)
    with pytest.raises(ValueError, match=r"are not negative, got \[-1.0\]"):
        switch_dr(*log, [-1.0])


def test_a_log_without_chance_says_nothing() -> None:
    (reward, _, action, target, predicted, resampling), _ = _log(10, 0.5, 0.0)
    found = dros(reward, np.ones(10), action, target, predicted, resampling, [1.0])
    assert np.isnan(found.value)


def test_a_candidate_after_one_that_contradicts_may_be_chosen() -> None:
    first, second, third = Estimate(0.0, -1, 1, 9), Estimate(5.0, 4.9, 5.1, 9), Estimate(0.2, 0.1, 0.3, 9)
    assert least_varying([first, second]) == 0
    assert least_varying([first, third]) == 1
    assert least_varying([first, second, third]) == 0  # it must agree with all before it, the second too
