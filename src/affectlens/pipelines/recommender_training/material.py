"""What the steps of both ladders are built from."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd

from affectlens.features.content_blocks import ContentParams, gather_blocks, train_rows
from affectlens.models.recommender.catalogue import (
    Catalogue,
    GeneratedContent,
    catalogue_of,
    emotion_states_of,
    generated_content_of,
)
from affectlens.models.recommender.ladder import (
    CONTENT,
    LEARNED,
    NOTHING,
    Material,
    block_of_unit_variance,
    with_placebos,
)
from affectlens.pipelines.recommender_training.exposure_ladder import ExposureLadderParams
from affectlens.pipelines.recommender_training.ladder import LadderParams
from affectlens.pipelines.recommender_training.segments import attributes_of

BLOCKS = {"text": ("text", "tags", "form", "attributes"), "media": ("image", "clip"), "lexicon": ("affect",)}


def gather_material(
    sequences: pd.DataFrame,
    contents: pd.DataFrame,
    generated: pd.DataFrame,
    documents: pd.DataFrame,
    media: pd.DataFrame,
    examples: pd.DataFrame,
    item_attributes: pd.DataFrame,
    emotion_states: pd.DataFrame,
    content: ContentParams,
    ladder: LadderParams,
    exposures: ExposureLadderParams,
    seed: int,
) -> Material:
    """Blocks of the items, each of unit variance over train contents, and the dated vectors of the users."""
    catalogue = catalogue_of(contents, sequences)
    if not ladder.steps and not exposures.steps:
        return Material(catalogue, {}, NOTHING, NOTHING)
    is_train = np.isin(catalogue.item_ids, documents.loc[train_rows(documents), "content_id"].to_numpy(dtype=object))
    raw = {block.name: block.values for block in gather_blocks(documents, media, examples, content, seed)}
    joined = {
        name: np.hstack([raw[part] for part in parts if part in raw])
        for name, parts in BLOCKS.items()
        if any(part in raw for part in parts)
    }
    blocks = {name: _of_catalogue(values, documents["content_id"], catalogue) for name, values in joined.items()}
    attributes = attributes_of(item_attributes, catalogue)
    if "emotion" in attributes:
        blocks[LEARNED] = attributes["emotion"]
    blocks = {name: block_of_unit_variance(values, is_train) for name, values in blocks.items()}
    if catalogue.has_vector.any():
        blocks[CONTENT] = catalogue.vectors
    states = _standardised(emotion_states_of(emotion_states))
    return Material(catalogue, with_placebos(blocks, seed), states, generated_content_of(generated))


def _of_catalogue(values: np.ndarray, content_ids: pd.Series, catalogue: Catalogue) -> np.ndarray:
    """Rows of documents as rows of the catalogue; NaN for an item without a document."""
    placed, rows = np.full((catalogue.n_items, values.shape[1]), np.nan), catalogue.index_of(content_ids)
    placed[rows[rows >= 0]] = values[rows >= 0]
    return placed


def _standardised(states: GeneratedContent) -> GeneratedContent:
    if states.is_empty:
        return states
    mean, spread = states.vectors.mean(axis=(0, 1)), states.vectors.std(axis=(0, 1))
    return dataclasses.replace(states, vectors=((states.vectors - mean) / np.maximum(spread, 1e-9)).astype(np.float32))
