from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from affectlens.evaluation.policy_values import WorldTruth, holm, paired_by_unit, score_logging, score_target
from affectlens.evaluation.resampling import Resampling
from affectlens.models.policy import PolicyLog


def _log(n: int = 400, seed: int = 0) -> tuple[PolicyLog, WorldTruth]:
    generator = np.random.default_rng(seed)
    rewards = generator.uniform(0.1, 0.9, size=(n, 2))
    actions = generator.integers(0, 2, size=n)
    earned = (generator.random(n) < rewards[np.arange(n), actions]).astype(float)
    sessions = np.repeat(np.arange(n // 4), 4)
    log = PolicyLog(np.zeros((n, 1)), actions, earned, np.full(n, 0.5), sessions, sessions, np.ones(n), ("a", "b"))
    return log, WorldTruth(rewards, rewards - 0.5)


def test_the_oracle_scores_one_and_the_uniform_policy_zero() -> None:
    log, truth = _log()
    resampling = Resampling.of(log.units, seed=0, n_resamples=100)
    best = np.eye(2)[truth.rewards.argmax(axis=1)]
    predicted = np.full((400, 2), 0.5)
    oracle = score_target(log, best, predicted, truth, resampling, [1.0]).truth
    uniform = score_target(log, np.full((400, 2), 0.5), predicted, truth, resampling, [1.0]).truth
    assert oracle["normalised_score"].value == pytest.approx(1.0)
    assert oracle["regret:true"].value == pytest.approx(0.0)
    assert uniform["normalised_score"].value == pytest.approx(0.0)
    assert uniform["value:true"].value == pytest.approx(truth.rewards.mean())
    assert uniform["utility:true"].value == pytest.approx(truth.rewards.mean() - 0.5)


def test_the_logging_policy_is_worth_what_it_earned() -> None:
    log, truth = _log()
    score = score_logging(log, truth, Resampling.of(log.units, seed=0, n_resamples=100))
    assert score.estimates["on_policy"].value == log.rewards.mean()
    assert score.truth["value:true"].value == pytest.approx(truth.rewards[np.arange(400), log.actions].mean())
    assert score.health.n_eff == pytest.approx(400)


def test_nothing_is_claimed_of_the_truth_where_no_world_knows_it() -> None:
    log, _ = _log()
    resampling = Resampling.of(log.units, seed=0, n_resamples=100)
    score = score_target(log, np.full((400, 2), 0.5), np.full((400, 2), 0.5), None, resampling, [1.0])
    assert score.truth == {}
    assert set(score.terms) == {"dr"}
    assert set(score.estimates) == {"dm", "ips", "snips", "dr", "sndr", "switch_dr", "dros"}


def test_paired_differences_are_means_over_rows_with_sessions_as_units() -> None:
    generator = np.random.default_rng(0)
    sessions = np.repeat(np.arange(60), generator.integers(1, 9, size=60))
    a = generator.random(sessions.size)
    b = a - 0.1 + 0.01 * generator.random(sessions.size)
    difference, p_value = paired_by_unit(a, b, Resampling.of(sessions, seed=0, n_resamples=100), seed=0)
    assert difference.value == pytest.approx((a - b).mean())
    assert difference.n == 60
    assert difference.lower > 0
    assert p_value < 0.01


def test_units_of_unequal_size_with_one_difference_leave_no_doubt() -> None:
    sessions = np.repeat(np.arange(40), np.repeat([1, 19], 20))
    difference, p_value = paired_by_unit(np.full(400, 0.3), np.full(400, 0.2), Resampling.of(sessions, 0), seed=0)
    assert (difference.value, difference.lower, difference.upper) == pytest.approx((0.1, 0.1, 0.1))
    assert p_value < 0.01


def test_a_log_without_chance_is_worth_what_it_earned_and_has_no_weights() -> None:
    log, _ = _log()
    certain = dataclasses.replace(log, propensities=np.ones(len(log)))
    estimates = score_logging(certain, None, Resampling.of(log.units, seed=0, n_resamples=100)).estimates
    assert estimates["on_policy"].value == log.rewards.mean()
    assert np.isnan([estimates["ips"].value, estimates["snips"].value]).all()


def test_holm_never_lowers_a_p_value_nor_exceeds_one() -> None:
    assert holm({"a": 0.5, "b": 0.7}) == {"a": 1.0, "b": 1.0}
    assert holm({"only": 0.03}) == {"only": 0.03}
    assert holm({}) == {}
