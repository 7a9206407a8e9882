"""Blocks that several models share. Token 0 is padding: it never changes what a block gives."""

# Shapes: B batch, T tokens, D features.
from __future__ import annotations

import torch
from torch import Tensor, nn

from affectlens.features.text import PADDING_INDEX, UNKNOWN_INDEX


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
