"""What a logging policy itself does, as its own log tells: the target of another log's estimates."""

from __future__ import annotations

import numpy as np

from affectlens.models.policy.log import PolicyLog


def logged_probabilities(log: PolicyLog, positions: np.ndarray) -> np.ndarray:
    """Probability of each arm under the policy that made a log, at places of the session: (m, A).

    The shares of its own impressions at the place, or of all of them at a place where it has none. Of a policy that
    looks at who asks, or that changed on the way, this is the mean over those whom it met; what it is worth to others
    is then another number.

    Args:
        log: decisions of that policy alone.
        positions: (m,) places that are asked for; NaN is a place of its own.

    >>> shown, three = np.array([0, 1, 1]), np.zeros(3)
    >>> log = PolicyLog(np.empty((3, 0)), shown, three, three, three, three, np.array([1.0, 2.0, 2.0]), ("a", "b"))
    >>> logged_probabilities(log, np.array([2.0, 1.0])).tolist()
    [[0.0, 1.0], [1.0, 0.0]]
    """
    places, place = np.unique(log.positions, return_inverse=True)  # NaN once: numpy takes them for equal
    counts = np.zeros((len(places), len(log.arms)))
    np.add.at(counts, (place, log.actions), 1.0)
    asked = np.minimum(np.searchsorted(places, positions), len(places) - 1)
    is_known = np.isclose(places[asked], positions, equal_nan=True)
    counted = np.where(is_known[:, None], counts[asked], counts.sum(axis=0))
    shares: np.ndarray = counted / counted.sum(axis=1, keepdims=True)
    return shares
