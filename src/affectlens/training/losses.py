"""Losses that several tasks share."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from affectlens.training.batches import EmotionBatch


def multilabel_loss(model: nn.Module, batch: EmotionBatch) -> Tensor:
    """Binary cross-entropy of independent labels, summed over labels and averaged over texts.

    Plain, unweighted: its scores stay near calibrated, and what weights for rare labels would gain, thresholds gain.
    """
    logits = model(batch.tokens)
    return functional.binary_cross_entropy_with_logits(logits, batch.labels, reduction="sum") / len(logits)
