"""The networks of the emotion family by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from affectlens.features.text import Vocabulary
from affectlens.features.word_pieces import WordPieces
from affectlens.models.emotion.cnn import TextCnn, TextCnnParams
from affectlens.models.emotion.pretrained import EncoderSizes
from affectlens.models.emotion.recurrent import (
    TableLstmParams,
    TextRecurrent,
    TextRecurrentParams,
    table_lstm,
    text_recurrent,
)
from affectlens.models.emotion.transformer import TextTransformer, TransformerParams

EmotionNetwork = TextCnn | TextRecurrent | TextTransformer
FROM_SCRATCH = ("cnn", "lstm", "gru")
PRETRAINED = ("table_lstm", "encoder")
NETWORKS = (*FROM_SCRATCH, *PRETRAINED)


def build_emotion_model(architecture: str, params: Mapping[str, Any]) -> EmotionNetwork:
    """A freshly initialised network.

    Args:
        architecture: one of `NETWORKS`.
        params: `model` (fields of the architecture's params class), `vocabulary` (tokens), `labels` (names); for a
            pretrained one also `encoder` (its sizes), `is_lower` and, where typing errors are repaired, `words` (of
            training texts).

    Raises:
        ValueError: the architecture is unknown.
    """
    model, n_tokens, n_labels = params["model"], len(params["vocabulary"]), len(params["labels"])
    if architecture == "cnn":
        return TextCnn(TextCnnParams.model_validate(model), n_tokens, n_labels)
    if architecture in ("lstm", "gru"):
        return text_recurrent(TextRecurrentParams.model_validate(model), n_tokens, n_labels)
    if architecture == "table_lstm":
        width = EncoderSizes.model_validate(params["encoder"]).hidden_size
        return table_lstm(TableLstmParams.model_validate(model), width, n_tokens, n_labels)
    if architecture == "encoder":
        sizes = EncoderSizes.model_validate(params["encoder"])
        return TextTransformer(TransformerParams.model_validate(model), sizes, n_tokens, n_labels)
    raise ValueError(f"architecture {architecture!r} is unknown; the emotion networks are {', '.join(NETWORKS)}")


def reader_of(architecture: str, params: Mapping[str, Any]) -> Vocabulary | WordPieces:
    """What turns texts into the tokens that a network reads."""
    tokens = tuple(params["vocabulary"])
    if architecture in PRETRAINED:
        words = tuple(params.get("words", ()))  # an older checkpoint reads texts as it always did
        return WordPieces(tokens, bool(params["is_lower"]), int(params["model"]["max_tokens"]), words)
    return Vocabulary(tokens, str(params["model"]["language"]))
