"""Primary tables to features: each node opens the tables and calls the science in `affectlens.features`."""

import logging
from collections.abc import Mapping
from typing import Any

import pandas as pd

from affectlens.features import behaviour, splits
from affectlens.features.content import content_space, content_vectors, space_summary
from affectlens.features.content_blocks import ContentParams, gather_blocks, train_rows
from affectlens.features.documents import borrowed_texts, content_documents, split_contents
from affectlens.features.splits import Boundaries, SplitParams
from affectlens.features.text import Vocabulary, VocabularyParams
from affectlens.features.utterances import emotion_examples, split_utterances

logger = logging.getLogger(__name__)


def build_boundaries(interactions: pd.DataFrame, utterances: pd.DataFrame, split: SplitParams) -> dict[str, Any]:
    """The two instants of the global timeline, at quantiles of what users consumed.

    Where they consumed nothing, of what they were shown; where nothing was shown either, of what they wrote.
    """
    if split.protocol == "leave_one_out":
        return {"protocol": split.protocol, **Boundaries(None, None).to_json()}
    consumed = interactions.loc[interactions["kind"] != "impression", "occurred_at"]
    events = (consumed, interactions["occurred_at"], utterances["occurred_at"])
    times = next((event for event in events if len(event)), utterances["occurred_at"])
    boundaries = Boundaries.at_quantiles(times, split.train_quantile, split.valid_quantile)
    logger.info("Split by %s: train before %s, valid before %s", split.protocol, *boundaries.to_json().values())
    return {"protocol": split.protocol, **boundaries.to_json()}


def build_behaviour_sequences(
    interactions: pd.DataFrame, split_boundaries: Mapping[str, Any], has_clock: bool
) -> pd.DataFrame:
    """What each user consumed, in order, with gaps and splits; one row an exposure."""
    sequences = behaviour.behaviour_sequences(behaviour.consumed_events(interactions))
    split = behaviour.split_sequences(sequences, Boundaries.from_json(split_boundaries))
    return split if has_clock else behaviour.without_times(split)


def build_utterance_splits(
    utterances: pd.DataFrame,
    emotion_labels: pd.DataFrame,
    behaviour_sequences: pd.DataFrame,
    split_boundaries: Mapping[str, Any],
    split: SplitParams,
) -> pd.DataFrame:
    """Split of every utterance, labelled or not; null for near-duplicates of an earlier split's text."""
    known = emotion_labels.dropna(subset=["split"]).drop_duplicates("utterance_id").set_index("utterance_id")["split"]
    published = utterances["utterance_id"].map(known)
    boundaries = Boundaries.from_json(split_boundaries)
    codes = split_utterances(utterances, published, behaviour_sequences, boundaries, split)
    names = splits.names_of(codes)
    logger.info("Utterances: %s", names.value_counts(dropna=False).to_dict())
    return pd.DataFrame({"utterance_id": utterances["utterance_id"].to_numpy(), "split": names})


def build_emotion_examples(
    utterances: pd.DataFrame, emotion_labels: pd.DataFrame, utterance_splits: pd.DataFrame, taxonomy: str
) -> pd.DataFrame:
    """Labelled utterances with their labels in one taxonomy."""
    return emotion_examples(utterances, emotion_labels, utterance_splits, taxonomy)


def build_vocabulary(examples: pd.DataFrame, vocabulary: VocabularyParams) -> list[str]:
    """The tokens of train examples; a token's place in the list is its index."""
    train = examples.loc[examples["split"] == "train", "text"]
    return list(Vocabulary.from_texts(train.tolist(), vocabulary).tokens)


def build_content_documents(
    contents: pd.DataFrame,
    utterances: pd.DataFrame,
    utterance_splits: pd.DataFrame,
    behaviour_sequences: pd.DataFrame,
    split_boundaries: Mapping[str, Any],
    content: ContentParams,
) -> pd.DataFrame:
    """What is known of each content: its split, topic, tags, media and words (train reviews where it has none)."""
    codes = split_contents(contents, behaviour_sequences, utterance_splits, Boundaries.from_json(split_boundaries))
    borrowed = borrowed_texts(utterances, utterance_splits, content.reviews_per_content)
    return content_documents(contents, codes, borrowed)


def build_content_features(
    documents: pd.DataFrame, media: pd.DataFrame, examples: pd.DataFrame, content: ContentParams, seed: int
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Content vectors, fitted on train contents and train examples; and what the space keeps and loses."""
    blocks = gather_blocks(documents, media, examples, content, seed)
    space = content_space(blocks, train_rows(documents), content.dimensions)
    summary = space_summary(space, blocks, documents["split"])
    logger.info("Content space of %d dimensions, kept %s", summary["d_g"], summary["blocks"])
    return content_vectors(documents, space), summary
