from __future__ import annotations

import numpy as np

from affectlens.evaluation.beyond_accuracy import mean_attributes, miscalibration
from affectlens.models.recommender.calibrated import calibrated_lists, relevance_of

TOPICS = np.eye(2)[[0, 0, 0, 0, 1, 1]]  # four items of one topic, two of the other
CANDIDATES = np.array([[0, 1, 2, 3, 4, 5]])
RELEVANCE = relevance_of(np.array([[6.0, 5.0, 4.0, 3.0, 2.0, 1.0]]))
HALF = np.array([[0.5, 0.5]])


def lists(strength: float, history: np.ndarray = HALF, attributes: np.ndarray = TOPICS, k: int = 4) -> np.ndarray:
    return calibrated_lists(CANDIDATES, RELEVANCE, attributes, history, k=k, strength=strength, alpha=0.01)


def test_without_strength_the_order_stays() -> None:
    assert lists(0.0).tolist() == [[0, 1, 2, 3]]


def test_with_strength_the_mix_follows_the_history_and_what_is_chosen_stands_by_relevance() -> None:
    assert lists(0.9).tolist() == [[0, 1, 4, 5]]
    assert mean_attributes(lists(0.9), TOPICS).tolist() == [[0.5, 0.5]]


def test_more_strength_never_calibrates_worse() -> None:
    distance = [miscalibration(lists(strength), TOPICS, HALF)[0] for strength in (0.0, 0.2, 0.5, 0.9)]
    assert distance == sorted(distance, reverse=True)


def test_a_user_without_a_known_history_keeps_the_list() -> None:
    assert lists(0.9, history=np.full((1, 2), np.nan)).tolist() == [[0, 1, 2, 3]]


def test_items_without_attributes_may_still_be_listed() -> None:
    assert lists(0.9, attributes=np.full((6, 2), np.nan)).tolist() == [[0, 1, 2, 3]]


def test_where_candidates_run_out_the_list_is_short() -> None:
    few = np.array([[3, -1, -1]])
    found = calibrated_lists(
        few, relevance_of(np.array([[1.0, -np.inf, -np.inf]])), TOPICS, HALF, k=3, strength=0.5, alpha=0.01
    )
    assert found.tolist() == [[3, -1, -1]]
