"""What a user does with what is shown: what is known of the user against what is known of the item, block by block.

Source: the field-aware products of Juan et al. 2016, "Field-aware Factorization Machines for CTR Prediction", with
whole blocks of numbers as fields; all outcomes share the blocks (Caruana 1997, "Multitask Learning").
"""

# Shapes: B rows, J pairs of blocks, d_u and d_i their widths, R rank, T outcomes.
from __future__ import annotations

from collections.abc import Sequence

import torch
from pydantic import Field
from torch import Tensor, nn

from affectlens.params import Params


class TwoTowerParams(Params):
    """Size of the model."""

    rank: int = Field(ge=1, description="R, of the products of each pair of blocks")
    dropout: float = Field(ge=0, lt=1, description="share of products hidden in training")


class TwoTower(nn.Module):
    """logit_t = a_t + b_t + sum over pairs j of <u_j, p_jt> + <i_j, q_jt> + <U_j u_j * V_j i_j, w_jt>.

    a_t is the usual log-odds of the outcome, given and not learnt: a fit then starts where knowing nothing ends, and a
    block of plain numbers cannot look useful by standing in for a constant that is learnt slowly. `start_from` begins
    where a regression ends.
    """

    usual: Tensor

    def __init__(self, params: TwoTowerParams, widths: Sequence[tuple[int, int]], n_outcomes: int) -> None:
        super().__init__()
        rank = params.rank
        self.of_user = nn.ModuleList([nn.Linear(user, rank, bias=False) for user, _ in widths])
        self.of_item = nn.ModuleList([nn.Linear(item, rank, bias=False) for _, item in widths])
        self.user_alone = nn.ModuleList([nn.Linear(user, n_outcomes, bias=False) for user, _ in widths])
        self.item_alone = nn.ModuleList([nn.Linear(item, n_outcomes, bias=False) for _, item in widths])
        self.together = nn.ModuleList([nn.Linear(rank, n_outcomes, bias=False) for _ in widths])
        self.bias = nn.Parameter(torch.zeros(n_outcomes))
        self.register_buffer("usual", torch.zeros(n_outcomes))
        self.drop = nn.Dropout(params.dropout)
        for alone in (*self.user_alone, *self.item_alone):
            nn.init.zeros_(alone.weight)

    @torch.no_grad()
    def start_from(self, weight: Tensor, constant: Tensor) -> None:
        """Begin as log-odds that are linear, weight (T, d_u) and constant (T,), in the first block of users."""
        for part in (*self.user_alone, *self.together):
            nn.init.zeros_(part.weight)
        next(self.user_alone[0].parameters()).copy_(weight)
        self.usual.copy_(constant)

    def forward(self, users: Sequence[Tensor], items: Sequence[Tensor]) -> Tensor:
        """Blocks of users, each (B, d_u), and of items, each (B, d_i), to logits (B, T)."""
        logits = self.usual + self.bias
        towers = zip(self.of_user, self.of_item, self.user_alone, self.item_alone, self.together, strict=True)
        for (of_user, of_item, user_alone, item_alone, together), user, item in zip(towers, users, items, strict=True):
            product = self.drop(of_user(user) * of_item(item))  # (B, R)
            logits = logits + user_alone(user) + item_alone(item) + together(product)
        return logits
