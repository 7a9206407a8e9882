from __future__ import annotations

import numpy as np
import pytest

from affectlens.evaluation.trends import monotone_trend

NARROW = np.array([-3.22, 2.98, -2.48, -0.06, -2.01, 1.09, -0.47, 1.64])  # a variance of nearly nothing
BELOW_ZERO = np.array([0.67, 1.07, -0.31, 1.46, -1.21, 1.34, -0.82, -0.16])


@pytest.mark.parametrize("values", [NARROW, BELOW_ZERO])
def test_few_values_that_happen_to_alternate_prove_no_trend(values: np.ndarray) -> None:
    assert monotone_trend(np.arange(8.0), values)[1] > 0.2


def test_chance_alone_is_called_a_trend_as_often_as_is_said() -> None:
    draw = np.random.default_rng(1)
    p_values = np.array([monotone_trend(np.arange(20.0), draw.normal(size=20))[1] for _ in range(400)])
    assert not np.isnan(p_values).any()
    assert (p_values < 0.05).mean() < 0.08
    assert (p_values < 0.001).sum() <= 3
