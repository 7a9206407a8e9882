"""The fits of one member: with every seed, on train (fold-in), and on train and valid with the settings fixed (refit).

The first seed's fold-in is the member's `checkpoint`; the others travel together as `further`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import pandas as pd

from affectlens.models.checkpoint import Checkpoint

FOLD_IN, REFIT = "fold-in", "refit"
_FURTHER = "further"


@dataclass(frozen=True, eq=False)
class Fit:
    """One fit of one member.

    Attributes:
        checkpoint: the fitted model.
        protocol: FOLD_IN or REFIT.
        seed: of weights and order; the first one for a member without randomness.
    """

    checkpoint: Checkpoint
    protocol: str
    seed: int

    @property
    def member(self) -> str:
        """Name of the member."""
        return self.checkpoint.architecture


def labelled(checkpoint: Checkpoint, protocol: str, seed: int) -> Checkpoint:
    """A checkpoint that knows which fit it is."""
    return replace(checkpoint, metadata={**checkpoint.metadata, "protocol": protocol, "seed": seed})


def further(checkpoints: Iterable[Checkpoint]) -> Checkpoint:
    """All fits of a member but its first, at rest as one."""
    return Checkpoint.holding(_FURTHER, {str(number): each for number, each in enumerate(checkpoints)}, {})


def fits_of(checkpoints: Iterable[Checkpoint]) -> list[Fit]:
    """Every fit in members' checkpoints and what travels beside them."""
    alone: list[Checkpoint] = []
    for each in checkpoints:
        alone += each.parts().values() if each.architecture == _FURTHER else [each]
    return [Fit(each, each.metadata["protocol"], int(each.metadata["seed"])) for each in alone]


def with_valid_in_train(sequences: pd.DataFrame) -> pd.DataFrame:
    """`behaviour_sequences` for a refit: what settings were chosen on is learnt from, too."""
    return sequences.assign(split=sequences["split"].replace({"valid": "train"}))


def same_fit(fits: Iterable[Fit]) -> Mapping[str, Fit]:
    """Fits of a member without randomness by their protocol."""
    return {fit.protocol: fit for fit in fits}
