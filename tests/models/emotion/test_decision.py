from __future__ import annotations

import json

import numpy as np

from affectlens.models.emotion.decision import Calibration, DecisionRule, competition, in_taxonomies, with_top

RULE = DecisionRule(
    "ekman",
    Calibration.plain(np.full(7, 2.0), np.full(7, -1.0)),
    {"ekman": np.full(7, 0.5), "sentiment": np.array([0.5, 0.8, 0.5, 0.5])},
    np.full(7, 0.2),
)


def test_probabilities_are_the_sigmoid_of_slope_times_score_plus_intercept() -> None:
    assert np.allclose(RULE.probabilities(np.full((1, 7), 0.5)), 0.5)
    assert np.allclose(RULE.probabilities(np.full((1, 7), 1.0)), 1 / (1 + np.exp(-1.0)))


def test_each_taxonomy_is_decided_by_its_own_thresholds() -> None:
    probabilities = np.array([[0.4, 0.4, 0.4, 0.6, 0.0, 0.0, 0.0]])
    decisions = RULE.decisions(probabilities)
    assert decisions["ekman"].tolist() == [[False, False, False, True, False, False, False]]
    assert decisions["sentiment"].tolist() == [[True, False, False, False]]  # negative: 1 - 0.6 ** 3 = 0.784 < 0.8


def test_labels_in_a_coarser_taxonomy_are_those_of_any_member() -> None:
    truth = np.array([[1, 0, 0, 0, 1, 0, 0], [0, 0, 0, 0, 0, 0, 1]])
    assert in_taxonomies(truth, "ekman")["sentiment"].tolist() == [[0, 1, 0, 0], [0, 0, 0, 1]]


def test_a_rule_survives_json() -> None:
    again = DecisionRule.from_dict(json.loads(json.dumps(RULE.to_dict())))
    logits = np.random.default_rng(0).normal(size=(5, 7))
    assert np.array_equal(again.probabilities(logits), RULE.probabilities(logits))
    assert np.array_equal(again.thresholds["sentiment"], RULE.thresholds["sentiment"])
    assert np.array_equal(again.sets(np.full((1, 7), 0.2)), np.ones((1, 7), dtype=bool))


def test_the_competition_of_a_label_is_the_log_sum_of_the_others() -> None:
    scores = np.random.default_rng(1).normal(size=(6, 4)) * 20
    others = [[np.logaddexp.reduce(np.delete(row, label)) for label in range(4)] for row in scores]
    assert np.allclose(competition(scores), others)


def test_the_strongest_label_stays_the_strongest_and_the_others_keep_their_scores() -> None:
    scores = np.random.default_rng(2).normal(size=(50, 5))
    scaled = with_top(scores, 0.3, -2.0)
    top = scores.argmax(axis=1)
    assert np.all(scaled[np.arange(50), top] == scaled.max(axis=1))
    is_other = np.arange(5) != top[:, None]
    assert np.array_equal(scaled[is_other], scores[is_other])
