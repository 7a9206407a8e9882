"""From content vectors to texts that a person can read."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from pydantic import Field

from affectlens.models.checkpoint import Checkpoint
from affectlens.models.gan.text_decoder import END_INDEX, N_RESERVED, TextDecoder
from affectlens.params import Params

_ROWS_AT_ONCE = 512
_NO_SPACE_BEFORE = re.compile(r" (?=[.,;:!?%)\]]|\.\.)")
_NO_SPACE_AFTER = re.compile(r"(?<=[(\[#@]) ")


class WritingParams(Params):
    """How texts are drawn."""

    nucleus: float = Field(gt=0, le=1, description="share of probability that the words which may be drawn hold")
    guidance: float = Field(ge=0, description="1 follows the decoder, more leans towards the condition")


def build_text_decoder(architecture: str, params: Mapping[str, Any]) -> TextDecoder:
    """A text decoder with fresh weights.

    Raises:
        ValueError: the architecture is another.
    """
    if architecture != "text_decoder":
        raise ValueError(f"checkpoint of {architecture!r}, expected 'text_decoder'")
    return TextDecoder(**params)


def write_texts(
    checkpoint: Checkpoint, emotion: np.ndarray, vectors: np.ndarray, params: WritingParams, seed: int
) -> list[str]:
    """One text for each emotion (n, C) and content vector (n, d); the same seed writes the same texts.

    Raises:
        ValueError: emotion and vector together do not have the width that the decoder learned from.
    """
    model = checkpoint.restore(build_text_decoder)
    condition = np.concatenate([emotion, vectors], axis=1).astype(np.float32)
    if condition.shape[1] != model.condition_size:
        raise ValueError(
            f"emotion and vector have {condition.shape[1]} numbers together, this decoder expects "
            f"{model.condition_size}; pass the emotion model and the content space that it was trained with"
        )
    max_tokens = int(checkpoint.metadata["max_tokens"])
    uniform = np.random.default_rng(seed).random((len(condition), max_tokens), dtype=np.float32)
    rows: list[list[int]] = []
    for start in range(0, len(condition), _ROWS_AT_ONCE):
        part, draws = (torch.from_numpy(each[start : start + _ROWS_AT_ONCE]) for each in (condition, uniform))
        rows += model.write(part, max_tokens, params.nucleus, params.guidance, draws).tolist()
    words = checkpoint.metadata["words"]
    return [joined([words[index] for index in row if index >= N_RESERVED and index != END_INDEX]) for row in rows]


def joined(words: Sequence[str]) -> str:
    """Tokens as a text, punctuation close to the word that it belongs to.

    >>> joined(["so", "happy", "!!", "#", "joy", ",", "really", "."])
    'so happy!! #joy, really.'
    """
    return _NO_SPACE_AFTER.sub("", _NO_SPACE_BEFORE.sub("", " ".join(words)))
