from __future__ import annotations

import numpy as np
import pytest

from affectlens.evaluation.logged_policies import score_logged
from affectlens.models.policy import PolicyLog

EARNS = np.array([0.1, 0.3, 0.6])


def _log(probabilities: np.ndarray, n: int, seed: int) -> PolicyLog:
    """A policy whose probabilities (places, arms) differ by place."""
    generator = np.random.default_rng(seed)
    place = generator.integers(0, len(probabilities), n)
    action = (probabilities[place].cumsum(axis=1) < generator.random((n, 1))).sum(axis=1)
    reward = (generator.random(n) < EARNS[action]).astype(float)
    rows = np.arange(n)
    return PolicyLog(
        np.zeros((n, 1)), action, reward, probabilities[place, action], rows, rows, place + 1.0, ("a", "b", "c")
    )


UNIFORM = np.full((2, 3), 1 / 3)
GREEDY = np.array([[0.1, 0.2, 0.7], [0.6, 0.2, 0.2]])


@pytest.mark.parametrize(("judge", "judged"), [(UNIFORM, GREEDY), (GREEDY, UNIFORM)])
def test_one_log_finds_what_the_other_policy_earned(judge: np.ndarray, judged: np.ndarray) -> None:
    one, other = _log(judge, 6000, 1), _log(judged, 6000, 2)
    predicted = np.tile(EARNS + 0.1, (6000, 1))
    found = score_logged(one, other, predicted, [10.0, 1.0], seed=3, n_resamples=300)
    earns = float((judged @ EARNS).mean())
    assert found.on_policy.lower < earns < found.on_policy.upper
    assert found.score.health.is_healthy(min_n_eff=1000, max_support_gap=0.0)
    for name in ("ips", "snips", "dr", "sndr"):
        estimate, error = found.score.estimates[name], found.relative_errors[name]
        assert estimate.lower - 0.01 < earns < estimate.upper + 0.01
        assert error.value == pytest.approx(abs(estimate.value - found.on_policy.value) / found.on_policy.value)
        assert error.lower <= error.value <= error.upper + 1e-9
    assert found.relative_errors["dm"].value > 0.15  # its model is wrong by 0.1


def test_a_policy_that_earned_nothing_has_no_relative_error() -> None:
    one, other = _log(UNIFORM, 50, 1), _log(GREEDY, 50, 2)
    other.rewards[:] = 0.0
    found = score_logged(one, other, np.zeros((50, 3)), [], seed=3, n_resamples=50)
    assert found.relative_errors == {}


def test_logs_of_different_arms_are_refused() -> None:
    one, other = _log(UNIFORM, 50, 1), _log(GREEDY, 50, 2)
    renamed = PolicyLog(**{**vars(other), "arms": ("a", "b", "d")})
    with pytest.raises(ValueError, match="the same arms"):
        score_logged(one, renamed, np.zeros((50, 3)), [], seed=3, n_resamples=50)
