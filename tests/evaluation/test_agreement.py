from __future__ import annotations

import krippendorff
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from affectlens.evaluation.agreement import alpha_statistic, human_ceiling


def test_annotators_who_agree_reach_one() -> None:
    documents = np.array(["a", "a", "a", "b", "b"])
    ratings = np.array([[1, 0]] * 3 + [[0, 1]] * 2)
    found = human_ceiling(documents, ratings, seed=0, n_resamples=50)
    assert {name: one.value for name, one in found.items()} == {
        "macro_f1": 1.0, "micro_f1": 1.0, "krippendorff_alpha": 1.0,
    }  # fmt: skip


def test_a_case_worked_by_hand() -> None:
    ratings = np.array([[1], [1], [0], [0], [0]])
    found = human_ceiling(np.array([1, 1, 1, 2, 2]), ratings, seed=0, n_resamples=50)
    # document 1: against the others, (1 | 1/2 -> 1), (1 | 1/2 -> 1), (0 | 2/2 -> 1): two hits of three present
    assert found["macro_f1"].value == pytest.approx(2 * 2 / (3 + 2))
    assert found["macro_f1"].n == 2


def test_documents_with_one_annotator_are_left_out() -> None:
    assert human_ceiling(np.array([1, 2]), np.array([[1], [0]]), seed=0) == {}
    found = human_ceiling(np.array([1, 2, 2]), np.array([[1], [1], [1]]), seed=0, n_resamples=20)
    assert found["macro_f1"].n == 1


@given(st.integers(0, 2**16))
def test_alpha_agrees_with_the_krippendorff_package(seed: int) -> None:
    generator = np.random.default_rng(seed)
    ratings = generator.integers(0, 2, size=(5, 30)).astype(float)
    ratings[generator.random(ratings.shape) < 0.3] = np.nan
    ratings[:2, :] = generator.integers(0, 2, size=(2, 30))
    n_annotators = (~np.isnan(ratings)).sum(axis=0)
    votes = np.nansum(ratings, axis=0)[:, None]
    expected = krippendorff.alpha(reliability_data=ratings, level_of_measurement="nominal")
    assert alpha_statistic(votes, n_annotators).of(np.ones((1, 30)))[0, 0] == pytest.approx(expected)
