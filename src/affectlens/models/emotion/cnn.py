"""Convolutional sentence classifier."""

# Shapes: B batch, T tokens, E embedding, F filters, H hidden, C emotions.
from __future__ import annotations

from typing import Literal

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional

from affectlens.features.text import PADDING_INDEX, Language
from affectlens.models.emotion.lexicon_channel import LexiconChannel
from affectlens.models.layers import WordDropout, masked_max
from affectlens.params import Params


class TextCnnParams(Params):
    """Sizes of a `TextCnn`."""

    kind: Literal["cnn"]
    max_tokens: int = Field(ge=1, description="a longer text is cut")
    language: Language = Field(description="whose tokens")
    embedding_size: int = Field(ge=1)
    neighbourhood: int | None = Field(
        ge=1, description="embeddings start from which tokens stand this near in train texts; null: at random"
    )
    lexicon: bool = Field(description="the hidden layer reads lexicon scores of the text too")
    widths: tuple[int, ...] = Field(min_length=1, description="tokens that a filter sees, one group of filters each")
    n_filters: int = Field(ge=1, description="filters a width")
    hidden_size: int = Field(ge=1, description="length of the emotion code of a text")
    dropout: float = Field(ge=0, lt=1)
    word_dropout: float = Field(ge=0, lt=1)


class TextCnn(nn.Module):
    """TextCNN (Kim 2014, arXiv:1408.5882), without its static channel and with a hidden layer before the head."""

    def __init__(self, params: TextCnnParams, n_tokens: int, n_labels: int) -> None:
        super().__init__()
        self.word_dropout = WordDropout(params.word_dropout)
        self.embed = nn.Embedding(n_tokens, params.embedding_size, padding_idx=PADDING_INDEX)
        nn.init.normal_(self.embed.weight[1:].data, std=0.1)
        self.convs = nn.ModuleList(nn.Conv1d(params.embedding_size, params.n_filters, width) for width in params.widths)
        self.dropout = nn.Dropout(params.dropout)
        self.lexicon = LexiconChannel(n_tokens, n_labels) if params.lexicon else None
        n_pooled = params.n_filters * len(params.widths) + (n_labels if params.lexicon else 0)
        self.hidden = nn.Linear(n_pooled, params.hidden_size)
        self.head = nn.Linear(params.hidden_size, n_labels)

    def encode(self, tokens: Tensor) -> Tensor:
        """Emotion code (B, H) of token indices (B, T), 0 meaning padding; each text has at least one token."""
        is_token = tokens != PADDING_INDEX
        embedded = self.dropout(self.embed(self.word_dropout(tokens))).transpose(1, 2)  # (B, E, T)
        pooled = [masked_max(_windows(conv, embedded), is_token) for conv in self.convs]  # each (B, F)
        if self.lexicon is not None:
            pooled.append(self.lexicon(tokens).sum(dim=1))
        return torch.relu(self.hidden(self.dropout(torch.relu(torch.cat(pooled, dim=1)))))

    def forward(self, tokens: Tensor) -> Tensor:
        """Logits (B, C) of token indices (B, T)."""
        logits: Tensor = self.head(self.dropout(self.encode(tokens)))
        return logits


def _windows(conv: nn.Module, embedded: Tensor) -> Tensor:
    """Filters on the window that starts at each token: embedded (B, E, T) -> (B, T, F); zeros follow the text."""
    width = conv.get_parameter("weight").shape[2]
    states: Tensor = conv(functional.pad(embedded, (0, width - 1)))
    return states.transpose(1, 2)
