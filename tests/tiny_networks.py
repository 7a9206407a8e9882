"""Networks of the emotion family that are small enough to build in a test."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

import tiny_encoder
from affectlens.models.emotion.build import PRETRAINED, build_emotion_model
from affectlens.models.emotion.image import ClipGru, ImageCnn, build_image_model

SIZES: Mapping[str, Mapping[str, Any]] = {
    "cnn": {"widths": [1, 2, 3], "n_filters": 12},
    "lstm": {"state_size": 8},
    "gru": {"state_size": 8},
    "table_lstm": {"state_size": 8},
    "encoder": {"frozen_layers": 1, "rank": None, "state_dropout": 0.1, "head_dropout": 0.2},
}
LABELS = ["anger", "joy", "neutral"]
N_TOKENS = 30


def params_of(member: str, **changes: Any) -> dict[str, Any]:
    model = {"kind": member, "max_tokens": 12, "hidden_size": 9, "dropout": 0.2, **SIZES[member], **changes}
    if member != "encoder":
        model = {"word_dropout": 0.1, **model}
    if member not in PRETRAINED:
        model |= {"embedding_size": 10, "neighbourhood": None, "lexicon": True, "language": "en"}
    facts = {"model": model, "vocabulary": [f"w{index}" for index in range(N_TOKENS)], "labels": LABELS}
    return {**facts, "encoder": tiny_encoder.SIZES, "is_lower": True}


def without_dropout(member: str) -> dict[str, float]:
    names = ("dropout", "state_dropout", "head_dropout") if member == "encoder" else ("dropout", "word_dropout")
    return dict.fromkeys(names, 0.0)


def network(member: str, seed: int = 3, **changes: Any) -> nn.Module:
    torch.manual_seed(seed)
    model = build_emotion_model(member, params_of(member, **changes))
    if member == "table_lstm":
        model.embed.take(np.random.default_rng(seed).normal(size=(N_TOKENS, tiny_encoder.SIZES["hidden_size"])))
    return model


def some_tokens(n: int = 8, length: int = 6) -> Tensor:
    tokens = torch.from_numpy(np.random.default_rng(5).integers(1, N_TOKENS, size=(n, length)))
    for row in range(n):
        tokens[row, length - row % 3 :] = 0
    return tokens


IMAGE_FACTS = {
    "image": {"channels": [8, 16], "hidden_size": 6, "dropout": 0.2},
    "clip": {"state_size": 5, "dropout": 0.2},
    "labels": LABELS,
}


def image_network(architecture: str) -> ImageCnn | ClipGru:
    torch.manual_seed(3)
    return build_image_model(architecture, IMAGE_FACTS).eval()


def some_pictures(*shape: int) -> Tensor:
    return torch.rand(*shape, 3, 32, 32, generator=torch.Generator().manual_seed(5))
