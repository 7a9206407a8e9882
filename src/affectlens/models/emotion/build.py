"""The networks of the emotion family by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from affectlens.models.emotion.cnn import TextCnn, TextCnnParams
from affectlens.models.emotion.lstm import TextLstm, TextLstmParams

EmotionNetwork = TextCnn | TextLstm


def build_emotion_model(architecture: str, params: Mapping[str, Any]) -> EmotionNetwork:
    """A freshly initialised network.

    Args:
        architecture: "cnn" or "lstm".
        params: `model` (fields of the architecture's params class), `vocabulary` (tokens), `labels` (names).

    Raises:
        ValueError: the architecture is unknown.
    """
    sizes = {"n_tokens": len(params["vocabulary"]), "n_labels": len(params["labels"])}
    if architecture == "cnn":
        return TextCnn(TextCnnParams.model_validate(params["model"]), **sizes)
    if architecture == "lstm":
        return TextLstm(TextLstmParams.model_validate(params["model"]), **sizes)
    raise ValueError(f"architecture {architecture!r} is unknown; the emotion networks are cnn and lstm")
