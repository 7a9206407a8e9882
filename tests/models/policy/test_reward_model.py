from __future__ import annotations

import numpy as np
import pytest

from affectlens.models.policy import PolicyLog
from affectlens.models.policy.reward_model import RewardModelParams, cross_fitted_rewards, fit_reward_model


def _cross_fitted(log: PolicyLog, rewards: np.ndarray, users: np.ndarray, n_folds: int = 3) -> np.ndarray:
    params = RewardModelParams(ridges=(1.0,), n_folds=n_folds)
    return cross_fitted_rewards(log.contexts, log.actions, rewards, users, n_arms=3, params=params, seed=0)


def test_predictions_follow_the_context_of_each_arm(log: PolicyLog) -> None:
    model = fit_reward_model(log.contexts, log.actions, log.rewards, n_arms=3, ridge=1.0)
    predicted = model.predict(np.array([[1.5, 3.0], [-1.5, 3.0]]))
    assert (predicted[0, 0] > 0.8, predicted[1, 0] < 0.2) == (True, True)
    assert (predicted[1, 1] > 0.8, predicted[0, 1] < 0.2) == (True, True)
    assert predicted[:, 2] == pytest.approx([0.0, 0.0], abs=0.01)


def test_predictions_stay_probabilities(log: PolicyLog) -> None:
    predicted = fit_reward_model(log.contexts, log.actions, log.rewards, n_arms=3, ridge=1.0).predict(50 * log.contexts)
    assert (predicted.min(), predicted.max()) == (0.0, 1.0)


def test_an_arm_without_rows_predicts_the_mean_reward(log: PolicyLog) -> None:
    model = fit_reward_model(log.contexts, log.actions, log.rewards, n_arms=4, ridge=1.0)
    assert model.predict(log.contexts)[:, 3] == pytest.approx(np.full(900, log.rewards.mean()))


def test_a_users_own_rewards_never_reach_its_predictions(log: PolicyLog) -> None:
    before = _cross_fitted(log, log.rewards, log.users)
    of_user = log.users == 4
    after = _cross_fitted(log, np.where(of_user, 1.0 - log.rewards, log.rewards), log.users)
    assert np.array_equal(before[of_user], after[of_user])
    assert not np.array_equal(before[~of_user], after[~of_user])


def test_renaming_users_changes_no_prediction(log: PolicyLog) -> None:
    renamed = np.array([f"{97 * user % 1009}" for user in log.users])
    assert np.array_equal(_cross_fitted(log, log.rewards, log.users), _cross_fitted(log, log.rewards, renamed))


def test_more_folds_than_users_are_refused(log: PolicyLog) -> None:
    with pytest.raises(
        ValueError, match=r"1 users cannot fill 3 folds; lower `policy\.scoring\.reward_model\.n_folds`"
    ):
        _cross_fitted(log, log.rewards, np.zeros(900))


def test_among_penalties_the_other_folds_choose(log: PolicyLog) -> None:
    def predicted(rewards: np.ndarray, *ridges: float) -> np.ndarray:
        params = RewardModelParams(ridges=ridges, n_folds=3)
        given = log.contexts, log.actions, rewards, log.users
        return cross_fitted_rewards(*given, n_arms=3, params=params, seed=0)

    assert np.array_equal(predicted(log.rewards, 1e6, 1.0), predicted(log.rewards, 1.0))  # the context says much
    chance = (np.random.default_rng(1).random(900) < 0.1).astype(float)
    assert np.array_equal(predicted(chance, 1.0, 1e6), predicted(chance, 1e6))  # it says nothing
