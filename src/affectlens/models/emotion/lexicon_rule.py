"""The baseline that counts the emotion words of a lexicon."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from affectlens.features.lexicon import lexicon_scores
from affectlens.models.checkpoint import Checkpoint
from affectlens.params import Params


class LexiconRuleParams(Params):
    """The rule has nothing to choose; its cut-offs come from the validation split as those of every member."""

    kind: Literal["lexicon_rule"]


def make_lexicon_rule(names: Sequence[str], taxonomy: str) -> Checkpoint:
    """A checkpoint without weights: the lexicon is part of the package."""
    return Checkpoint("lexicon_rule", {"labels": list(names), "taxonomy": taxonomy}, {})


def lexicon_logits(checkpoint: Checkpoint, texts: Sequence[str]) -> np.ndarray:
    """Lexicon score of each label (n, C); higher means more, calibration turns it into a probability."""
    return np.asarray(lexicon_scores(texts, checkpoint.params["taxonomy"]), dtype=np.float32)
