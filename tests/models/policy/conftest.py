from __future__ import annotations

import numpy as np
import pytest

from affectlens.models.policy import PolicyLog


@pytest.fixture
def log() -> PolicyLog:
    """A log in which arm 0 earns where the context is positive, arm 1 where it is negative, arm 2 never."""
    generator = np.random.default_rng(0)
    contexts = np.column_stack([generator.normal(size=900), np.full(900, 3.0)])
    actions = generator.integers(0, 3, size=900)
    sign = np.array([1.0, -1.0, 0.0])[actions] * contexts[:, 0]
    rewards = ((sign > 0) & (actions < 2)).astype(float)
    users = np.repeat(np.arange(90), 10)
    return PolicyLog(
        contexts, actions, rewards, np.full(900, 1 / 3), users, users, np.ones(900), ("up", "down", "never")
    )
