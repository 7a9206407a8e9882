"""Nodes of emotion_training that look: pictures, clips, and all modalities together."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from affectlens.evaluation.average_precision import macro_average_precision
from affectlens.evaluation.thresholds import tune_decision_rule
from affectlens.models.checkpoint import Checkpoint
from affectlens.models.emotion.fusion import LateFusion, fit_fusion
from affectlens.models.emotion.pixels import fit_pixels, pixel_features
from affectlens.pipelines.emotion_training import media_scoring, tables
from affectlens.pipelines.emotion_training.media import (
    CLIP_PIXELS,
    IMAGE_PIXELS,
    OwnedPictures,
    enough,
    evidence_of,
    evidence_of_examples,
    labelled_pictures,
    open_pictures,
    picture_logits,
)
from affectlens.pipelines.emotion_training.params import (
    ClipFitParams,
    DecisionParams,
    FusionParams,
    ImageFitParams,
    PixelsParams,
    TrainerParams,
)
from affectlens.pipelines.emotion_training.scoring import NOT_FITTED, Setting, split_of
from affectlens.training.emotion import with_decision_rule
from affectlens.training.emotion_media import LabelledPictures, fit_clips, fit_images
from affectlens.training.emotion_members import HISTORY_COLUMNS

logger = logging.getLogger(__name__)


def decode_pictures(
    utterances: pd.DataFrame, media: pd.DataFrame, clips: ClipFitParams
) -> tuple[OwnedPictures, OwnedPictures]:
    """The pictures and the clips of utterances as pixels."""
    return open_pictures(utterances, media, "image", 1), open_pictures(utterances, media, "clip", clips.frames)


def train_image_network(
    examples: pd.DataFrame,
    images: OwnedPictures,
    params: ImageFitParams,
    decision: DecisionParams,
    trainer: TrainerParams,
    seed: int,
    workspace: str,
) -> tuple[Checkpoint, pd.DataFrame]:
    """Fit and calibrate the network of pictures; nothing where there are too few labelled ones."""
    train, valid = (labelled_pictures(images, examples, split) for split in ("train", "valid"))
    if not enough(train, valid):
        return NOT_FITTED, pd.DataFrame(columns=list(HISTORY_COLUMNS))
    options = _options("image_cnn", seed, workspace)
    checkpoint, history = fit_images(train, valid, params, trainer, **options)
    return _tuned(checkpoint, valid, examples, decision), history.assign(member="image_cnn")[list(HISTORY_COLUMNS)]


def train_clip_network(
    image_checkpoint: Checkpoint,
    examples: pd.DataFrame,
    clips: OwnedPictures,
    params: ClipFitParams,
    decision: DecisionParams,
    trainer: TrainerParams,
    seed: int,
    workspace: str,
) -> tuple[Checkpoint, pd.DataFrame]:
    """Fit and calibrate the network of clips on the frames that the network of pictures reads."""
    train, valid = (labelled_pictures(clips, examples, split) for split in ("train", "valid"))
    if image_checkpoint.architecture == NOT_FITTED.architecture or not enough(train, valid):
        return NOT_FITTED, pd.DataFrame(columns=list(HISTORY_COLUMNS))
    options = _options("clip_gru", seed, workspace)
    checkpoint, history = fit_clips(image_checkpoint, train, valid, params, trainer, **options)
    return _tuned(checkpoint, valid, examples, decision), history.assign(member="clip_gru")[list(HISTORY_COLUMNS)]


def train_pixel_baselines(
    examples: pd.DataFrame, images: OwnedPictures, clips: OwnedPictures, params: PixelsParams, decision: DecisionParams
) -> tuple[Checkpoint, Checkpoint]:
    """Logistic regressions on the pixels of pictures, and on those of clips and their movement."""
    found = []
    for architecture, owned in ((IMAGE_PIXELS, images), (CLIP_PIXELS, clips)):
        train, valid = (labelled_pictures(owned, examples, split) for split in ("train", "valid"))
        if not enough(train, valid):
            found.append(NOT_FITTED)
            continue
        seen, seen_valid = (pixel_features(each.pictures.pixels, each.pictures.n_frames) for each in (train, valid))
        both = (seen, train.labels, seen_valid, valid.labels)
        fitted = fit_pixels(*both, params, macro_average_precision).checkpoint(architecture, train.names)
        found.append(_tuned(fitted, valid, examples, decision))
    return found[0], found[1]


def fit_late_fusion(
    model: Checkpoint,
    examples: pd.DataFrame,
    images: OwnedPictures,
    clips: OwnedPictures,
    image_checkpoint: Checkpoint,
    clip_checkpoint: Checkpoint,
    params: FusionParams,
    decision: DecisionParams,
) -> Checkpoint:
    """Weigh words, pictures and clips on valid utterances that have more than words; nothing where there are none."""
    owned, looking = {"image": images, "clip": clips}, {"image": image_checkpoint, "clip": clip_checkpoint}
    evidence, texts = evidence_of_examples(model, examples, "valid", owned, looking)
    if not evidence.is_there[:, 1:].any():
        return NOT_FITTED
    fusion = fit_fusion(evidence, texts.labels, np.asarray(model.metadata["prior"]), params)
    logger.info("fusion: weights of text, image and clip %s", fusion.weights.round(2).tolist())
    rule = tune_decision_rule(fusion.log_odds(evidence), texts.labels, texts.taxonomy, decision)
    return with_decision_rule(fusion.checkpoint(), rule, labels=list(texts.names), taxonomy=texts.taxonomy)


def fuse_signals(
    text_signals: pd.DataFrame,
    fusion: Checkpoint,
    images: OwnedPictures,
    clips: OwnedPictures,
    image_checkpoint: Checkpoint,
    clip_checkpoint: Checkpoint,
) -> pd.DataFrame:
    """What every utterance expresses by all of its modalities; what its words say where it has no other."""
    if fusion.architecture == NOT_FITTED.architecture or text_signals.empty:
        return text_signals
    said = tables.stacked(text_signals["probabilities"], len(fusion.metadata["labels"]))
    owned, looking = {"image": images, "clip": clips}, {"image": image_checkpoint, "clip": clip_checkpoint}
    evidence = evidence_of(text_signals["utterance_id"].to_numpy(dtype=object), said, owned, looking)
    shows = np.flatnonzero(evidence.is_there[:, 1:].any(axis=1))
    both = said.astype(np.float32)
    both[shows] = LateFusion.restore(fusion).probabilities(evidence.take(shows))
    return text_signals.assign(probabilities=pd.Series(list(both), text_signals.index, dtype=object))


def score_media(
    model: Checkpoint,
    examples: pd.DataFrame,
    images: OwnedPictures,
    clips: OwnedPictures,
    image_checkpoint: Checkpoint,
    clip_checkpoint: Checkpoint,
    image_pixels: Checkpoint,
    clip_pixels: Checkpoint,
    fusion: Checkpoint,
    seed: int,
    dataset: str,
) -> pd.DataFrame:
    """Pictures and clips beside their baselines, and every subset of modalities, on test or else on valid."""
    split = split_of(examples)
    setting = Setting(split, "", seed, dataset)
    owned = {"image": images, "clip": clips}
    looking = {"image": image_checkpoint, "clip": clip_checkpoint}
    baselines = {"image": image_pixels, "clip": clip_pixels}
    parts = []
    for modality, pictures in owned.items():
        shown = labelled_pictures(pictures, examples, split)
        parts.append(media_scoring.picture_rows(modality, shown, looking[modality], baselines[modality], setting))
    if fusion.architecture != NOT_FITTED.architecture:
        evidence, texts = evidence_of_examples(model, examples, split, owned, looking)
        parts.append(media_scoring.subset_rows(fusion, evidence, texts, setting))
    return media_scoring.joined(parts)


def _options(kind: str, seed: int, workspace: str) -> dict[str, Any]:
    work_dir = Path(workspace) / "emotion" / kind
    return {"metric": macro_average_precision, "metric_name": "map", "seed": seed, "work_dir": work_dir}


def _tuned(
    checkpoint: Checkpoint, valid: LabelledPictures, examples: pd.DataFrame, decision: DecisionParams
) -> Checkpoint:
    taxonomy = tables.taxonomy_of(examples)
    logits = picture_logits(checkpoint, valid.pictures)
    rule = tune_decision_rule(logits, valid.labels, taxonomy, decision)
    facts = {"valid_metric": macro_average_precision(valid.labels, logits), "metric_name": "map"}
    tuned = with_decision_rule(checkpoint, rule, labels=list(valid.names), taxonomy=taxonomy)
    return replace(tuned, metadata={**tuned.metadata, **facts})
