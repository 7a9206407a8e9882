from __future__ import annotations

import numpy as np
import pytest

from affectlens.evaluation.estimate import Estimate
from affectlens.evaluation.overlap import Health, health, support_gap_of
from affectlens.evaluation.resampling import Resampling


def _health(**changes: object) -> Health:
    figures = {
        "n": 1000,
        "n_eff": 500.0,
        "max_weight_share": 0.01,
        "mean_weight": Estimate(1.01, 0.97, 1.05, 100),
        "support_gap": 0.0,
    }
    return Health(**(figures | changes))


def test_equal_weights_count_every_row() -> None:
    half = np.full(40, 0.5)
    figures = health(half, half, 0.0, Resampling.of(np.arange(40), seed=0))
    assert (figures.n, figures.n_eff) == (40, pytest.approx(40))
    assert figures.max_weight_share == pytest.approx(1 / 40)
    assert figures.mean_weight.value == 1.0


def test_one_heavy_row_counts_alone() -> None:
    figures = health(np.array([1e-6, 0.9, 0.9]), np.array([0.9, 0.01, 0.01]), 0.0, Resampling.of(np.arange(3), seed=0))
    assert figures.n_eff == pytest.approx(1.0, abs=1e-3)
    assert figures.max_weight_share > 0.999


def test_a_target_that_the_log_never_follows_has_no_effective_rows() -> None:
    figures = health(np.full(3, 0.5), np.zeros(3), 1.0, Resampling.of(np.arange(3), seed=0))
    assert figures.n_eff == 0.0
    assert not figures.is_healthy(min_n_eff=1.0, max_support_gap=1.0)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, True),
        ({"n_eff": 99.0}, False),
        ({"support_gap": 0.02}, False),
        ({"mean_weight": Estimate(0.9, 0.85, 0.95, 100)}, False),
        ({"mean_weight": Estimate(1.2, 1.1, 1.3, 100)}, False),
    ],
)
def test_a_verdict_needs_rows_support_and_a_mean_weight_of_one(changes: dict[str, object], expected: bool) -> None:
    assert _health(**changes).is_healthy(min_n_eff=100.0, max_support_gap=0.01) is expected


def test_the_support_gap_is_the_target_mass_on_arms_that_were_never_shown() -> None:
    target = np.array([[0.2, 0.2, 0.6], [0.5, 0.5, 0.0]])
    assert support_gap_of(np.array([0, 1]), target) == pytest.approx(0.3)
    assert support_gap_of(np.array([2, 1]), target[:, [2, 1, 0]]) == pytest.approx(0.3)
    assert support_gap_of(np.array([0, 1]), np.array([[0.5, 0.5], [0.1, 0.9]])) == 0.0


def test_an_arm_outside_the_target_is_refused() -> None:
    with pytest.raises(ValueError, match="actions are outside"):
        support_gap_of(np.array([3]), np.array([[0.5, 0.5]]))
