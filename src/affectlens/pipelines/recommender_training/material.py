"""What the steps of both ladders are built from."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from affectlens.features.content_blocks import Block, ContentParams, gather_blocks, train_rows
from affectlens.features.times import seconds
from affectlens.features.told_emotions import felt_after, told_states
from affectlens.models.checkpoint import Checkpoint
from affectlens.models.gan import generate_at
from affectlens.models.recommender.catalogue import (
    Catalogue,
    GeneratedContent,
    catalogue_of,
    emotion_states_of,
    generated_content_of,
)
from affectlens.models.recommender.ladder import (
    CONTENT,
    EMOTION_OF_ANOTHER,
    GENERATED,
    LEARNED,
    OF_ANOTHER,
    STATE,
    Material,
    block_of_unit_variance,
    following_users,
    handed_on,
    rows_of_another,
    state_placebos,
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
    interactions: pd.DataFrame,
    gan_checkpoint: Checkpoint,
    content: ContentParams,
    ladder: LadderParams,
    exposures: ExposureLadderParams,
    seed: int,
) -> Material:
    """Blocks of the items, each of unit variance over train contents, and the dated vectors of the users.

    Where no emotion model reads what users write, what they told in numbers takes its place (`told_emotions`).
    """
    catalogue = catalogue_of(contents, sequences)
    if not ladder.steps and not exposures.steps:
        return Material(catalogue, {}, {}, {})
    is_train = np.isin(catalogue.item_ids, documents.loc[train_rows(documents), "content_id"].to_numpy(dtype=object))
    blocks = _described(catalogue, gather_blocks(documents, media, examples, content, seed), documents)
    emotion = attributes_of(item_attributes, catalogue).get("emotion")
    is_told = emotion is None and emotion_states.empty
    if is_told:
        ended = seconds(sequences.loc[(sequences["split"] == "train").to_numpy(), "occurred_at"]).max(initial=-np.inf)
        emotion = felt_after(interactions, catalogue.item_ids, ended)
    if emotion is not None and not np.isnan(emotion).all():
        blocks[LEARNED] = emotion
    blocks = {name: block_of_unit_variance(values, is_train) for name, values in blocks.items()}
    if catalogue.has_vector.any():
        blocks[CONTENT] = catalogue.vectors
    states = told_states(interactions) if is_told else emotion_states
    following = following_users(states["user_id"].to_numpy(dtype=object), seed)
    dated = {
        f"{STATE}{suffix}": values
        for suffix, values in state_placebos(standardised(emotion_states_of(states)), following, seed).items()
    }
    if len(generated):
        dated |= _generated(generated, states, following, gan_checkpoint, sequences, contents, seed)
    return Material(catalogue, with_placebos(blocks, seed), dated, following)


def _described(catalogue: Catalogue, blocks: Sequence[Block], documents: pd.DataFrame) -> dict[str, np.ndarray]:
    """What is known of the contents in the blocks that steps name, in the order of the catalogue."""
    raw = {block.name: block.values for block in blocks}
    joined = {
        name: np.hstack([raw[part] for part in parts if part in raw])
        for name, parts in BLOCKS.items()
        if any(part in raw for part in parts)
    }
    return {name: _of_catalogue(values, documents["content_id"], catalogue) for name, values in joined.items()}


def _generated(
    generated: pd.DataFrame,
    states: pd.DataFrame,
    following: Mapping[str, str],
    gan_checkpoint: Checkpoint,
    sequences: pd.DataFrame,
    contents: pd.DataFrame,
    seed: int,
) -> dict[str, GeneratedContent]:
    """G_t; all of it from another user; and from the user's own interest with the emotion of another, same noise."""
    own, asked = generated_content_of(generated), emotion_states_of(states)
    emotion = asked.vectors[rows_of_another(asked, following)][:, 0]
    n_samples = own.vectors.shape[1]
    exchanged = generate_at(gan_checkpoint, states, emotion, sequences, contents, n_samples, seed)
    return {
        GENERATED: own,
        f"{GENERATED}{OF_ANOTHER}": handed_on(own, following),
        f"{GENERATED}{EMOTION_OF_ANOTHER}": dataclasses.replace(own, vectors=exchanged),
    }


def _of_catalogue(values: np.ndarray, content_ids: pd.Series, catalogue: Catalogue) -> np.ndarray:
    """Rows of documents as rows of the catalogue; NaN for an item without a document."""
    placed, rows = np.full((catalogue.n_items, values.shape[1]), np.nan), catalogue.index_of(content_ids)
    placed[rows[rows >= 0]] = values[rows >= 0]
    return placed


def standardised(states: GeneratedContent) -> GeneratedContent:
    """States with mean 0 and spread 1 in every column."""
    if states.is_empty:
        return states
    mean, spread = states.vectors.mean(axis=(0, 1)), states.vectors.std(axis=(0, 1))
    return dataclasses.replace(states, vectors=((states.vectors - mean) / np.maximum(spread, 1e-9)).astype(np.float32))
