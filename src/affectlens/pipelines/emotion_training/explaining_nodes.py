"""The node of emotion_training that says what answers rest on."""

from __future__ import annotations

import numpy as np
import pandas as pd

from affectlens.exhibits import Exhibit
from affectlens.models.checkpoint import Checkpoint
from affectlens.pipelines.emotion_training import exhibits, explaining, scoring
from affectlens.pipelines.emotion_training.media import OwnedPictures, labelled_pictures
from affectlens.pipelines.emotion_training.params import ExplainingParams


def explain_answers(
    examples: pd.DataFrame,
    scored: pd.DataFrame,
    images: OwnedPictures,
    image_checkpoint: Checkpoint,
    params: ExplainingParams,
    seed: int,
    dataset: str,
    model: Checkpoint,
    *members: Checkpoint,
) -> tuple[pd.DataFrame, list[Exhibit]]:
    """Mark the words behind answers, and measure how faithful attributions of words and of regions are."""
    setting = scoring.Setting(scoring.split_of(examples), "", seed, dataset)
    network = explaining.explainable(model, members)
    words = _word_rows(network, examples, params.n_texts, setting)
    rows = scoring.joined([words, _region_rows(image_checkpoint, examples, images, params.n_pictures, setting)])
    return rows, [*_words(network, model, scored, params.n_shown, seed), *exhibits.faithfulness_exhibits(rows)]


def _word_rows(network: Checkpoint | None, examples: pd.DataFrame, n: int, setting: scoring.Setting) -> pd.DataFrame:
    if network is None:
        return setting.rows("", {}, is_baseline=False)
    texts = examples.loc[examples["split"] == setting.split, "text"]
    drawn = texts.sample(min(n, len(texts)), random_state=setting.seed).tolist()
    explained = explaining.explain_tokens(network, drawn, setting.seed)
    return explaining.faithfulness_rows(explained, network.architecture, setting)


def _region_rows(
    network: Checkpoint, examples: pd.DataFrame, images: OwnedPictures, n: int, setting: scoring.Setting
) -> pd.DataFrame:
    pictures = labelled_pictures(images, examples, setting.split).pictures
    if network.architecture == scoring.NOT_FITTED.architecture or not len(pictures):
        return setting.rows("", {}, is_baseline=False)
    first = pictures.take(np.arange(min(n, len(pictures))))
    explained = explaining.explain_pictures(network, first, setting.seed)
    return explaining.faithfulness_rows(explained, network.architecture, setting)


def _words(
    network: Checkpoint | None, model: Checkpoint, scored: pd.DataFrame, n_each: int, seed: int
) -> list[Exhibit]:
    shown = scored.groupby("is_right", sort=False).head(n_each)
    if network is None or shown.empty:
        return []
    explained = explaining.explain_tokens(network, shown["text"].tolist(), seed)
    return exhibits.word_exhibits(shown, network, model, explained, list(network.metadata["labels"]))
