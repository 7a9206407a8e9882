"""What a lexicon says of a text, read from its tokens inside a network."""

# Shapes: B batch, T tokens, V known tokens, C emotions.
from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from affectlens.features.lexicon import INTENSITY_SCOPE, NEGATION_SCOPE, STRONGER, WEAKER, LexiconTable


class LexiconChannel(nn.Module):
    """What each token adds to the lexicon scores of its text, by the rules of `features.lexicon.lexicon_scores`.

    Nothing in it learns.
    """

    plain: Tensor
    turned: Tensor
    roles: Tensor

    def __init__(self, n_tokens: int, n_labels: int) -> None:
        super().__init__()
        self.register_buffer("plain", torch.zeros(n_tokens, n_labels, dtype=torch.float16))
        self.register_buffer("turned", torch.zeros(n_tokens, n_labels, dtype=torch.float16))
        self.register_buffer("roles", torch.zeros(n_tokens, 4, dtype=torch.bool))

    def take(self, tokens: Sequence[str], taxonomy: str) -> None:
        """Look the tokens of a vocabulary up (V), in their order."""
        table = LexiconTable.of(tokens, taxonomy)
        self.plain.copy_(torch.from_numpy(table.plain))
        self.turned.copy_(torch.from_numpy(table.turned))
        roles = (table.ends_clause, table.negates, table.strengthens, table.weakens)
        self.roles.copy_(torch.stack([torch.from_numpy(role) for role in roles], dim=1))

    def forward(self, tokens: Tensor) -> Tensor:
        """What tokens (B, T) add for each label (B, T, C): 0 unless the lexicon knows the word."""
        ends_clause, negates, strengthens, weakens = self.roles[tokens].unbind(dim=2)
        clause = ends_clause.long().cumsum(dim=1)
        strength = torch.where(_reaches(strengthens, clause, INTENSITY_SCOPE), STRONGER, 1.0)
        strength = strength * torch.where(_reaches(weakens, clause, INTENSITY_SCOPE), WEAKER, 1.0)
        is_negated = _reaches(negates, clause, NEGATION_SCOPE).unsqueeze(2)
        counted = torch.where(is_negated, self.turned[tokens], self.plain[tokens]).float()
        return counted * strength.unsqueeze(2)


def _reaches(is_source: Tensor, clause: Tensor, scope: int) -> Tensor:
    """Whether one of the `scope` tokens before a token, in the same clause, is a source; all (B, T)."""
    sources = functional.pad(torch.where(is_source, clause, -1), (scope, 0), value=-1)
    reached = [sources[:, scope - lag : -lag] == clause for lag in range(1, scope + 1)]
    return torch.stack(reached).sum(dim=0) > 0
