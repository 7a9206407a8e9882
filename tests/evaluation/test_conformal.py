from __future__ import annotations

import numpy as np
import pytest

from affectlens.evaluation.conformal import conformal_threshold, risk_statistic, set_statistic, set_thresholds


def test_sets_hold_the_true_label_as_often_as_asked_for() -> None:
    generator = np.random.default_rng(0)
    held = []
    for _ in range(2000):
        calibration, new = generator.random(60), generator.random(200)
        held.append((new >= conformal_threshold(calibration, 0.9)).mean())
    assert np.mean(held) == pytest.approx(1 - 6 / 61, abs=0.005)  # the sixth smallest of sixty


def test_a_label_of_few_rows_shares_its_threshold_with_the_other_rare_ones() -> None:
    generator = np.random.default_rng(1)
    probabilities = generator.random((100, 3))
    truth = np.zeros((100, 3))
    truth[:80, 0], truth[80:88, 1], truth[88:, 2] = 1, 1, 1
    thresholds = set_thresholds(probabilities, truth, coverage=0.8, min_rows=50)
    assert thresholds[1] == thresholds[2] != thresholds[0]
    assert thresholds[1] == conformal_threshold(np.append(probabilities[80:88, 1], probabilities[88:, 2]), 0.8)


def test_coverage_and_size_of_sets_by_hand() -> None:
    truth = np.array([[1, 0], [0, 1], [1, 1]])
    sets = np.array([[1, 1], [0, 0], [1, 0]])
    statistic = set_statistic(truth, sets)
    found = dict(zip(statistic.names, statistic.of(np.ones((1, 3)))[0], strict=True))
    assert found["set_coverage"] == pytest.approx(2 / 4)
    assert found["set_label_coverage"] == pytest.approx((1.0 + 0.0) / 2)
    assert found["set_worst_coverage"] == pytest.approx(0.0)
    assert [found[name] for name in ("set_size", "set_empty", "set_singleton")] == pytest.approx([1.0, 1 / 3, 1 / 3])


def test_risk_falls_when_only_the_surest_are_answered() -> None:
    statistic = risk_statistic(np.array([0.9, 0.8, 0.7, 0.6]), np.array([1, 1, 0, 0]), (0.5, 1.0))
    risk = dict(zip(statistic.names, statistic.of(np.ones((1, 4)))[0], strict=True))
    assert risk["risk_at_50"] == pytest.approx(0.0)
    assert risk["risk_at_100"] == pytest.approx(0.5)
    assert risk["aurc"] == pytest.approx((0 + 0 + 1 / 3 + 1 / 2) / 4)


def test_a_text_drawn_twice_counts_twice_in_the_risk() -> None:
    confidence, correct = np.array([0.9, 0.8, 0.7]), np.array([1, 0, 1])
    doubled = risk_statistic(np.array([0.9, 0.8, 0.8, 0.7]), np.array([1, 0, 0, 1]), (1.0,))
    weighted = risk_statistic(confidence, correct, (1.0,)).of(np.array([[1.0, 2.0, 1.0]]))
    assert weighted[0, 1] == pytest.approx(doubled.of(np.ones((1, 4)))[0, 1])


def test_the_order_of_equally_sure_answers_decides_nothing() -> None:
    one = np.ones((1, 4))
    for correct in ([1, 1, 0, 0], [0, 0, 1, 1], [0, 1, 0, 1]):
        area, risk = risk_statistic(np.ones(4), np.array(correct), (0.5,)).of(one)[0]
        assert (area, risk) == (0.5, 0.5)


def test_answers_that_were_not_drawn_are_no_right_answers() -> None:
    statistic = risk_statistic(np.array([0.9, 0.8, 0.7]), np.array([1, 1, 0]), (1.0,))
    assert statistic.of(np.array([[0.0, 0.0, 3.0]]))[0].tolist() == [1.0, 1.0]


def test_without_true_labels_no_worst_coverage_is_known() -> None:
    statistic = set_statistic(np.zeros((2, 2)), np.ones((2, 2)))
    worst = statistic.of(np.ones((1, 2)))[0][list(statistic.names).index("set_worst_coverage")]
    assert np.isnan(worst)
