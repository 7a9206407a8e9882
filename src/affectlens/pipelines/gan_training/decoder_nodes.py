"""Nodes that turn content vectors and emotions into texts, pictures and clips."""

from __future__ import annotations

import logging
from pathlib import Path

import pandas as pd

from affectlens.evaluation.estimate import LEADERBOARD_COLUMNS
from affectlens.evaluation.generation import LocalMmd2
from affectlens.exhibits import Exhibit
from affectlens.models.checkpoint import Checkpoint
from affectlens.pipelines.gan_training import decoder_scores, exhibits, gallery
from affectlens.pipelines.gan_training.contents import NOT_FITTED, open_contents
from affectlens.pipelines.gan_training.decoding import Generators, described_texts
from affectlens.pipelines.gan_training.media import Anchors, felt_pictures, media_table, posted_media
from affectlens.pipelines.gan_training.params import (
    ConditionParams,
    DecodingParams,
    PictureDecoderMember,
    TextDecoderMember,
    TrainerParams,
)
from affectlens.training.gan import HISTORY_COLUMNS
from affectlens.training.picture_decoder import fit_picture_decoder
from affectlens.training.text_decoder import fit_text_decoder

logger = logging.getLogger(__name__)

_HISTORY = ["member", *HISTORY_COLUMNS]


def open_media(
    utterances: pd.DataFrame,
    utterance_splits: pd.DataFrame,
    content_documents: pd.DataFrame,
    emotion_examples: pd.DataFrame,
    media: pd.DataFrame,
    params: DecodingParams,
    taxonomy: str,
) -> pd.DataFrame:
    """Frames of pictures and clips with the emotion that people saw in them, decoded once for every node after."""
    posted = posted_media(utterances, utterance_splits, content_documents)
    return media_table(posted, emotion_examples, media, taxonomy, params.max_media)


def train_text_decoder(
    content_features: pd.DataFrame,
    content_emotions: pd.DataFrame,
    emotion_examples: pd.DataFrame,
    content_documents: pd.DataFrame,
    variant: TextDecoderMember,
    params: DecodingParams,
    trainer: TrainerParams,
    seed: int,
    workspace: str,
) -> tuple[Checkpoint, pd.DataFrame]:
    """Fit the decoder of vectors into words; its best weights, and one history row an epoch."""
    contents = open_contents(content_features, content_emotions, emotion_examples)
    train, valid = (described_texts(contents, content_documents, role, params.max_texts) for role in ("train", "valid"))
    if min(len(train.texts), len(valid.texts)) < 2:
        logger.warning("no text decoder is fitted: fewer than two train or valid contents have a text")
        return NOT_FITTED, pd.DataFrame(columns=_HISTORY)
    work_dir = Path(workspace) / "gan" / "text"
    fitted = (variant, train, valid, trainer, params.writing)
    checkpoint, history = fit_text_decoder(*fitted, seed=seed, work_dir=work_dir)
    return checkpoint, history.assign(member="text")[_HISTORY]


def train_picture_decoder(
    gan_media: pd.DataFrame,
    variant: PictureDecoderMember,
    trainer: TrainerParams,
    seed: int,
    workspace: str,
) -> tuple[Checkpoint, pd.DataFrame]:
    """Fit the decoder of emotions into pictures or clips; its best weights, and one history row an epoch."""
    _, train = felt_pictures(gan_media, variant.form, "train", known=False)
    _, valid = felt_pictures(gan_media, variant.form, "valid", known=True)
    if min(int((train.condition[:, -1:] > 0).sum()), len(valid.frames)) < 2:
        logger.warning("no decoder is fitted: people named the emotion of fewer than two %ss", variant.form)
        return NOT_FITTED, pd.DataFrame(columns=_HISTORY)
    work_dir = Path(workspace) / "gan" / variant.form
    checkpoint, history = fit_picture_decoder(variant, train, valid, LocalMmd2, trainer, seed=seed, work_dir=work_dir)
    return checkpoint, history.assign(member=variant.form)[_HISTORY]


def _generators(
    gan_checkpoint: Checkpoint, text: Checkpoint, image: Checkpoint, clip: Checkpoint, emotion_examples: pd.DataFrame,
    params: DecodingParams, taxonomy: str,
) -> Generators:  # fmt: skip
    """All that makes contents, as one."""
    decoders = {"text": text, "image": image, "clip": clip}
    return Generators(gan_checkpoint, decoders, Anchors.of(emotion_examples, taxonomy), params.writing)


def generate_gallery(
    gan_checkpoint: Checkpoint,
    text_checkpoint: Checkpoint,
    image_checkpoint: Checkpoint,
    clip_checkpoint: Checkpoint,
    content_features: pd.DataFrame,
    content_emotions: pd.DataFrame,
    emotion_examples: pd.DataFrame,
    content_documents: pd.DataFrame,
    gan_media: pd.DataFrame,
    params: DecodingParams,
    taxonomy: str,
    seed: int,
) -> pd.DataFrame:
    """Contents of every emotion at rising intensity, each beside the training content that it resembles most."""
    if gan_checkpoint.architecture == NOT_FITTED.architecture:
        return pd.DataFrame(columns=list(gallery.COLUMNS))
    generators = _generators(
        gan_checkpoint, text_checkpoint, image_checkpoint, clip_checkpoint, emotion_examples, params, taxonomy
    )
    contents = open_contents(content_features, content_emotions, emotion_examples)
    originals = gallery.originals_of(contents, content_documents, gan_media)
    return gallery.make_gallery(generators, originals, params.gallery, taxonomy, seed)


def score_decoders(
    gan_checkpoint: Checkpoint,
    text_checkpoint: Checkpoint,
    image_checkpoint: Checkpoint,
    clip_checkpoint: Checkpoint,
    content_features: pd.DataFrame,
    content_emotions: pd.DataFrame,
    emotion_examples: pd.DataFrame,
    content_documents: pd.DataFrame,
    gan_media: pd.DataFrame,
    condition: ConditionParams,
    params: DecodingParams,
    taxonomy: str,
    seed: int,
    dataset: str,
) -> pd.DataFrame:
    """Texts, pictures and clips made for the conditions of test contents, beside the real ones."""
    if gan_checkpoint.architecture == NOT_FITTED.architecture:
        return pd.DataFrame(columns=list(LEADERBOARD_COLUMNS))
    generators = _generators(
        gan_checkpoint, text_checkpoint, image_checkpoint, clip_checkpoint, emotion_examples, params, taxonomy
    )
    contents = open_contents(content_features, content_emotions, emotion_examples)
    where = decoder_scores.Setting(seed, dataset, params)
    texts = decoder_scores.text_rows(generators, contents, content_documents, condition, where)
    media = [decoder_scores.media_rows(generators, gan_media, form, where) for form in ("image", "clip")]
    return pd.concat([texts, *media], ignore_index=True)


def exhibit_generation(
    gan_goals: pd.DataFrame, generated_contents: pd.DataFrame, gan_leaderboard: pd.DataFrame
) -> list[Exhibit]:
    """Goals, generated contents, their scores and their use as the report shows them."""
    return [
        *exhibits.goal_exhibits(gan_goals),
        *exhibits.gallery_exhibits(generated_contents),
        *exhibits.score_exhibits(gan_leaderboard),
    ]
