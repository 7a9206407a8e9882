from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, f1_score

from affectlens.evaluation.average_precision import average_precision_statistic, macro_average_precision
from affectlens.evaluation.calibration import expected_calibration_error
from affectlens.evaluation.documents import Statistic, bootstrap, document_weights
from affectlens.evaluation.emotion import (
    ScoredTexts,
    calibration_statistics,
    emotion_estimates,
    f1_scores,
    f1_statistic,
    macro_f1,
    paired_macro_f1,
)
from affectlens.features.taxonomy import EKMAN


def some_answers(seed: int, n: int = 60, n_labels: int = 4) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Truth with every label present, decisions, and scores with ties."""
    generator = np.random.default_rng(seed)
    truth = generator.integers(0, 2, size=(n, n_labels))
    truth[0] = 1
    return truth, generator.integers(0, 2, size=(n, n_labels)), generator.integers(0, 12, size=(n, n_labels)) / 12


def repeated(weights: np.ndarray, *arrays: np.ndarray) -> list[np.ndarray]:
    return [np.repeat(array, weights.astype(int), axis=0) for array in arrays]


def test_f1_of_a_case_worked_by_hand() -> None:
    truth = np.array([[1, 0], [1, 1], [0, 1]])
    decisions = np.array([[1, 1], [0, 1], [0, 0]])
    assert f1_scores(truth, decisions) == pytest.approx([2 / 3, 1 / 2])  # 2*1/(2+1), 2*1/(2+2)
    assert macro_f1(truth, decisions) == pytest.approx(7 / 12)


def test_perfect_and_opposite_decisions_are_the_limits_of_f1() -> None:
    truth, _, _ = some_answers(0)
    assert macro_f1(truth, truth) == 1.0
    assert macro_f1(truth, 1 - truth) == 0.0


def test_a_label_that_no_document_has_is_left_out_of_the_mean() -> None:
    truth = np.array([[1, 0], [0, 0]])
    assert macro_f1(truth, np.array([[1, 1], [0, 1]])) == 1.0
    assert np.isnan(f1_scores(truth, truth)[1])
    assert np.isnan(macro_f1(np.zeros((2, 2)), np.ones((2, 2))))


@given(st.integers(0, 2**16))
def test_f1_agrees_with_scikit_learn(seed: int) -> None:
    truth, decisions, _ = some_answers(seed)
    found = f1_statistic(truth, decisions).of(np.ones((1, len(truth))))[0]
    assert found[0] == pytest.approx(f1_score(truth, decisions, average="macro"))
    assert found[1] == pytest.approx(f1_score(truth, decisions, average="micro"))
    assert found[2:] == pytest.approx(f1_score(truth, decisions, average=None))


@given(st.integers(0, 2**16))
def test_average_precision_agrees_with_scikit_learn_with_ties(seed: int) -> None:
    truth, _, scores = some_answers(seed)
    assert macro_average_precision(truth, scores) == pytest.approx(average_precision_score(truth, scores), rel=1e-6)


@given(st.integers(0, 2**16))
def test_average_precision_depends_on_the_ranking_only(seed: int) -> None:
    truth, _, scores = some_answers(seed)
    assert macro_average_precision(truth, scores) == pytest.approx(macro_average_precision(truth, np.exp(3 * scores)))


def test_average_precision_of_a_perfect_ranking_is_one_and_without_scores_the_share_of_positives() -> None:
    truth, _, _ = some_answers(1)
    assert macro_average_precision(truth, truth) == pytest.approx(1.0)
    assert macro_average_precision(truth, np.zeros(truth.shape)) == pytest.approx(truth.mean(), rel=1e-6)


@pytest.mark.parametrize("name", ["f1", "map", "ece", "losses"])
def test_weighting_a_document_twice_is_the_same_as_having_it_twice(name: str) -> None:
    truth, decisions, scores = some_answers(2)
    build = {
        "f1": lambda y, d, s: f1_statistic(y, d),
        "map": lambda y, d, s: average_precision_statistic(y, s),
        "ece": lambda y, d, s: calibration_statistics(y, s)[0],
        "losses": lambda y, d, s: calibration_statistics(y, s)[1],
    }[name]
    weights = np.random.default_rng(3).integers(0, 3, size=60).astype(float)
    copies = repeated(weights, truth, decisions, scores)
    by_weight = build(truth, decisions, scores).of(weights[None])
    assert by_weight == pytest.approx(build(*copies).of(np.ones((1, len(copies[0])))), rel=1e-5)


def test_top_calibration_error_is_that_of_the_highest_label() -> None:
    truth, _, scores = some_answers(4)
    scores = scores + np.arange(4) * 1e-4  # no ties
    top, rows = scores.argmax(axis=1), np.arange(60)
    value = calibration_statistics(truth, scores)[0].of(np.ones((1, 60)))[0, 0]
    assert value == pytest.approx(expected_calibration_error(scores[rows, top], truth[rows, top]))


def test_resamples_draw_as_many_documents_as_there_are() -> None:
    blocks = np.concatenate(list(document_weights(700, seed=0, n_resamples=50)))
    assert blocks.shape == (50, 700)
    assert np.all(blocks.sum(axis=1) == 700)
    assert blocks.var(axis=1).mean() == pytest.approx(1.0, abs=0.1)


def test_the_interval_of_a_mean_is_that_of_the_normal_law() -> None:
    values = np.random.default_rng(0).normal(size=400)
    mean = Statistic(("mean",), lambda weights: (weights @ values / 400)[:, None])
    found = bootstrap([mean], 400, seed=1)["mean"]
    assert found.value == pytest.approx(values.mean())
    assert found.upper - found.lower == pytest.approx(2 * 1.96 * values.std() / 20, rel=0.1)


def scored(n: int, seed: int) -> ScoredTexts:
    generator = np.random.default_rng(seed)
    truth = (generator.random((n, 7)) < [0.3, 0.2, 0.0, 0.4, 0.2, 0.1, 0.3]).astype(float)
    probabilities = np.clip(0.5 * truth + 0.5 * generator.random((n, 7)), 0, 1)
    sentiment = generator.random((n, 4)) > 0.5
    decisions = {"ekman": probabilities > 0.45, "sentiment": sentiment}
    return ScoredTexts("ekman", truth, probabilities, decisions, probabilities > 0.3)


def test_a_leaderboard_holds_every_metric_with_its_value_inside_its_interval() -> None:
    estimates = emotion_estimates(scored(150, 0), seed=0, n_resamples=200)
    expected = {"macro_f1", "micro_f1", "map", "ece_top", "ece_label", "brier", "nll", "macro_f1_at_half"}
    expected |= {
        f"set_{name}" for name in ("coverage", "label_coverage", "worst_coverage", "size", "empty", "singleton")
    }
    expected |= {"aurc", *(f"risk_at_{percent}" for percent in range(10, 101, 10))}
    assert set(estimates) == expected | {"sentiment_macro_f1"} | {f"f1:{label}" for label in EKMAN}
    defined = {name: one for name, one in estimates.items() if name != "f1:fear"}
    assert all(one.lower <= one.value <= one.upper for one in defined.values())


def test_an_absent_label_is_listed_as_undefined_on_no_documents() -> None:
    fear = emotion_estimates(scored(150, 0), seed=0, n_resamples=20)["f1:fear"]
    assert np.isnan(fear.value)
    assert fear.n == 0


def test_the_n_of_a_label_is_the_number_of_documents_that_have_it() -> None:
    texts = scored(150, 0)
    assert emotion_estimates(texts, seed=0, n_resamples=20)["f1:anger"].n == texts.truth[:, 0].sum()


def test_the_paired_difference_of_a_system_with_itself_is_zero() -> None:
    truth, decisions, _ = some_answers(5)
    difference, p_value = paired_macro_f1(truth, decisions, decisions, seed=0, n_resamples=100)
    assert (difference.value, difference.lower, difference.upper, p_value) == (0.0, 0.0, 0.0, 1.0)


def test_the_paired_difference_is_that_of_the_two_scores_and_changes_its_sign_with_the_order() -> None:
    truth, decisions, _ = some_answers(6, n=200)
    better = np.where(np.random.default_rng(0).random(truth.shape) < 0.8, truth, decisions)
    there, p_value = paired_macro_f1(truth, better, decisions, seed=0, n_resamples=400)
    back, _ = paired_macro_f1(truth, decisions, better, seed=0, n_resamples=400)
    assert there.value == pytest.approx(macro_f1(truth, better) - macro_f1(truth, decisions))
    assert (there.value, there.lower) == pytest.approx((-back.value, -back.upper))
    assert p_value == pytest.approx(1 / 401)


def test_p_values_of_equally_good_systems_are_spread_over_the_unit_interval() -> None:
    generator = np.random.default_rng(7)
    p_values = []
    for seed in range(60):
        truth = generator.integers(0, 2, size=(60, 3))
        a, b = (np.where(generator.random(truth.shape) < 0.7, truth, 1 - truth) for _ in range(2))
        p_values.append(paired_macro_f1(truth, a, b, seed, n_resamples=100)[1])
    assert np.mean(np.array(p_values) < 0.1) < 0.25
    assert 0.35 < np.mean(p_values) < 0.65
