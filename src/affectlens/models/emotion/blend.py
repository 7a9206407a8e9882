"""Several members heard as one: their calibrated log-odds, added up with weights."""

# Shapes: M members, n texts, C labels.
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from affectlens.models.checkpoint import Checkpoint

BLEND = "blend"


@dataclass(frozen=True)
class Blend:
    """Weights of members, and the scaling that makes their scores comparable.

    Attributes:
        slopes: (M, C) factor of each member's raw score of each label.
        intercepts: (M, C) summand.
        weights: (M,) not negative, sum 1.
    """

    slopes: np.ndarray
    intercepts: np.ndarray
    weights: np.ndarray

    def __call__(self, scores: np.ndarray) -> np.ndarray:
        """Log-odds (n, C) of raw scores (M, n, C).

        >>> blend = Blend(np.ones((2, 1)), np.array([[0.0], [1.0]]), np.array([0.75, 0.25]))
        >>> blend(np.array([[[2.0]], [[-3.0]]])).tolist()      # 0.75 * 2 + 0.25 * (-3 + 1)
        [[1.0]]
        """
        scaled = scores * self.slopes[:, None] + self.intercepts[:, None]
        return np.asarray(np.tensordot(self.weights, scaled, axes=1))

    def without_silent(self, smallest_weight: float) -> tuple[Blend, list[int]]:
        """The blend of the members that are heard, and which those are; the loudest always is one of them."""
        kept = [
            place for place, weight in enumerate(self.weights) if weight >= min(smallest_weight, self.weights.max())
        ]
        weights = self.weights[kept] / self.weights[kept].sum()
        return Blend(self.slopes[kept], self.intercepts[kept], weights), kept

    def checkpoint(self, members: Sequence[Checkpoint]) -> Checkpoint:
        """The blend and its members as one checkpoint."""
        first = members[0].params
        facts = {
            "labels": list(first["labels"]),
            "taxonomy": first["taxonomy"],
            "members": [{"architecture": each.architecture, "params": dict(each.params)} for each in members],
        }
        weights = {"blend/slopes": self.slopes, "blend/intercepts": self.intercepts, "blend/weights": self.weights}
        for each in members:
            weights |= {f"{each.architecture}/{name}": array for name, array in each.weights.items()}
        return Checkpoint(BLEND, facts, weights)


def members_of(checkpoint: Checkpoint) -> tuple[Blend, list[Checkpoint]]:
    """Inverse of `Blend.checkpoint`."""
    weights = checkpoint.weights
    blend = Blend(weights["blend/slopes"], weights["blend/intercepts"], weights["blend/weights"])
    members = []
    for facts in checkpoint.params["members"]:
        beginning = f"{facts['architecture']}/"
        own = {name.removeprefix(beginning): array for name, array in weights.items() if name.startswith(beginning)}
        members.append(Checkpoint(facts["architecture"], facts["params"], own))
    return blend, members
