from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from affectlens.evaluation.generation_conditions import calmer_estimates, divergence, dose_estimates
from affectlens.evaluation.generation_goals import GoalParams, goal_table
from affectlens.evaluation.generation_judge import (
    NO_LABEL,
    GenerationScoreParams,
    GenerationTest,
    LabelledVectors,
    fit_judge,
)
from affectlens.evaluation.generation_scores import score_sampler, score_samples

D, C, N = 4, 3, 120
PARAMS = GenerationScoreParams(
    max_samples=N,
    n_neighbours=5,
    n_resamples=200,
    n_permutations=99,
    learner_penalty=1.0,
    dose_levels=[0.0, 0.5, 1.0],
    dose_bound=0.9,
    calm_share=0.5,
)


def sample_of(n: int, seed: int) -> LabelledVectors:
    draws = np.random.default_rng(seed)
    labels = draws.integers(C, size=n)
    return LabelledVectors(2.0 * np.eye(C, D)[labels] + 0.7 * draws.normal(size=(n, D)), labels)


@pytest.fixture
def held_out() -> GenerationTest:
    asked = sample_of(N, 1)
    return GenerationTest(
        real=sample_of(N, 0),
        asked=asked,
        emotion=0.8 * np.eye(C)[asked.labels] + 0.2 / C,
        interest=asked.vectors[:, :2],
        train=sample_of(400, 2),
        judge=fit_judge(sample_of(300, 3)),
        mean_emotion=np.full(C, 1 / C),
        calm=C - 1,
        projection=np.eye(D, 2),
        center=np.zeros(D),
        scale=np.ones(D),
        params=PARAMS,
        seed=0,
    )


def test_real_vectors_score_as_the_reference_they_are(held_out: GenerationTest) -> None:
    scores = score_samples(held_out.asked.vectors, held_out)
    assert scores["frechet_excess"].value == scores["frechet_excess"].lower == scores["frechet_excess"].upper == 0.0
    assert scores["conditional_accuracy_ratio"].value == scores["tstr_ratio"].value == 1.0
    assert scores["interest_cosine"].value == pytest.approx(1.0)
    assert scores["mmd2_p_value"].value > 0.05
    assert scores["coverage"].value > 0.9
    assert scores["authenticity"].value > 0.3


def test_every_interval_holds_its_value(held_out: GenerationTest) -> None:
    vectors = sample_of(N, 9).vectors * 0.5
    for name, estimate in score_samples(vectors, held_out).items():
        assert estimate.lower <= estimate.value <= estimate.upper, name
        assert estimate.n == N, name


def test_copies_of_train_look_real_to_all_but_authenticity(held_out: GenerationTest) -> None:
    generator = np.random.default_rng(0)
    rows = [int(generator.choice(np.flatnonzero(held_out.train.labels == label))) for label in held_out.asked.labels]
    scores = score_samples(held_out.train.vectors[rows], held_out)
    assert scores["precision"].value > 0.85
    assert scores["conditional_accuracy_ratio"].value > 0.9
    assert scores["authenticity"].value == 0.0
    assert scores["copy_rate"].value == 1.0


def test_vectors_of_the_wrong_emotion_fail_the_judge_and_nothing_else(held_out: GenerationTest) -> None:
    order = np.argsort(held_out.asked.labels, kind="stable")
    shifted = np.roll(order, N // C)
    vectors = np.empty_like(held_out.asked.vectors)
    vectors[order] = held_out.asked.vectors[shifted]
    scores = score_samples(vectors, held_out)
    assert scores["conditional_accuracy_ratio"].value < 0.3
    assert scores["tstr_ratio"].value < 0.4
    assert scores["frechet_excess"].value == pytest.approx(0.0, abs=1e-9)


def test_noise_is_far_away(held_out: GenerationTest) -> None:
    scores = score_samples(np.random.default_rng(5).normal(size=(N, D)) * 5, held_out)
    assert scores["frechet_excess"].lower > 1.0
    assert scores["mmd2_p_value"].value == pytest.approx(0.01)
    assert scores["density"].value < 0.3


def test_scores_in_standard_units_do_not_depend_on_the_units(held_out: GenerationTest) -> None:
    center, scale = np.full(D, 3.0), np.full(D, 2.0)
    vectors = sample_of(N, 9).vectors
    moved = dataclasses.replace(held_out, center=center, scale=scale)
    before, after = score_samples(vectors, held_out), score_samples(vectors * scale + center, moved)
    for name in ("frechet_distance", "coverage", "conditional_accuracy", "authenticity"):
        assert after[name].value == pytest.approx(before[name].value), name


def test_contents_without_an_emotion_are_not_judged(held_out: GenerationTest) -> None:
    labels = held_out.asked.labels.copy()
    labels[:20] = NO_LABEL
    partly = dataclasses.replace(held_out, asked=LabelledVectors(held_out.asked.vectors, labels))
    scores = score_samples(held_out.asked.vectors, partly)
    assert scores["conditional_accuracy"].n == N - 20
    assert scores["coverage"].n == N


def test_without_a_judge_the_emotion_is_undefined_and_the_rest_is_not(held_out: GenerationTest) -> None:
    assert fit_judge(LabelledVectors(np.zeros((5, D)), np.zeros(5, dtype=int))) is None
    scores = score_samples(held_out.asked.vectors, dataclasses.replace(held_out, judge=None))
    assert np.isnan(scores["conditional_accuracy"].value)
    assert np.isfinite(scores["frechet_distance"].value)


def test_samples_that_are_too_few_for_neighbours_leave_them_undefined(held_out: GenerationTest) -> None:
    few = [LabelledVectors(part.vectors[:4], part.labels[:4]) for part in (held_out.real, held_out.asked)]
    small = dataclasses.replace(
        held_out, real=few[0], asked=few[1], emotion=held_out.emotion[:4], interest=held_out.interest[:4]
    )
    scores = score_samples(few[1].vectors, small)
    assert np.isnan(scores["coverage"].value)
    assert scores["coverage"].n == 4
    assert np.isfinite(scores["frechet_distance"].value)


def test_one_vector_for_each_condition_is_asked_for(held_out: GenerationTest) -> None:
    with pytest.raises(ValueError, match="one vector a condition"):
        score_samples(held_out.asked.vectors[:-1], held_out)


def test_a_sampler_that_follows_the_dose_has_a_perfect_response(held_out: GenerationTest) -> None:
    follows = dose_estimates(lambda emotion: 2.0 * emotion @ np.eye(C, D), held_out)
    ignores = dose_estimates(lambda emotion: held_out.asked.vectors, held_out)
    opposes = dose_estimates(lambda emotion: -2.0 * emotion @ np.eye(C, D), held_out)
    assert follows["dose_response"].value == pytest.approx(1.0)
    assert follows["dose_share"].value == 1.0
    assert follows["dose_drift"].value < 0.0  # the other emotions fall
    assert np.isnan(ignores["dose_response"].value)
    assert ignores["dose_share"].value == ignores["dose_drift"].value == 0.0
    assert opposes["dose_response"].value == pytest.approx(-1.0)
    assert opposes["dose_drift"].value > 0.1


def test_something_calmer_is_calmer_and_keeps_the_interest_where_the_sampler_does(held_out: GenerationTest) -> None:
    place = np.eye(C, D)
    place[C - 1] = [0.0, 0.0, 0.0, 3.0]
    labels = held_out.train.labels
    judge = fit_judge(LabelledVectors(place[labels] + 0.1 * held_out.train.vectors, labels))
    test = dataclasses.replace(held_out, judge=judge)
    kept = calmer_estimates(lambda emotion: np.ones(D) + emotion @ place, test)
    assert kept["counterfactual_calm"].value > 0.3
    assert kept["counterfactual_interest"].value > 0.95
    assert kept["counterfactual_interest"].n == int((held_out.asked.labels != C - 1).sum())
    turned = calmer_estimates(lambda emotion: np.ones(D) * np.sign(emotion[:, :1] + emotion[:, 1:2] - 0.6), test)
    assert turned["counterfactual_interest"].value == pytest.approx(-1.0)


def test_a_whole_sampler_has_the_rows_of_its_samples_and_of_its_obedience(held_out: GenerationTest) -> None:
    scores = score_sampler(lambda emotion: 2.0 * emotion @ np.eye(C, D), held_out)
    assert set(score_samples(held_out.asked.vectors, held_out)) < set(scores)
    assert {"dose_share", "counterfactual_calm"} < set(scores)


def test_a_goal_is_met_in_the_mean_over_the_seeds_and_missed_by_its_margin() -> None:
    rows = pd.DataFrame(
        {
            "model": ["plain", "plain", "best", "best"],
            "metric": "copy_rate",
            "value": [0.00, 0.01, 0.02, 0.04],
            "seed": [1, 2, 1, 2],
        }
    )
    goals = [GoalParams(metric="copy_rate", wanted="at_most", bound=0.01)]
    goals.append(GoalParams(metric="absent", wanted="at_least", bound=0.5))
    table = goal_table(rows, goals, "best").set_index(["model", "metric"])
    assert table.index[0] == ("best", "copy_rate")
    assert table["is_met"].tolist() == [False, False, True, False]
    assert table.loc[("best", "copy_rate"), "margin"] == pytest.approx(-0.02)
    assert np.isnan(table.loc[("best", "absent"), "value"])


def test_a_goal_is_not_met_where_a_seed_has_no_value() -> None:
    rows = pd.DataFrame({"model": "a", "metric": "m", "value": [np.nan, 1.0], "seed": [1, 2]})
    row = goal_table(rows, [GoalParams(metric="m", wanted="at_least", bound=0.5)], "a").iloc[0]
    assert not row["is_met"]
    assert np.isnan(row["value"])
    assert row["n_seeds"] == 2


def test_nothing_judged_or_asked_is_at_no_distance_and_equals_are_at_none() -> None:
    one, nothing = np.array([[1.0, 0.0]]), np.array([[0.0, 0.0]])
    assert np.isnan(divergence(nothing, one))
    assert np.isnan(divergence(one, nothing))
    draws = np.random.default_rng(0).dirichlet(np.ones(5), size=200)
    np.testing.assert_allclose(divergence(draws, draws), 0.0, atol=1e-12)


def test_same_seed_same_scores(held_out: GenerationTest) -> None:
    vectors = sample_of(N, 9).vectors
    assert score_samples(vectors, held_out) == score_samples(vectors, held_out)
