"""Recurrent sentence classifiers: on embeddings of their own, or on the frozen table of a pretrained encoder."""

# Shapes: B batch, T tokens, E embedding, S state of one direction, H hidden, C emotions.
from __future__ import annotations

from typing import Literal

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn

from affectlens.features.text import PADDING_INDEX, Language
from affectlens.models.emotion.lexicon_channel import LexiconChannel
from affectlens.models.layers import AttentionPooling, WordDropout, masked_max, masked_mean
from affectlens.params import Params

_SMALLEST_SPREAD = 1e-6


class RecurrentParams(Params):
    """Sizes that every recurrent member has."""

    max_tokens: int = Field(ge=1, description="a longer text is cut")
    state_size: int = Field(ge=1, description="state of one direction")
    hidden_size: int = Field(ge=1, description="length of the emotion code of a text")
    dropout: float = Field(ge=0, lt=1)
    word_dropout: float = Field(ge=0, lt=1)


class TextRecurrentParams(RecurrentParams):
    """Sizes of a `TextRecurrent` that learns its embeddings."""

    kind: Literal["lstm", "gru"]
    language: Language = Field(description="whose tokens")
    embedding_size: int = Field(ge=1)
    neighbourhood: int | None = Field(
        ge=1, description="embeddings start from which tokens stand this near in train texts; null: at random"
    )
    lexicon: bool = Field(description="the hidden layer reads lexicon scores of the text too")


class TableLstmParams(RecurrentParams):
    """Sizes of a `TextRecurrent` on the frozen token table of a pretrained encoder."""

    kind: Literal["table_lstm"]


class FrozenTable(nn.Module):
    """Token vectors that never change, standardised, in half precision.

    As they come from an encoder they are so short that gates would hardly open for the first epochs.
    """

    table: Tensor

    def __init__(self, n_tokens: int, size: int) -> None:
        super().__init__()
        self.register_buffer("table", torch.zeros(n_tokens, size, dtype=torch.float16))

    def take(self, vectors: np.ndarray) -> None:
        """Copy vectors (n_tokens, E) into the table, each of the E numbers in units of its spread over tokens."""
        standard = (vectors - vectors.mean(axis=0)) / np.maximum(vectors.std(axis=0), _SMALLEST_SPREAD)
        self.table.copy_(torch.from_numpy(standard.astype(np.float16)))

    def forward(self, tokens: Tensor) -> Tensor:
        """Vectors (B, T, E) of token indices (B, T)."""
        return self.table[tokens].float()


class TextRecurrent(nn.Module):
    """Two LSTMs or GRUs, one a direction (Graves & Schmidhuber 2005), pooled by attention, maximum and mean.

    The backward one reads each text reversed in place, padding still last: so both directions stop at the text's own
    end without packing, which is slower on a CPU.
    """

    def __init__(
        self,
        params: RecurrentParams,
        embed: nn.Module,
        embedding_size: int,
        n_labels: int,
        cell: str,
        lexicon: LexiconChannel | None = None,
    ) -> None:
        super().__init__()
        self.word_dropout = WordDropout(params.word_dropout)
        self.embed = embed
        recurrent = nn.GRU if cell == "gru" else nn.LSTM
        self.onward = recurrent(embedding_size, params.state_size, batch_first=True)
        self.reversed = recurrent(embedding_size, params.state_size, batch_first=True)
        self.attention = AttentionPooling(2 * params.state_size)
        self.dropout = nn.Dropout(params.dropout)
        self.lexicon = lexicon
        n_pooled = 6 * params.state_size + (0 if lexicon is None else n_labels)
        self.hidden = nn.Linear(n_pooled, params.hidden_size)
        self.head = nn.Linear(params.hidden_size, n_labels)

    def encode(self, tokens: Tensor) -> Tensor:
        """Emotion code (B, H) of token indices (B, T), 0 meaning padding; each text has at least one token."""
        is_token = tokens != PADDING_INDEX
        embedded = self.dropout(self.embed(self.word_dropout(tokens)))  # (B, T, E)
        states = self.dropout(self._states(embedded, is_token))  # (B, T, 2S)
        pooled = [self.attention(states, is_token), masked_max(states, is_token), masked_mean(states, is_token)]
        if self.lexicon is not None:
            pooled.append(self.lexicon(tokens).sum(dim=1))
        return torch.relu(self.hidden(torch.cat(pooled, dim=1)))

    def attend(self, tokens: Tensor) -> Tensor:
        """Weights (B, T) of the attention pooling, sum 1; 0 at padding."""
        is_token = tokens != PADDING_INDEX
        return self.attention.weights(self._states(self.embed(tokens), is_token), is_token)

    def _states(self, embedded: Tensor, is_token: Tensor) -> Tensor:
        mirror = _mirror(is_token)
        reversed_ = embedded.gather(1, mirror.unsqueeze(2).expand_as(embedded))
        onward, _ = self.onward(embedded)
        backward, _ = self.reversed(reversed_)
        backward = backward.gather(1, mirror.unsqueeze(2).expand_as(backward))
        return torch.cat((onward, backward), dim=2)

    def forward(self, tokens: Tensor) -> Tensor:
        """Logits (B, C) of token indices (B, T)."""
        logits: Tensor = self.head(self.dropout(self.encode(tokens)))
        return logits


def text_recurrent(params: TextRecurrentParams, n_tokens: int, n_labels: int) -> TextRecurrent:
    """An LSTM or GRU with embeddings of its own."""
    embed = nn.Embedding(n_tokens, params.embedding_size, padding_idx=PADDING_INDEX)
    nn.init.normal_(embed.weight[1:].data, std=0.1)
    lexicon = LexiconChannel(n_tokens, n_labels) if params.lexicon else None
    return TextRecurrent(params, embed, params.embedding_size, n_labels, params.kind, lexicon)


def table_lstm(params: TableLstmParams, width: int, n_tokens: int, n_labels: int) -> TextRecurrent:
    """An LSTM on a frozen table of token vectors of `width` numbers."""
    return TextRecurrent(params, FrozenTable(n_tokens, width), width, n_labels, "lstm")


def _mirror(is_token: Tensor) -> Tensor:
    """Index (B, T) that reverses the real positions of each row and leaves padding where it is."""
    position = torch.arange(is_token.shape[1], device=is_token.device).expand_as(is_token)
    length = is_token.sum(dim=1, keepdim=True)
    return torch.where(is_token, length - 1 - position, position)
