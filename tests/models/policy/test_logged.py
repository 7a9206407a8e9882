from __future__ import annotations

import numpy as np
import pytest

from affectlens.models.policy import PolicyLog
from affectlens.models.policy.logged import logged_probabilities


def _log(positions: list[float], actions: list[int]) -> PolicyLog:
    n = len(actions)
    nothing = np.zeros(n)
    return PolicyLog(
        np.empty((n, 0)), np.array(actions), nothing, nothing + 0.5, nothing, nothing, np.array(positions), ("a", "b")
    )


def test_each_place_has_its_own_shares() -> None:
    log = _log([1, 1, 1, 1, 3, 3], [0, 0, 0, 1, 1, 0])
    assert logged_probabilities(log, np.array([3.0, 1.0, 3.0])).tolist() == [[0.5, 0.5], [0.75, 0.25], [0.5, 0.5]]


def test_a_log_without_places_is_one_place() -> None:
    log = _log([np.nan, np.nan, np.nan, np.nan], [0, 1, 1, 1])
    assert logged_probabilities(log, np.array([np.nan])).tolist() == [[0.25, 0.75]]


@pytest.mark.parametrize("asked", [0.0, 2.0, 9.0, np.nan])
def test_at_a_place_that_the_log_lacks_all_its_impressions_count(asked: float) -> None:
    log = _log([1, 3, 3, 3], [0, 1, 1, 0])
    assert logged_probabilities(log, np.array([1.0, asked])).tolist() == [[1.0, 0.0], [0.5, 0.5]]
