from __future__ import annotations

import numpy as np
import pytest

from affectlens.evaluation.following import correlation, following_estimates, paired_following


def moments(n_users: int = 60, n: int = 20, noise: float = 1.0, seed: int = 0) -> tuple[np.ndarray, ...]:
    generator = np.random.default_rng(seed)
    users = np.repeat(np.arange(n_users), n)
    truth = generator.normal(size=n_users)[users] + generator.normal(size=n_users * n)
    return truth, truth + noise * generator.normal(size=len(truth)), users


def test_the_correlation_is_that_of_numpy() -> None:
    truth, said, users = moments()
    assert correlation(truth, said) == pytest.approx(np.corrcoef(truth, said)[0, 1])
    assert following_estimates(truth, said, users, 7)["r"].value == pytest.approx(np.corrcoef(truth, said)[0, 1])


def test_what_only_tells_users_apart_follows_nobody() -> None:
    truth, _, users = moments()
    level = np.bincount(users, weights=truth)[users] / 20
    found = following_estimates(truth, level + 0 * truth, users, 7)
    assert found["r"].value > 0.5
    assert np.isnan(found["r_within"].value)


def test_a_constant_has_no_correlation() -> None:
    truth, said, users = moments()
    assert np.isnan(following_estimates(truth, np.zeros_like(said), users, 7)["r"].value)


def test_the_closer_follower_wins_with_an_interval_above_zero() -> None:
    truth, far, users = moments(noise=3.0)
    _, near, _ = moments(noise=0.5)
    found = paired_following(truth, near, far, users, 7)
    assert found["r"][0].lower > 0
    assert found["r"][1] < 0.01
    scales = paired_following(truth, 100 * near, far / 100, users, 7)
    assert scales["r"][0].value == pytest.approx(found["r"][0].value)


def test_equal_followers_are_not_told_apart() -> None:
    truth, first, users = moments(noise=2.0, seed=1)
    second = truth + 2.0 * np.random.default_rng(9).normal(size=len(truth))
    estimate, p_value = paired_following(truth, first, second, users, 7)["r"]
    assert estimate.lower < 0 < estimate.upper
    assert p_value > 0.05
