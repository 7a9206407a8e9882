"""How the text decoder is fitted: texts as batches with their emotion and their content vector."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from affectlens.features.text import (
    PADDING,
    PADDING_INDEX,
    UNKNOWN,
    UNKNOWN_INDEX,
    Vocabulary,
    VocabularyParams,
    padded,
)
from affectlens.models.checkpoint import Checkpoint
from affectlens.models.gan.text_decoder import END_INDEX, START_INDEX, TextDecoder, TextDecoderParams
from affectlens.models.gan.writing import WritingParams, write_texts
from affectlens.params import Params
from affectlens.training.batches import bucketed_order
from affectlens.training.loop import TrainerParams, TrainingParams, fit
from affectlens.training.samples import sampled_rows, text_list
from affectlens.training.state import event_writer

METRIC_NAME = "minus_token_nll"
ARCHITECTURE = "text_decoder"


class TextDecoderMember(Params):
    """The text decoder."""

    model: TextDecoderParams
    condition_dropout: float = Field(ge=0, lt=1, description="share of texts learned without their condition")
    training: TrainingParams


@dataclass(frozen=True)
class DescribedTexts:
    """Texts with what they are to be written from.

    Attributes:
        texts: n texts.
        condition: (n, C + d) emotion and content vector of each.
    """

    texts: Sequence[str]
    condition: np.ndarray


@dataclass
class TextBatch:
    """Token rows (B, T), each opened by the start and closed by the end, and their condition (B, c)."""

    tokens: Tensor
    condition: Tensor

    def to(self, device: torch.device) -> TextBatch:
        """The same batch on a device."""
        return TextBatch(self.tokens.to(device), self.condition.to(device))


class TextEpochs:
    """The batches of one epoch, texts of similar length together, in an order drawn from the generator."""

    def __init__(self, data: DescribedTexts, words: Vocabulary, params: TextDecoderParams, batch_size: int) -> None:
        ids, offsets = words.encode(data.texts)
        closed = np.insert(ids, offsets[1:], END_INDEX)
        rows = padded(closed, offsets + np.arange(len(offsets)), params.max_tokens)
        self._tokens = np.pad(rows, ((0, 0), (1, 0)), constant_values=START_INDEX)
        self._lengths = np.asarray((self._tokens != PADDING_INDEX).sum(axis=1))
        self._condition = torch.from_numpy(np.asarray(data.condition, dtype=np.float32))
        self._batch_size = batch_size

    def __call__(self, generator: np.random.Generator) -> Iterator[TextBatch]:
        """Batches in a fresh order."""
        for rows in bucketed_order(self._lengths, self._batch_size, generator):
            width = int(self._lengths[rows].max())
            tokens = torch.from_numpy(self._tokens[rows, :width].astype(np.int64))
            yield TextBatch(tokens, self._condition[torch.from_numpy(rows)])


class TextLoss:
    """Mean negative log-likelihood (nats) of a token; unknown words are read, but nobody is asked to write them."""

    def __init__(self, condition_dropout: float) -> None:
        self._dropout = condition_dropout

    def __call__(self, model: Any, batch: TextBatch) -> Tensor:
        """The loss of one batch; in training, some texts lose their condition."""
        condition = batch.condition
        if model.training and self._dropout:
            kept = torch.rand(len(condition), 1, device=condition.device) >= self._dropout
            condition = condition * kept
        target = batch.tokens[:, 1:].masked_fill(batch.tokens[:, 1:] == UNKNOWN_INDEX, PADDING_INDEX)
        logits = model(batch.tokens[:, :-1], condition)
        loss: Tensor = cross_entropy(logits.flatten(0, 1), target.flatten(), ignore_index=PADDING_INDEX)
        return loss


def fit_text_decoder(
    member: TextDecoderMember,
    train: DescribedTexts,
    valid: DescribedTexts,
    trainer: TrainerParams,
    writing: WritingParams,
    *,
    seed: int,
    work_dir: Path | None,
) -> tuple[Checkpoint, pd.DataFrame]:
    """Fit the decoder: the weights that best foretell validation texts, and one history row an epoch."""
    model_params = member.model
    counted = VocabularyParams(language="en", min_count=model_params.min_count, max_size=model_params.max_words + 2)
    known = [word for word in Vocabulary.from_texts(train.texts, counted).tokens if not word.startswith("<")]
    words = Vocabulary((PADDING, UNKNOWN, "<start>", "<end>", *known))
    sizes = {
        "n_words": len(words),
        "condition_size": train.condition.shape[1],
        **model_params.model_dump(include={"embedding_size", "hidden_size", "dropout"}),
    }
    epochs, held_out = (TextEpochs(data, words, model_params, member.training.batch_size) for data in (train, valid))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = TextDecoder(**sizes)
        history = fit(
            model, epochs, TextLoss(member.condition_dropout), Likelihood(held_out), member.training, trainer,
            seed=seed, work_dir=work_dir, metric_name=METRIC_NAME,
        )  # fmt: skip
    facts = {"seed": seed, "n_train": len(train.texts), "metric_name": METRIC_NAME}
    facts |= {"words": list(words.tokens), "max_tokens": model_params.max_tokens}
    checkpoint, rows = Checkpoint.of(model, ARCHITECTURE, sizes, **facts), sampled_rows(len(valid.texts))
    asked = valid.condition[rows]
    written = write_texts(checkpoint, asked, asked[:, :0], writing, seed)
    with event_writer(work_dir) as events:
        events({"samples/real_and_written": text_list([valid.texts[row] for row in rows], written)}, len(history))
    return checkpoint, history


class Likelihood:
    """Minus the mean negative log-likelihood of a batch's tokens, mean over the batches of validation texts."""

    def __init__(self, epochs: TextEpochs) -> None:
        self._batches = list(epochs(np.random.default_rng(0)))

    def __call__(self, model: nn.Module) -> float:
        """The metric of a decoder; higher is better."""
        device, loss = next(model.parameters()).device, TextLoss(0.0)
        return -float(np.mean([float(loss(model, batch.to(device))) for batch in self._batches]))
