"""What answers rest on: attributions of texts and pictures, and how faithful they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from affectlens.evaluation.estimate import mean_estimate, paired_difference
from affectlens.evaluation.faithfulness import comprehensiveness, sufficiency
from affectlens.features.text import PADDING_INDEX, tokenise
from affectlens.features.word_pieces import WordPieces
from affectlens.models.checkpoint import Checkpoint
from affectlens.models.emotion.attribution import (
    Attributed,
    attention_weights,
    attribute_regions,
    attribute_tokens,
    region_probabilities,
    token_probabilities,
    without_tokens,
)
from affectlens.models.emotion.build import build_emotion_model, reader_of
from affectlens.models.emotion.image import ImageCnn, build_image_model
from affectlens.pipelines.emotion_training.scoring import Setting, difference_rows, joined
from affectlens.training.batches import TokenRows
from affectlens.training.emotion import score_texts
from affectlens.training.emotion_media import Pictures, as_input, score_pictures

GRADIENTS = "integrated gradients"


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


def explain_tokens(checkpoint: Checkpoint, texts: Sequence[str], seed: int) -> Explained:
    """Why a network names the emotion that it holds for likeliest in each text."""
    network = checkpoint.restore(build_emotion_model)
    reader = reader_of(checkpoint.architecture, checkpoint.params)
    tokens = TokenRows.of(texts, reader, checkpoint.params["model"]["max_tokens"]).tokens
    labels = score_texts(checkpoint, texts)[0].argmax(axis=1)
    attributed = attribute_tokens(network, tokens, labels)
    rankings = {GRADIENTS: attributed.values}
    attention = attention_weights(network, tokens)
    if attention is not None:
        rankings["attention"] = attention
    rankings["random"] = np.random.default_rng(seed).random(tokens.shape)

    def without(hidden: np.ndarray) -> np.ndarray:
        return token_probabilities(network, without_tokens(tokens, hidden), labels)

    return Explained(attributed, labels, tokens != PADDING_INDEX, rankings, without)


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


def explanations_table(
    shown: pd.DataFrame, checkpoint: Checkpoint, explained: Explained, names: Sequence[str]
) -> pd.DataFrame:
    """One row a shown text: its pieces with weights in [-1, 1], what was named and with which probability.

    Args:
        shown: rows of `emotion_examples_scored`.
        checkpoint: of the explained network.
        explained: the same rows, explained.
        names: label names.
    """
    reader = reader_of(checkpoint.architecture, checkpoint.params)
    probability = explained.without(np.zeros_like(explained.is_part))
    rows = []
    for place, (text, true) in enumerate(zip(shown["text"], shown["labels"], strict=True)):
        n_parts = int(explained.is_part[place].sum())
        pieces = _pieces(text, reader)[:n_parts]
        values = explained.attributed.values[place, : len(pieces)]
        label = names[explained.labels[place]]
        weights = values / max(float(np.abs(values).max(initial=0.0)), 1e-9)
        rows.append((text, pieces, weights.tolist(), label, float(probability[place]), label in set(true)))
    columns = ["text", "pieces", "weights", "label", "probability", "is_right"]
    table = pd.DataFrame(rows, columns=columns)
    table.insert(0, "utterance_id", shown["utterance_id"].to_numpy())
    return table.assign(
        labels=shown["labels"].to_numpy(),
        network=checkpoint.architecture,
        completeness_error=explained.attributed.error,
        split=shown["split"].to_numpy(),
    )


def _pieces(text: str, reader: object) -> list[str]:
    """The tokens of a text as they are shown, each with the white space before it."""
    if isinstance(reader, WordPieces):
        ids, _ = reader.encode([text])
        found = [reader.tokens[place] for place in ids]
        return [piece[2:] if piece.startswith("##") else f" {piece}" for piece in found]
    return [f" {token}" for token in tokenise(text)]
