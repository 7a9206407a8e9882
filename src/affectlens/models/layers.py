"""Blocks that several models share. Token 0 is padding: it never changes what a block gives."""

# Shapes: B batch, T tokens, D features.
from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from affectlens.features.text import PADDING_INDEX, UNKNOWN_INDEX


class StateDropout(nn.Module):
    """Dropout for the states of every position, whose mask takes one random byte a value on a CPU.

    That is some five times cheaper than the mask of `nn.Dropout`; the rate is rounded to a 256th, and what is kept is
    scaled by the rounded one.
    """

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate
        self.cut = min(round(256 * rate), 255)

    def forward(self, states: Tensor) -> Tensor:
        """States of any shape, each value 0 with probability `rate` in training, the others larger by as much."""
        if not self.training or self.cut == 0:
            return states
        if states.device.type != "cpu":
            return functional.dropout(states, self.rate, training=True)
        n_values = states.numel()
        drawn = torch.empty((n_values + 7) // 8, dtype=torch.int64).random_(-(2**63), None)
        is_kept = drawn.view(torch.uint8)[:n_values].view(states.shape) >= self.cut
        return states * (is_kept * (256 / (256 - self.cut))).to(states.dtype)


class WordDropout(nn.Module):
    """In training, reads each real token as the unknown one with probability `rate`: no word may carry a text alone."""

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate

    def forward(self, tokens: Tensor) -> Tensor:
        """Token indices (B, T) with some replaced by the unknown token."""
        if not self.training or self.rate == 0.0:
            return tokens
        dropped = (torch.rand(tokens.shape, device=tokens.device) < self.rate) & (tokens != PADDING_INDEX)
        return tokens.masked_fill(dropped, UNKNOWN_INDEX)


class AttentionPooling(nn.Module):
    """Weighted mean of the positions of a text, the weights by one learned direction (Yang et al. 2016, reduced)."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.score = nn.Linear(size, 1, bias=False)

    def weights(self, states: Tensor, is_token: Tensor) -> Tensor:
        """Weight (B, T) of each position, sum 1; 0 where `is_token` (B, T) does not hold."""
        scores = self.score(torch.tanh(states)).squeeze(2).masked_fill(~is_token, float("-inf"))
        return torch.softmax(scores, dim=1)

    def forward(self, states: Tensor, is_token: Tensor) -> Tensor:
        """Pool states (B, T, D) over the positions where `is_token` (B, T) holds, as (B, D)."""
        return torch.einsum("bt,btd->bd", self.weights(states, is_token), states)


def masked_max(states: Tensor, is_token: Tensor) -> Tensor:
    """Largest value over the real positions: states (B, T, D), is_token (B, T) -> (B, D)."""
    return states.masked_fill(~is_token.unsqueeze(2), float("-inf")).amax(dim=1)


def masked_mean(states: Tensor, is_token: Tensor) -> Tensor:
    """Mean over the real positions: states (B, T, D), is_token (B, T) -> (B, D)."""
    weight = is_token.unsqueeze(2).to(states.dtype)
    return (states * weight).sum(dim=1) / weight.sum(dim=1).clamp_min(1.0)
