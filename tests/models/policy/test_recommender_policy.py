from __future__ import annotations

import numpy as np
import pytest

from affectlens.models.policy.recommender import RecommenderPolicyParams, topic_probabilities


def _probabilities(scores: np.ndarray, temperature: float = 1.0, epsilon: float = 0.1) -> np.ndarray:
    users, arms = np.array([0, 0, 0, 1, 1]), np.array([0, 0, 1, 2, 1])
    params = RecommenderPolicyParams(temperature=temperature, epsilon=epsilon)
    return topic_probabilities(users, arms, scores, 3, 3, params)


def test_the_topic_of_the_best_candidates_gets_most_probability() -> None:
    probabilities = _probabilities(np.array([3.0, 2.0, 1.0, 0.0, 5.0]))
    assert probabilities.argmax(axis=1)[:2].tolist() == [0, 1]
    assert probabilities.sum(axis=1) == pytest.approx(np.ones(3))


def test_a_user_without_candidates_gets_the_uniform_policy() -> None:
    assert _probabilities(np.arange(5.0))[2] == pytest.approx(np.full(3, 1 / 3))


def test_the_unit_and_origin_of_the_scores_do_not_matter() -> None:
    scores = np.array([3.0, 2.0, 1.0, 0.0, 5.0])
    assert _probabilities(7.0 * scores - 300.0) == pytest.approx(_probabilities(scores))


def test_equal_scores_split_by_the_number_of_candidates() -> None:
    assert _probabilities(np.zeros(5), epsilon=1e-9)[0] == pytest.approx([2 / 3, 1 / 3, 0.0], abs=1e-6)


def test_a_low_temperature_follows_the_best_candidate_only() -> None:
    sharp = _probabilities(np.array([1.0, 2.0, 3.0, 0.0, 5.0]), temperature=0.01)
    assert sharp[0] == pytest.approx([0.1 / 3, 0.9 + 0.1 / 3, 0.1 / 3])
