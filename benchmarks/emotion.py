"""One epoch of the LSTM: batches of similar length against a plain loop padded to the longest text."""

from __future__ import annotations

import numpy as np
import torch

from affectlens.models.emotion.recurrent import TextRecurrent, TextRecurrentParams, text_recurrent
from affectlens.training.batches import TokenRows, emotion_batches
from affectlens.training.losses import multilabel_loss
from benchmarks.timing import in_turns

N_TEXTS, N_TOKENS, N_LABELS, MAX_TOKENS, BATCH_SIZE = 6400, 8000, 28, 48, 64


def texts(seed: int) -> tuple[TokenRows, np.ndarray]:
    """Random token rows with the lengths of short posts (log-normal, median 12 tokens) and random labels."""
    generator = np.random.default_rng(seed)
    lengths = np.clip(generator.lognormal(np.log(12), 0.6, N_TEXTS).astype(np.int64), 1, MAX_TOKENS)
    tokens = generator.integers(2, N_TOKENS, size=(N_TEXTS, MAX_TOKENS), dtype=np.int32)
    tokens[np.arange(MAX_TOKENS) >= lengths[:, None]] = 0
    return TokenRows(tokens, lengths), (generator.random((N_TEXTS, N_LABELS)) < 1 / N_LABELS).astype(np.float32)


def model() -> TextRecurrent:
    """The network that both loops train."""
    torch.manual_seed(0)
    params = TextRecurrentParams(
        kind="lstm",
        embedding_size=96,
        neighbourhood=None,
        state_size=96,
        hidden_size=96,
        dropout=0.3,
        word_dropout=0.1,
        max_tokens=MAX_TOKENS,
    )
    return text_recurrent(params, N_TOKENS, N_LABELS)


def main() -> str:
    """CPU seconds an epoch of both loops, and the share of positions that are padding."""
    rows, labels = texts(0)
    order = np.random.default_rng(1)

    def bucketed() -> None:
        train(emotion_batches(rows, labels, BATCH_SIZE)(order))

    def padded() -> None:
        shuffled = torch.from_numpy(order.permutation(N_TEXTS))
        everything, targets = torch.from_numpy(rows.tokens.astype(np.int64)), torch.from_numpy(labels)
        chunks = shuffled.split(BATCH_SIZE)
        train(type(first)(everything[index], targets[index]) for index in chunks)

    first = next(iter(emotion_batches(rows, labels, BATCH_SIZE)(order)))
    padding = 1 - rows.lengths.sum() / rows.tokens.size
    return f"{in_turns({'bucketed': bucketed, 'padded': padded}, rounds=2)}\npadding of the plain loop: {padding:.0%}"


def train(batches: object) -> None:
    """One epoch of plain gradient steps, the same in both loops."""
    network = model().train()
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-3)
    for batch in batches:  # type: ignore[attr-defined]
        multilabel_loss(network, batch).backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
