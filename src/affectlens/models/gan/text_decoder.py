"""A decoder of content vectors into words."""

from __future__ import annotations

import torch
from pydantic import Field
from torch import Tensor, nn

from affectlens.features.text import PADDING_INDEX, UNKNOWN_INDEX
from affectlens.params import Params

START_INDEX, END_INDEX = 2, 3
N_RESERVED = 4


class TextDecoderParams(Params):
    """Sizes of the text decoder."""

    max_tokens: int = Field(ge=2, description="longest text that is learned and written; its end counts as a token")
    min_count: int = Field(ge=1, description="training texts in which a word has to stand to be written")
    max_words: int = Field(ge=1, description="most words that it can write")
    embedding_size: int = Field(ge=1)
    hidden_size: int = Field(ge=1)
    dropout: float = Field(ge=0, lt=1)


# Shapes: B texts, T tokens, V words, c condition size, E embedding, H hidden.
class TextDecoder(nn.Module):
    """Recurrent language model with a condition (Mikolov & Zweig 2012) that is fed in at every token.

    Departs from it in gated units, in the condition also setting the first state, and in output words that share the
    vectors of input words (Press & Wolf 2017, arXiv:1608.05859).
    """

    def __init__(
        self, n_words: int, condition_size: int, embedding_size: int, hidden_size: int, dropout: float
    ) -> None:
        super().__init__()
        self.condition_size = condition_size
        self.embed = nn.Embedding(n_words, embedding_size, padding_idx=PADDING_INDEX)
        nn.init.normal_(self.embed.weight[1:].data, std=embedding_size**-0.5)
        self.condition = nn.Sequential(nn.Linear(condition_size, hidden_size), nn.Tanh())
        self.recur = nn.GRU(embedding_size + hidden_size, hidden_size, batch_first=True)
        self.project = nn.Linear(hidden_size, embedding_size)
        self.dropout = nn.Dropout(dropout)
        self.bias = nn.Parameter(torch.zeros(n_words))

    def forward(self, tokens: Tensor, condition: Tensor) -> Tensor:
        """Logits (B, T, V) of the token after each of tokens (B, T), the first being the start, given (B, c)."""
        logits, _ = self.step(tokens, condition, None)
        return logits

    def step(self, tokens: Tensor, condition: Tensor, state: Tensor | None) -> tuple[Tensor, Tensor]:
        """Logits (B, T, V) and the state (1, B, H) after the last of tokens (B, T); no state is the beginning."""
        known = self.condition(condition)  # (B, H)
        given = self.dropout(self.embed(tokens))  # (B, T, E)
        given = torch.cat([given, known[:, None].expand(-1, given.shape[1], -1)], dim=2)
        hidden, state = self.recur(given, known[None] if state is None else state)
        logits: Tensor = self.project(self.dropout(hidden)) @ self.embed.weight.T + self.bias
        return logits, state

    @torch.no_grad()
    def write(self, condition: Tensor, max_tokens: int, nucleus: float, guidance: float, uniform: Tensor) -> Tensor:
        """Sampled tokens (B, max_tokens), 0 after the end.

        Args:
            condition: (B, c).
            max_tokens: longest text.
            nucleus: share of probability that the likeliest words, which alone are drawn from, hold together (Holtzman
                et al. 2020, arXiv:1904.09751).
            guidance: 1 follows the model; more leans away from what it would write without a condition (Ho & Salimans
                2022, arXiv:2207.12598).
            uniform: (B, max_tokens) numbers in [0, 1) that decide each word.
        """
        n = len(condition)
        both = torch.cat([condition, torch.zeros_like(condition)])
        last = torch.full((2 * n, 1), START_INDEX)
        written = torch.zeros((n, max_tokens), dtype=torch.int64)
        is_open, state = torch.ones(n, dtype=torch.bool), None
        for place in range(max_tokens):
            logits, state = self.step(last, both, state)
            with_, without = logits[:n, 0], logits[n:, 0]
            chosen = _drawn(without + guidance * (with_ - without), nucleus, uniform[:, place])
            written[:, place] = torch.where(is_open, chosen, PADDING_INDEX)
            is_open &= chosen != END_INDEX
            last = torch.cat([chosen, chosen])[:, None]
            if not is_open.any():
                break
        return written


def _drawn(logits: Tensor, nucleus: float, uniform: Tensor) -> Tensor:
    """One word (B,) of each row of logits (B, V) from its nucleus, met by a uniform number (B,)."""
    logits = logits.clone()
    logits[:, [PADDING_INDEX, UNKNOWN_INDEX, START_INDEX]] = float("-inf")
    probability, order = logits.softmax(dim=1).sort(dim=1, descending=True)
    before = probability.cumsum(dim=1) - probability
    kept = torch.where(before < nucleus, probability, 0.0)
    reached = kept.cumsum(dim=1) / kept.sum(dim=1, keepdim=True)
    place = (reached <= uniform[:, None]).sum(dim=1, keepdim=True).clamp(max=logits.shape[1] - 1)
    place = torch.minimum(place, (before < nucleus).sum(dim=1, keepdim=True) - 1)
    return order.gather(1, place).squeeze(1)
