from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import f1_score, precision_recall_curve

from affectlens.evaluation.thresholds import (
    DecisionParams,
    best_threshold,
    cross_fitted,
    tune_decision_rule,
    tuned_thresholds,
)

PARAMS = DecisionParams(n_folds=4, shrinkage=10.0, smoothing=0.25, ridge=1.0, coverage=0.9, min_set_rows=20)


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


def test_without_shrinkage_and_smoothing_each_label_has_its_own_best_threshold() -> None:
    generator = np.random.default_rng(1)
    probabilities = generator.random((300, 2))
    truth = (probabilities + 0.3 * generator.normal(size=(300, 2)) > [0.3, 0.9]).astype(float)
    own = [best_threshold(p, y) for p, y in zip(probabilities.T, truth.T, strict=True)]
    assert tuned_thresholds(probabilities, truth, 0.0, 0.0) == pytest.approx(own)


def test_where_no_positives_were_counted_the_threshold_is_half_of_the_f1_that_probabilities_expect() -> None:
    """The optimum of expected F1 accepts what is likelier than half of it (Lipton et al. 2014)."""
    probability = np.linspace(0.0005, 0.9995, 4000)[:, None] ** 3
    threshold = tuned_thresholds(probability, np.zeros_like(probability), 10.0, 0.25)[0]
    accepted = probability >= threshold
    expected_f1 = 2.0 * probability[accepted].sum() / (accepted.sum() + probability.sum())
    assert threshold == pytest.approx(expected_f1 / 2.0, abs=0.002)


def test_shrinkage_draws_counted_hits_to_expected_ones() -> None:
    generator = np.random.default_rng(2)
    probability = generator.random((400, 1)) ** 3
    truth = np.zeros((400, 1))
    truth[np.argsort(-probability[:, 0])[:10]] = 1.0  # nearer to certain than the probabilities say
    counted, drawn, expected = (tuned_thresholds(probability, truth, shrinkage, 0.0)[0] for shrinkage in (0, 10, 1e9))
    assert expected < drawn < counted


def test_averaging_passes_over_a_peak_that_a_few_lucky_rows_made() -> None:
    probability, hits = np.linspace(0.99, 0.01, 99), np.zeros(99)
    hits[[*range(5), 10, *range(15, 81, 5)]] = 1.0  # F1 0.4 after five rows, for a moment; then 0.34 to 0.396 for long
    assert best_threshold(probability, hits) == pytest.approx(0.945)
    assert best_threshold(probability, hits, 4) < 0.9


def test_thresholds_with_averaging_and_shrinkage_hold_better_on_rows_that_they_were_not_tuned_on() -> None:
    gains = []
    for seed in range(40):
        generator = np.random.default_rng(seed)
        logits = generator.normal(-4.0, 1.5, (6000, 1))
        probability = 1.0 / (1.0 + np.exp(-logits))
        truth = (generator.random(logits.shape) < probability).astype(float)
        tuned, unseen = slice(0, 300), slice(300, None)
        scores = [
            f1_score(truth[unseen], probability[unseen] >= tuned_thresholds(probability[tuned], truth[tuned], *rule))
            for rule in ((10.0, 0.25), (0.0, 0.0))
        ]
        gains.append(scores[0] - scores[1])
    assert np.mean(gains) > 2.0 * np.std(gains) / np.sqrt(len(gains))


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
