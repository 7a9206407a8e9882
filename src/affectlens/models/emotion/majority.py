"""The baseline that knows how frequent each label is, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from affectlens.models.checkpoint import Checkpoint
from affectlens.params import Params


class MajorityParams(Params):
    """The baseline has nothing to choose."""

    kind: Literal["majority"]


def fit_majority(labels: np.ndarray, names: Sequence[str], taxonomy: str) -> Checkpoint:
    """Log-odds of each label among training texts.

    Args:
        labels: (n, C) 0/1 labels of the training texts.
        names: C label names.
        taxonomy: their taxonomy.
    """
    share = (labels.sum(axis=0) + 0.5) / (len(labels) + 1.0)
    weights = {"log_odds": np.log(share / (1.0 - share)).astype(np.float32)}
    return Checkpoint("majority", {"labels": list(names), "taxonomy": taxonomy}, weights)


def majority_logits(checkpoint: Checkpoint, texts: Sequence[str]) -> np.ndarray:
    """The same logits (n, C) for every text."""
    return np.tile(checkpoint.weights["log_odds"], (len(texts), 1))
