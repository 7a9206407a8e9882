"""Pictures and clips of utterances opened as arrays, and what each modality says of an utterance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from affectlens.features.images import decode_pixels
from affectlens.features.taxonomy import indicator_matrix, labels_of
from affectlens.models.checkpoint import Checkpoint
from affectlens.models.emotion.decision import DecisionRule
from affectlens.models.emotion.fusion import MODALITIES, Evidence
from affectlens.models.emotion.pixels import PixelClassifier, pixel_features
from affectlens.pipelines.emotion_training.scoring import NOT_FITTED
from affectlens.pipelines.emotion_training.tables import taxonomy_of
from affectlens.training.emotion import LabelledTexts, encode_texts
from affectlens.training.emotion_media import LabelledPictures, Pictures, score_pictures

IMAGE_PIXELS, CLIP_PIXELS = "image_pixels", "clip_pixels"
PATHS = {"image": "image_path", "clip": "clip_path"}
MIN_TRAIN, MIN_VALID = 20, 5


@dataclass(frozen=True)
class OwnedPictures:
    """The pictures, or the clips, of utterances.

    Attributes:
        owner: (n,) utterance ids.
        pictures: n of them.
    """

    owner: np.ndarray
    pictures: Pictures

    def of(self, utterance_ids: np.ndarray) -> tuple[np.ndarray, Pictures]:
        """Which of some utterances have one (positions among them), and the pictures in that order."""
        place = pd.Index(self.owner).get_indexer(pd.Index(utterance_ids))
        return np.flatnonzero(place >= 0), self.pictures.take(place[place >= 0])


def open_pictures(utterances: pd.DataFrame, media: pd.DataFrame, modality: str, most_frames: int) -> OwnedPictures:
    """Decode the pictures or clips of all utterances that have one among the accepted media."""
    data = media.set_index("media_path")["data"]
    rows = utterances[utterances[PATHS[modality]].isin(data.index)]
    most = most_frames if modality == "clip" else 1
    frames = [decode_pixels(one, most) for one in data.reindex(rows[PATHS[modality]])]
    return OwnedPictures(rows["utterance_id"].to_numpy(dtype=object), Pictures.of(frames, most))


def labelled_pictures(owned: OwnedPictures, examples: pd.DataFrame, split: str) -> LabelledPictures:
    """The pictures of labelled utterances of one split."""
    taxonomy = taxonomy_of(examples)
    rows = examples[examples["split"] == split]
    has_one, pictures = owned.of(rows["utterance_id"].to_numpy(dtype=object))
    labels = indicator_matrix(list(rows["labels"].iloc[has_one]), taxonomy)
    return LabelledPictures(pictures, labels, labels_of(taxonomy))


def enough(train: LabelledPictures, valid: LabelledPictures) -> bool:
    """Whether there are pictures to learn from."""
    return len(train.labels) >= MIN_TRAIN and len(valid.labels) >= MIN_VALID


def picture_logits(checkpoint: Checkpoint, pictures: Pictures) -> np.ndarray:
    """Raw scores (n, C) of pictures or clips by a network or by the baseline."""
    if checkpoint.architecture in (IMAGE_PIXELS, CLIP_PIXELS):
        features = pixel_features(pictures.pixels, pictures.n_frames)
        classifier = PixelClassifier.restore(checkpoint)
        return classifier.logits(features.reshape(len(pictures), len(classifier.center)))
    return score_pictures(checkpoint, pictures)


def evidence_of(
    utterance_ids: np.ndarray,
    said: np.ndarray,
    owned: Mapping[str, OwnedPictures],
    checkpoints: Mapping[str, Checkpoint],
) -> Evidence:
    """What words, picture and clip of each utterance say on their own.

    Args:
        utterance_ids: (n,).
        said: (n, C) calibrated probabilities of the words.
        owned: modality -> pictures.
        checkpoints: modality -> calibrated network; one that was not fitted says nothing.
    """
    probabilities = np.repeat(said[:, None, :], len(MODALITIES), axis=1).astype(np.float64)
    is_there = np.zeros((len(said), len(MODALITIES)), dtype=bool)
    is_there[:, MODALITIES.index("text")] = True
    for modality, checkpoint in checkpoints.items():
        if checkpoint.architecture == NOT_FITTED.architecture:
            continue
        rows, pictures = owned[modality].of(utterance_ids)
        rule = DecisionRule.from_dict(checkpoint.metadata["decision"])
        probabilities[rows, MODALITIES.index(modality)] = rule.probabilities(picture_logits(checkpoint, pictures))
        is_there[rows, MODALITIES.index(modality)] = True
    return Evidence(probabilities, is_there)


def evidence_of_examples(
    model: Checkpoint,
    examples: pd.DataFrame,
    split: str,
    owned: Mapping[str, OwnedPictures],
    checkpoints: Mapping[str, Checkpoint],
) -> tuple[Evidence, LabelledTexts]:
    """The labelled utterances of a split that have more than words, and what their modalities say."""
    taxonomy = taxonomy_of(examples)
    shown = np.concatenate([pictures.owner for pictures in owned.values()])
    rows = examples[(examples["split"] == split) & examples["utterance_id"].isin(shown)]
    texts = rows["text"].tolist()
    evidence = evidence_of(
        rows["utterance_id"].to_numpy(dtype=object), encode_texts(model, texts)[0], owned, checkpoints
    )
    labels = indicator_matrix(list(rows["labels"]), taxonomy)
    return evidence, LabelledTexts(texts, labels, labels_of(taxonomy), taxonomy)
