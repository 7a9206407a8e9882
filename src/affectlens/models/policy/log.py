"""The logged decisions that policies are fitted and judged on, as arrays."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np


@dataclass(frozen=True)
class PolicyLog:
    """n decisions of a logging policy among A arms.

    Attributes:
        contexts: (n, d) what was known when the decision was made, unscaled.
        actions: (n,) index of the arm that was shown, 0..A-1.
        rewards: (n,) 1.0 if the impression was viewed, else 0.0.
        propensities: (n,) probability in (0, 1] with which that arm was chosen.
        units: (n,) session of each decision: the unit of resampling.
        users: (n,) user of each decision: the unit of cross-fitting.
        positions: (n,) place of each decision in its session; NaN where the log has none.
        arms: names of the arms, by index.
    """

    contexts: np.ndarray
    actions: np.ndarray
    rewards: np.ndarray
    propensities: np.ndarray
    units: np.ndarray
    users: np.ndarray
    positions: np.ndarray
    arms: tuple[str, ...]

    def __len__(self) -> int:
        """Number of decisions."""
        return len(self.actions)

    def rows(self, kept: np.ndarray) -> PolicyLog:
        """Some of the decisions: those where `kept` (n,) is true."""
        arrays = {each.name: getattr(self, each.name)[kept] for each in fields(self) if each.name != "arms"}
        return replace(self, **arrays)
