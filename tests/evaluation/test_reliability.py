from __future__ import annotations

import numpy as np
import pytest

from affectlens.evaluation.calibration import expected_calibration_error
from affectlens.evaluation.reliability import confusion, reliability


def said_and_true(n: int, power: float, seed: int = 3) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(seed)
    probabilities = draw.random((n, 3))
    return (draw.random((n, 3)) < probabilities**power).astype(float), probabilities


def test_the_gaps_of_the_bins_make_the_calibration_error() -> None:
    truth, probabilities = said_and_true(200, 2.0)
    bins = reliability(truth, probabilities, 0, n_resamples=20)
    gap = ((bins["observed"] - bins["stated"]).abs() * bins["n"]).sum() / bins["n"].sum()
    assert gap == pytest.approx(expected_calibration_error(probabilities.ravel(), truth.ravel()))
    assert bins["n"].sum() == truth.size


def test_intervals_of_honest_probabilities_hold_what_was_stated_and_others_do_not() -> None:
    held = []
    for power in (1.0, 3.0):
        bins = reliability(*said_and_true(2000, power), 0, n_bins=5, n_resamples=200)
        held.append(((bins["lower"] <= bins["stated"]) & (bins["stated"] <= bins["upper"])).mean())
    assert held[0] >= 0.8
    assert held[1] <= 0.4


def test_labels_of_one_text_are_drawn_together() -> None:
    truth, probabilities = said_and_true(150, 1.0)
    once = reliability(truth[:, :1], probabilities[:, :1], 0, n_bins=1)
    thrice = reliability(np.repeat(truth[:, :1], 3, axis=1), np.repeat(probabilities[:, :1], 3, axis=1), 0, n_bins=1)
    assert thrice[["lower", "upper"]].to_numpy() == pytest.approx(once[["lower", "upper"]].to_numpy(), abs=1e-6)


@pytest.mark.parametrize(
    ("truth", "probabilities", "told"),
    [(np.zeros((2, 2)), np.zeros((2, 3)), "one shape"), (np.zeros((1, 1)), np.array([[1.2]]), "within")],
)
def test_what_cannot_be_compared_is_refused(truth: np.ndarray, probabilities: np.ndarray, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        reliability(truth, probabilities, 0)


def test_a_label_that_a_text_has_too_is_no_confusion() -> None:
    truth, said = np.array([[1, 1], [1, 0]]), np.array([[1, 1], [1, 1]])
    assert confusion(truth, said).tolist() == [[1.0, 0.5, 0.0], [0.0, 1.0, 0.0]]


def test_a_label_without_texts_has_no_row() -> None:
    assert np.isnan(confusion(np.array([[1, 0]]), np.array([[1, 0]]))[1]).all()
