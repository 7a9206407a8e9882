"""What answers rest on: attributions of texts and pictures, and how faithful they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from affectlens.evaluation.estimate import mean_estimate, paired_difference
from affectlens.evaluation.faithfulness import comprehensiveness, sufficiency
from affectlens.features.text import PADDING_INDEX, TOKENISERS, UNKNOWN, UNKNOWN_INDEX, Vocabulary
from affectlens.features.word_pieces import WordPieces
from affectlens.models.checkpoint import Checkpoint
from affectlens.models.emotion.attribution import (
    Attributed,
    attention_weights,
    attribute_regions,
    attribute_tokens,
    region_probabilities,
    token_probabilities,
)
from affectlens.models.emotion.build import NETWORKS, build_emotion_model, reader_of
from affectlens.models.emotion.image import ImageCnn, build_image_model
from affectlens.pipelines.emotion_training.scoring import Setting, difference_rows, joined
from affectlens.training.batches import TokenRows
from affectlens.training.emotion import score_texts
from affectlens.training.emotion_media import Pictures, as_input, score_pictures

GRADIENTS = "integrated gradients"
_FRAME = ("[CLS]", "[SEP]")  # word pieces that frame a text


@dataclass(frozen=True)
class Explained:
    """Rows with the answer that is explained, and the rival rankings of their parts.

    Attributes:
        attributed: by integrated gradients.
        labels: (n,) position of the explained emotion.
        is_part: (n, T) False for padding.
        rankings: name -> (n, T), integrated gradients first.
        without: hidden parts (n, T) -> probability (n,) of the explained emotion.
    """

    attributed: Attributed
    labels: np.ndarray
    is_part: np.ndarray
    rankings: Mapping[str, np.ndarray]
    without: Callable[[np.ndarray], np.ndarray]


def explainable(model: Checkpoint, members: Sequence[Checkpoint]) -> Checkpoint | None:
    """The chosen model if it is a network, else the best network of the run; None without any."""
    networks = [each for each in members if each.architecture in NETWORKS]
    if model.architecture in NETWORKS:
        return model
    return max(networks, key=lambda one: float(one.metadata["valid_metric"]), default=None)


def explain_tokens(checkpoint: Checkpoint, texts: Sequence[str], seed: int) -> Explained:
    """Why a network names the emotion that it holds for likeliest in each text."""
    network = checkpoint.restore(build_emotion_model)
    reader = reader_of(checkpoint.architecture, checkpoint.params)
    tokens = TokenRows.of(texts, reader, checkpoint.params["model"]["max_tokens"]).tokens
    labels = score_texts(checkpoint, texts)[0].argmax(axis=1)
    unknown, silent = _reserved(reader)
    is_part = ~np.isin(tokens, silent)
    neutral = np.where(is_part, unknown, tokens)
    attributed = attribute_tokens(network, tokens, neutral, labels)
    rankings = {GRADIENTS: attributed.values}
    attention = attention_weights(network, tokens)
    if attention is not None:
        rankings["attention"] = attention
    rankings["random"] = np.random.default_rng(seed).random(tokens.shape)

    def without(hidden: np.ndarray) -> np.ndarray:
        return token_probabilities(network, np.where(hidden, neutral, tokens), labels)

    return Explained(attributed, labels, is_part, rankings, without)


def _reserved(reader: Vocabulary | WordPieces) -> tuple[int, list[int]]:
    """The token that says nothing, and those that are no part of a text."""
    if isinstance(reader, WordPieces):
        return reader.tokens.index("[UNK]"), [PADDING_INDEX, *map(reader.tokens.index, _FRAME)]
    return UNKNOWN_INDEX, [PADDING_INDEX]


def explain_pictures(checkpoint: Checkpoint, pictures: Pictures, seed: int) -> Explained:
    """Why the network of pictures names the emotion that it holds for likeliest in each picture, by region."""
    network = checkpoint.restore(build_image_model)
    assert isinstance(network, ImageCnn)
    shown, labels = as_input(pictures), score_pictures(checkpoint, pictures).argmax(axis=1)
    attributed = attribute_regions(network, shown, labels)
    rankings = {GRADIENTS: attributed.values, "random": np.random.default_rng(seed).random(attributed.values.shape)}

    def without(hidden: np.ndarray) -> np.ndarray:
        return region_probabilities(network, shown, hidden, labels)

    return Explained(attributed, labels, np.ones(attributed.values.shape, dtype=bool), rankings, without)


def faithfulness_rows(explained: Explained, architecture: str, setting: Setting) -> pd.DataFrame:
    """Completeness of the attributions, and what taking the named parts away does, beside rival rankings."""
    where = replace(setting, protocol=f"faithfulness: {architecture}")
    measures = {"comprehensiveness": comprehensiveness, "sufficiency": sufficiency}
    values = {
        name: {measure: of(ranking, explained.is_part, explained.without) for measure, of in measures.items()}
        for name, ranking in explained.rankings.items()
    }
    parts = []
    for name, found in values.items():
        estimates = {measure: mean_estimate(each, where.seed) for measure, each in found.items()}
        if name == GRADIENTS:
            estimates["completeness_error"] = mean_estimate(explained.attributed.error, where.seed)
        parts.append(where.rows(name, estimates, is_baseline=name != GRADIENTS))
    for measure in measures:
        gaps = {
            f"{GRADIENTS} - {rival}": paired_difference(values[GRADIENTS][measure], values[rival][measure], where.seed)
            for rival in values
            if rival != GRADIENTS
        }
        parts.append(difference_rows(measure, gaps, where))
    return joined(parts)


def weighted_pieces(
    checkpoint: Checkpoint, texts: Sequence[str], explained: Explained
) -> list[tuple[list[str], list[float]]]:
    """The pieces of each text as they are shown, each with the white space before it, and weights in [-1, 1]."""
    reader = reader_of(checkpoint.architecture, checkpoint.params)
    found = []
    for text, values, is_part in zip(texts, explained.attributed.values, explained.is_part, strict=True):
        weights = values[is_part] / max(float(np.abs(values).max(initial=0.0)), 1e-9)
        found.append((_pieces(text, reader)[: len(weights)], np.clip(weights, -1.0, 1.0).tolist()))
    return found


def _pieces(text: str, reader: Vocabulary | WordPieces) -> list[str]:
    if isinstance(reader, WordPieces):
        read = [reader.tokens[place] for place in reader.encode([text])[0]]
        return [piece[2:] if piece.startswith("##") else f" {piece}" for piece in read if piece not in _FRAME]
    space = "" if reader.language == "zh" else " "
    return [f"{space}{token}" for token in TOKENISERS[reader.language](text) or [UNKNOWN]]
