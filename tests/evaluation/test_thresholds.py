from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import logit
from sklearn.metrics import f1_score, precision_recall_curve

from affectlens.evaluation.thresholds import (
    DecisionParams,
    best_global_threshold,
    best_threshold,
    cross_fitted,
    tune_decision_rule,
    tuned_thresholds,
)

PARAMS = DecisionParams(n_folds=4, shrinkage=20.0, ridge=1.0, n_global=100, coverage=0.9, min_set_rows=20)


def test_the_best_threshold_separates_what_can_be_separated() -> None:
    threshold = best_threshold(np.array([0.1, 0.2, 0.6, 0.9]), np.array([0, 0, 1, 1]))
    assert threshold == pytest.approx(0.4)


def test_a_label_that_every_row_has_accepts_every_row() -> None:
    probability = np.array([0.3, 0.01, 0.7])
    assert np.all(probability >= best_threshold(probability, np.ones(3)))


def test_equal_probabilities_are_decided_alike() -> None:
    probability = np.full(4, 0.25)
    assert best_threshold(probability, np.array([1, 0, 0, 0])) <= 0.25


@given(st.integers(0, 2**16), st.integers(2, 60))
def test_no_cut_has_a_higher_f1_than_the_best_threshold(seed: int, n: int) -> None:
    generator = np.random.default_rng(seed)
    probability, truth = generator.integers(1, 9, n) / 10, generator.integers(0, 2, n)
    truth[0] = 1
    found = f1_score(truth, probability >= best_threshold(probability, truth))
    precision, recall, _ = precision_recall_curve(truth, probability)
    best = (2 * precision * recall / np.maximum(precision + recall, 1e-12)).max()
    assert found == pytest.approx(best)


def test_the_global_threshold_lies_among_the_probabilities() -> None:
    generator = np.random.default_rng(0)
    probabilities = generator.random((200, 3))
    truth = (probabilities > 0.7).astype(int)
    assert best_global_threshold(probabilities, truth, 400) == pytest.approx(0.7, abs=0.02)


def test_a_label_with_as_many_positives_as_the_shrinkage_goes_half_way() -> None:
    generator = np.random.default_rng(1)
    probabilities, truth = generator.random((300, 2)), np.zeros((300, 2))
    truth[:, 0] = probabilities[:, 0] > 0.3
    rare = np.argsort(-probabilities[:, 1])[:20]
    truth[rare, 1] = 1
    own = np.array([best_threshold(probabilities[:, c], truth[:, c]) for c in range(2)])
    common = best_global_threshold(probabilities, truth, 100)
    tuned = tuned_thresholds(probabilities, truth, 20.0, 100)
    assert logit(tuned[1]) == pytest.approx((logit(own[1]) + logit(common)) / 2)
    assert tuned_thresholds(probabilities, truth, 0.0, 100) == pytest.approx(own)


def test_a_label_without_positives_takes_the_global_threshold() -> None:
    generator = np.random.default_rng(2)
    probabilities, truth = generator.random((100, 2)), np.zeros((100, 2))
    truth[:, 0] = probabilities[:, 0] > 0.5
    tuned = tuned_thresholds(probabilities, truth, 20.0, 100)
    assert tuned[1] == pytest.approx(best_global_threshold(probabilities, truth, 100))


def test_no_label_at_all_leaves_every_threshold_at_one_half() -> None:
    assert tuned_thresholds(np.full((5, 2), 0.2), np.zeros((5, 2)), 20.0, 10) == pytest.approx([0.5, 0.5])


def noisy_scores(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    truth = (generator.random((n, 7)) < [0.3, 0.05, 0.1, 0.4, 0.2, 0.1, 0.3]).astype(float)
    return truth * 2 - 1.5 + generator.normal(size=truth.shape), truth


def test_a_rule_has_thresholds_for_its_own_and_every_coarser_taxonomy() -> None:
    rule = tune_decision_rule(*noisy_scores(200, 0), "ekman", PARAMS)
    assert {name: len(values) for name, values in rule.thresholds.items()} == {"ekman": 7, "sentiment": 4}


def test_a_row_never_takes_part_in_the_rule_that_decides_it() -> None:
    logits, truth = noisy_scores(120, 1)
    said = cross_fitted(logits, truth, "ekman", PARAMS, seed=3)
    changed = truth.copy()
    changed[17] = 1.0 - changed[17]
    other = cross_fitted(logits, changed, "ekman", PARAMS, seed=3)
    assert np.array_equal(said.probabilities[17], other.probabilities[17])
    assert np.array_equal(said.decisions["ekman"][17], other.decisions["ekman"][17])
    assert np.array_equal(said.sets[17], other.sets[17])
    assert not np.array_equal(said.probabilities, other.probabilities)


def test_cross_fitted_figures_are_below_those_tuned_on_the_same_rows_when_scores_mean_nothing() -> None:
    generator = np.random.default_rng(5)
    gaps = []
    for seed in range(8):
        truth = (generator.random((60, 7)) < 0.15).astype(float)
        logits = generator.normal(size=truth.shape)
        rule = tune_decision_rule(logits, truth, "ekman", PARAMS)
        same = rule.decisions(rule.probabilities(logits))["ekman"]
        fair = cross_fitted(logits, truth, "ekman", PARAMS, seed).decisions["ekman"]
        scores = [f1_score(truth, decided, average="macro", zero_division=0) for decided in (same, fair)]
        gaps.append(scores[0] - scores[1])
    assert np.mean(gaps) > 0.02
