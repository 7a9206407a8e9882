"""Reading the truth: what a topic policy is worth in the contexts that the logs hold."""

from __future__ import annotations

import numpy as np
import pandas as pd

VALUE_COLUMNS = ("expected_rewards", "expected_utilities")


def expected_values(truth: pd.DataFrame, column: str) -> np.ndarray:
    """Expected value of every topic in every logged context, (n, K).

    Args:
        truth: `simulated_truth`.
        column: "expected_rewards" for P(view | context, topic), "expected_utilities" for E[utility | context, topic]
            with 0 where nothing is viewed.

    Raises:
        ValueError: the column is neither.
    """
    if column not in VALUE_COLUMNS:
        raise ValueError(f"column {column!r} holds no expected values; choose one of {VALUE_COLUMNS}")
    values: np.ndarray = np.array(truth[column].tolist(), dtype=np.float64)
    return values


def policy_value(truth: pd.DataFrame, probabilities: np.ndarray, column: str) -> float:
    """True value of a policy over the logged contexts: mean over rows of sum over topics of p(topic) value(topic).

    The contexts stay those of the logs: moods and fatigue that the other policy would have caused do not count. To let
    them count, run `dynamics.simulate` under the policy itself.

    Args:
        truth: `simulated_truth`, n rows.
        probabilities: (n, K) of the policy in each row's context, rows summing to 1.
        column: as in `expected_values`.

    Raises:
        ValueError: shapes differ, or a row does not sum to 1.

    >>> rows = pd.DataFrame({"expected_rewards": [[0.2, 0.4], [0.6, 0.0]]})
    >>> round(policy_value(rows, np.array([[0.5, 0.5], [1.0, 0.0]]), "expected_rewards"), 3)
    0.45
    """
    values = expected_values(truth, column)
    if probabilities.shape != values.shape:
        raise ValueError(f"probabilities have shape {probabilities.shape}, the truth {values.shape}")
    if not np.allclose(probabilities.sum(axis=1), 1.0, atol=1e-6):
        first = int(np.flatnonzero(~np.isclose(probabilities.sum(axis=1), 1.0, atol=1e-6))[0])
        raise ValueError(f"the probabilities of row {first} sum to {probabilities[first].sum():.4f}, not to 1")
    return float((probabilities * values).sum(axis=1).mean())
