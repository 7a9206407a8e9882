"""Texts as batches of tokens, texts of similar length together."""

# Shapes: B batch, T tokens, C emotions.
from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from affectlens.features.text import UNKNOWN_INDEX, Vocabulary, padded
from affectlens.features.word_pieces import WordPieces
from affectlens.training.loop import Batches

_BATCHES_SORTED_TOGETHER = 50


@dataclass
class EmotionBatch:
    """Texts and their labels.

    Attributes:
        tokens: (B, T) indices, 0 meaning padding.
        labels: (B, C) 0/1.
    """

    tokens: Tensor
    labels: Tensor

    def to(self, device: torch.device) -> EmotionBatch:
        """The same batch on a device."""
        return EmotionBatch(self.tokens.to(device), self.labels.to(device))


@dataclass(frozen=True)
class TokenRows:
    """Texts as rows of token indices, padded and cut once.

    Attributes:
        tokens: (n, T) int32, 0 meaning padding; each row has at least one token.
        lengths: (n,) number of tokens.
    """

    tokens: np.ndarray
    lengths: np.ndarray

    @classmethod
    def of(cls, texts: Sequence[str], vocabulary: Vocabulary | WordPieces, max_tokens: int) -> TokenRows:
        """Encode texts; a text of which nothing is left is one unknown token."""
        ids, offsets = vocabulary.encode(texts)
        tokens = padded(ids, offsets, max_tokens)
        if tokens.shape[1] == 0:
            tokens = np.zeros((len(texts), 1), dtype=np.int32)
        lengths = np.minimum(np.diff(offsets), max_tokens)
        tokens[lengths == 0, 0] = UNKNOWN_INDEX
        return cls(tokens, np.maximum(lengths, 1))

    def batch(self, rows: np.ndarray) -> Tensor:
        """Tokens (B, T) of some rows, no wider than the longest of them."""
        return torch.from_numpy(self.tokens[rows, : int(self.lengths[rows].max())].astype(np.int64))


def bucketed_order(lengths: np.ndarray, batch_size: int, generator: np.random.Generator) -> list[np.ndarray]:
    """Rows in random batches of similar length: sorted within stretches of many batches, then the batches shuffled.

    Args:
        lengths: (n,) number of tokens of each row.
        batch_size: rows a batch; the last ones may be smaller.
        generator: draws the order.
    """
    order = generator.permutation(len(lengths))
    stretch = batch_size * _BATCHES_SORTED_TOGETHER
    batches: list[np.ndarray] = []
    for start in range(0, len(order), stretch):
        rows = order[start : start + stretch]
        rows = rows[np.argsort(lengths[rows], kind="stable")]
        batches += np.split(rows, np.arange(batch_size, len(rows), batch_size))
    return [batches[index] for index in generator.permutation(len(batches))]


def emotion_batches(rows: TokenRows, labels: np.ndarray, batch_size: int) -> Batches:
    """What `fit` reads: one epoch of labelled texts, in an order drawn from the generator that it is handed."""
    targets = torch.from_numpy(np.asarray(labels, dtype=np.float32))

    def one_epoch(generator: np.random.Generator) -> Iterator[EmotionBatch]:
        for index in bucketed_order(rows.lengths, batch_size, generator):
            yield EmotionBatch(rows.batch(index), targets[torch.from_numpy(index)])

    return one_epoch


def network_outputs(model: nn.Module, rows: TokenRows, batch_size: int) -> tuple[np.ndarray, np.ndarray]:
    """Logits (n, C) and emotion codes (n, H) of texts, batch after batch, shortest texts first; model in eval mode."""
    device = next(model.parameters()).device
    order = np.argsort(rows.lengths, kind="stable")
    logits, hidden = [], []
    with torch.no_grad():
        for index in np.split(order, np.arange(batch_size, len(order), batch_size)):
            code = model.encode(rows.batch(index).to(device))  # type: ignore[operator]
            hidden.append(code.cpu().numpy())
            logits.append(model.head(code).cpu().numpy())  # type: ignore[operator]
    back = np.argsort(order, kind="stable")
    return np.concatenate(logits)[back], np.concatenate(hidden)[back]
