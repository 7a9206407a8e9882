"""The policy that shows every arm equally often."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np

from affectlens.models.checkpoint import Checkpoint
from affectlens.models.policy.log import PolicyLog
from affectlens.params import Params


class UniformParams(Params):
    """Nothing to set."""

    kind: Literal["uniform"]


def uniform_candidates(log: PolicyLog, _: UniformParams) -> Iterator[Checkpoint]:
    """The one uniform policy over the arms of the log."""
    yield Checkpoint("uniform", {"n_arms": len(log.arms)}, {}, {"arms": list(log.arms)})


def uniform_probabilities(checkpoint: Checkpoint, contexts: np.ndarray) -> np.ndarray:
    """Equal probabilities (n, A)."""
    n_arms = int(checkpoint.params["n_arms"])
    return np.full((len(contexts), n_arms), 1.0 / n_arms)
