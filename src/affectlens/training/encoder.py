"""Fine-tuning of a pretrained encoder: what its frozen layers make of the texts is computed once."""

# Shapes: B batch, T tokens, D width of the encoder, L frozen layers, C emotions.
from __future__ import annotations

import logging
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from affectlens.models.emotion.transformer import TextTransformer
from affectlens.training.batches import TokenRows, bucketed_order
from affectlens.training.loop import Batches

logger = logging.getLogger(__name__)

_FREEZING_BATCH = 64
_SCORING_BATCH = 128


@dataclass
class StateBatch:
    """Texts as the frozen layers left them, and their labels.

    Attributes:
        states: (B, T, D).
        means: (B, (L + 1) * D) mean state after each frozen layer.
        is_token: (B, T).
        labels: (B, C) 0/1.
    """

    states: Tensor
    means: Tensor
    is_token: Tensor
    labels: Tensor

    def to(self, device: torch.device) -> StateBatch:
        """The same batch on a device."""
        return StateBatch(*(part.to(device) for part in (self.states, self.means, self.is_token, self.labels)))


@dataclass(frozen=True)
class FrozenStates:
    """What the frozen layers make of n texts, in half precision and without padding.

    Attributes:
        states: (tokens of all texts, D) float16.
        offsets: (n + 1,) text i owns states[offsets[i]:offsets[i + 1]].
        means: (n, (L + 1) * D) float16.
    """

    states: np.ndarray
    offsets: np.ndarray
    means: np.ndarray

    @classmethod
    def of(cls, model: TextTransformer, rows: TokenRows) -> FrozenStates:
        """Read texts with the frozen part of a model; texts of similar length together."""
        started, n_frozen = time.perf_counter(), model.n_frozen
        width = model.embed.embedding_dim
        offsets = np.concatenate([[0], np.cumsum(rows.lengths)])
        states = np.empty((int(offsets[-1]), width), dtype=np.float16)
        means = np.empty((len(rows.lengths), (n_frozen + 1) * width), dtype=np.float16)
        model.eval()
        with torch.no_grad():
            for index in length_order(rows.lengths, _FREEZING_BATCH):
                read, read_means = model.frozen_states(rows.batch(index))
                is_token = np.arange(read.shape[1]) < rows.lengths[index][:, None]
                states[places(offsets, index)] = read.half().numpy()[is_token]
                means[index] = read_means.half().numpy()
        logger.info("frozen layers: %d texts read in %.1f s", len(means), time.perf_counter() - started)
        return cls(states, offsets, means)

    @property
    def lengths(self) -> np.ndarray:
        """Number of tokens of each text (n,)."""
        return np.diff(self.offsets)

    def batch(self, index: np.ndarray) -> tuple[Tensor, Tensor, Tensor]:
        """States (B, T, D), means and `is_token` of some texts, T the longest of them."""
        lengths = self.lengths[index]
        is_token = np.arange(int(lengths.max())) < lengths[:, None]
        states = np.zeros((*is_token.shape, self.states.shape[1]), dtype=np.float16)
        states[is_token] = self.states[places(self.offsets, index)]
        return (
            torch.from_numpy(states).float(),
            torch.from_numpy(self.means[index]).float(),
            torch.from_numpy(is_token),
        )


def places(offsets: np.ndarray, index: np.ndarray) -> np.ndarray:
    """Rows of the flat array that belong to some texts, one text after the other.

    >>> places(np.array([0, 2, 5]), np.array([1, 0])).tolist()
    [2, 3, 4, 0, 1]
    """
    lengths = offsets[index + 1] - offsets[index]
    begins = np.repeat(offsets[index] - np.concatenate([[0], np.cumsum(lengths)[:-1]]), lengths)
    return np.asarray(begins + np.arange(int(lengths.sum())))


def length_order(lengths: np.ndarray, batch_size: int) -> list[np.ndarray]:
    """All rows in batches of similar length, shortest first."""
    order = np.argsort(lengths, kind="stable")
    return np.split(order, np.arange(batch_size, len(order), batch_size))


def state_batches(frozen: FrozenStates, labels: np.ndarray, batch_size: int) -> Batches:
    """What `fit` reads: one epoch of labelled texts, in an order drawn from the generator that it is handed."""
    targets = torch.from_numpy(np.asarray(labels, dtype=np.float32))

    def one_epoch(generator: np.random.Generator) -> Iterator[StateBatch]:
        for index in bucketed_order(frozen.lengths, batch_size, generator):
            yield StateBatch(*frozen.batch(index), targets[torch.from_numpy(index)])

    return one_epoch


def n_batches(n_rows: int, batch_size: int) -> int:
    """Batches of one epoch as `bucketed_order` makes them."""
    return math.ceil(n_rows / batch_size)


class OfStates(nn.Module):
    """A transformer that begins at the states of its frozen part: what the loop trains."""

    def __init__(self, transformer: TextTransformer) -> None:
        super().__init__()
        self.transformer = transformer

    def forward(self, batch: StateBatch) -> Tensor:
        """Logits (B, C)."""
        logits: Tensor = self.transformer.head(self.transformer.code_of(batch.states, batch.means, batch.is_token))
        return logits


def state_loss(model: nn.Module, batch: StateBatch) -> Tensor:
    """Binary cross-entropy of independent labels, summed over labels and averaged over texts."""
    logits = model(batch)
    return functional.binary_cross_entropy_with_logits(logits, batch.labels, reduction="sum") / len(logits)


def state_logits(model: nn.Module, frozen: FrozenStates) -> np.ndarray:
    """Logits (n, C) of texts; model in eval mode."""
    device = next(model.parameters()).device
    order = length_order(frozen.lengths, _SCORING_BATCH)
    nothing = torch.empty(0)
    with torch.no_grad():
        parts = [model(StateBatch(*frozen.batch(index), nothing).to(device)).float().cpu().numpy() for index in order]
    logits = np.concatenate(parts)
    out = np.empty_like(logits)
    out[np.concatenate(order)] = logits
    return out
