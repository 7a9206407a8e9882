"""Recurrent sentence classifier."""

# Shapes: B batch, T tokens, E embedding, S state of one direction, H hidden, C emotions.
from __future__ import annotations

from typing import Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from affectlens.features.text import PADDING_INDEX
from affectlens.models.layers import AttentionPooling, WordDropout, masked_max, masked_mean
from affectlens.params import Params


class TextLstmParams(Params):
    """Sizes of a `TextLstm`."""

    kind: Literal["lstm"]
    max_tokens: int = Field(ge=1, description="a longer text is cut")
    embedding_size: int = Field(ge=1)
    state_size: int = Field(ge=1, description="state of one direction")
    hidden_size: int = Field(ge=1, description="length of the emotion code of a text")
    dropout: float = Field(ge=0, lt=1)
    word_dropout: float = Field(ge=0, lt=1)


class TextLstm(nn.Module):
    """Two LSTMs, one a direction (Graves & Schmidhuber 2005), pooled by attention, maximum and mean.

    The backward LSTM reads each text reversed in place, padding still last: so both directions stop at the text's own
    end without packing, which is slower on a CPU.
    """

    def __init__(self, params: TextLstmParams, n_tokens: int, n_labels: int) -> None:
        super().__init__()
        self.word_dropout = WordDropout(params.word_dropout)
        self.embed = nn.Embedding(n_tokens, params.embedding_size, padding_idx=PADDING_INDEX)
        nn.init.normal_(self.embed.weight[1:].data, std=0.1)
        self.onward = nn.LSTM(params.embedding_size, params.state_size, batch_first=True)
        self.reversed = nn.LSTM(params.embedding_size, params.state_size, batch_first=True)
        self.attention = AttentionPooling(2 * params.state_size)
        self.dropout = nn.Dropout(params.dropout)
        self.hidden = nn.Linear(6 * params.state_size, params.hidden_size)
        self.head = nn.Linear(params.hidden_size, n_labels)

    def encode(self, tokens: Tensor) -> Tensor:
        """Emotion code (B, H) of token indices (B, T), 0 meaning padding; each text has at least one token."""
        is_token = tokens != PADDING_INDEX
        embedded = self.dropout(self.embed(self.word_dropout(tokens)))  # (B, T, E)
        states = self.dropout(self._states(embedded, is_token))  # (B, T, 2S)
        pooled = (self.attention(states, is_token), masked_max(states, is_token), masked_mean(states, is_token))
        return torch.relu(self.hidden(torch.cat(pooled, dim=1)))

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


def _mirror(is_token: Tensor) -> Tensor:
    """Index (B, T) that reverses the real positions of each row and leaves padding where it is."""
    position = torch.arange(is_token.shape[1], device=is_token.device).expand_as(is_token)
    length = is_token.sum(dim=1, keepdim=True)
    return torch.where(is_token, length - 1 - position, position)
