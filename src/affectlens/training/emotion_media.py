"""How emotion is learned from pictures and clips, and read off them."""

# Shapes: n media, F frames of the longest, C emotions, B batch.
from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from pydantic import Field
from scipy.special import logit
from torch import Tensor, nn
from torch.nn import functional

from affectlens.models.checkpoint import Checkpoint
from affectlens.models.emotion.image import ClipGru, ClipGruParams, ImageCnn, ImageCnnParams, build_image_model
from affectlens.params import Params
from affectlens.training.loop import Batches, TrainerParams, TrainingParams, fit

Metric = Callable[[np.ndarray, np.ndarray], float]
IMAGE, CLIP = "image_cnn", "clip_gru"
_READ_AT_ONCE = 256


class ImageFitParams(Params):
    """The network of pictures and its pace."""

    model: ImageCnnParams
    training: TrainingParams
    shift: int = Field(ge=0, description="pixels by which a picture is moved at most in training, each way")


class ClipFitParams(Params):
    """The network of clips and its pace."""

    model: ClipGruParams
    training: TrainingParams
    frames: int = Field(ge=2, description="most frames that are read of a clip")


@dataclass(frozen=True)
class Pictures:
    """Pictures (one frame) or clips, padded at the end.

    Attributes:
        pixels: (n, F, 32, 32, 3) uint8.
        n_frames: (n,) real frames of each.
    """

    pixels: np.ndarray
    n_frames: np.ndarray

    def __len__(self) -> int:
        return len(self.n_frames)

    @classmethod
    def of(cls, frames: Sequence[np.ndarray], most: int) -> Pictures:
        """From the frames (F, 32, 32, 3) of each."""
        pixels = np.zeros((len(frames), most, 32, 32, 3), dtype=np.uint8)
        for row, one in enumerate(frames):
            pixels[row, : len(one)] = one
        return cls(pixels, np.array([len(one) for one in frames], dtype=np.int64))

    def take(self, rows: np.ndarray) -> Pictures:
        """Some of them."""
        return Pictures(self.pixels[rows], self.n_frames[rows])


@dataclass(frozen=True)
class LabelledPictures:
    """Pictures or clips with their emotions.

    Attributes:
        pictures: n of them.
        labels: (n, C) in [0, 1].
        names: C label names.
    """

    pictures: Pictures
    labels: np.ndarray
    names: tuple[str, ...]


@dataclass
class PictureBatch:
    """Pictures (B, 3, 32, 32) in [0, 1] with labels (B, C)."""

    pictures: Tensor
    labels: Tensor

    def to(self, device: torch.device) -> PictureBatch:
        """The same batch on a device."""
        return PictureBatch(self.pictures.to(device), self.labels.to(device))


@dataclass
class ClipBatch:
    """Codes of frames (B, F, H), which of them are real (B, F), and labels (B, C)."""

    codes: Tensor
    is_frame: Tensor
    labels: Tensor

    def to(self, device: torch.device) -> ClipBatch:
        """The same batch on a device."""
        return ClipBatch(self.codes.to(device), self.is_frame.to(device), self.labels.to(device))


def picture_loss(model: nn.Module, batch: PictureBatch) -> Tensor:
    """Binary cross-entropy of the emotions of pictures, summed over labels."""
    return (
        functional.binary_cross_entropy_with_logits(model(batch.pictures), batch.labels, reduction="none").sum(1).mean()
    )


def clip_loss(model: nn.Module, batch: ClipBatch) -> Tensor:
    """Binary cross-entropy of the emotions of clips, summed over labels."""
    logits = model(batch.codes, batch.is_frame)
    return functional.binary_cross_entropy_with_logits(logits, batch.labels, reduction="none").sum(1).mean()


def fit_images(
    train: LabelledPictures,
    valid: LabelledPictures,
    params: ImageFitParams,
    trainer: TrainerParams,
    *,
    metric: Metric,
    metric_name: str,
    seed: int,
    work_dir: Path | None,
) -> tuple[Checkpoint, pd.DataFrame]:
    """Fit the network of pictures; its best weights by the metric on `valid`, and one history row an epoch."""
    facts = {"image": params.model.model_dump(mode="json"), "labels": list(train.names)}
    model = _new(IMAGE, facts, train.labels, seed)
    history = fit(
        model,
        _picture_batches(train, params),
        picture_loss,
        lambda module: metric(valid.labels, _image_logits(module, valid.pictures)),
        params.training,
        trainer,
        seed=seed,
        work_dir=work_dir,
        metric_name=metric_name,
    )
    return Checkpoint.of(model, IMAGE, facts, seed=seed), history


def fit_clips(
    images: Checkpoint,
    train: LabelledPictures,
    valid: LabelledPictures,
    params: ClipFitParams,
    trainer: TrainerParams,
    *,
    metric: Metric,
    metric_name: str,
    seed: int,
    work_dir: Path | None,
) -> tuple[Checkpoint, pd.DataFrame]:
    """Fit the network of clips on frames that the network of pictures reads; that one stays as it is."""
    facts = {**images.params, "clip": params.model.model_dump(mode="json")}
    model = _new(CLIP, facts, train.labels, seed)
    assert isinstance(model, ClipGru)
    model.frames.load_state_dict(images.restore(build_image_model).state_dict())
    model.frames.requires_grad_(requires_grad=False)
    read = _frame_codes(model.eval(), valid.pictures)
    history = fit(
        model,
        _clip_batches(_frame_codes(model, train.pictures), train, params.training.batch_size),
        clip_loss,
        lambda module: metric(valid.labels, _clip_logits(module, read, valid.pictures)),
        params.training,
        trainer,
        seed=seed,
        work_dir=work_dir,
        metric_name=metric_name,
    )
    return Checkpoint.of(model, CLIP, facts, seed=seed), history


def score_pictures(checkpoint: Checkpoint, pictures: Pictures) -> np.ndarray:
    """Raw scores (n, C) of pictures or clips, float32."""
    model = checkpoint.restore(build_image_model)
    if isinstance(model, ImageCnn):
        return _image_logits(model, pictures)
    return _clip_logits(model, _frame_codes(model, pictures), pictures)


def as_input(pictures: Pictures) -> np.ndarray:
    """Pictures as the network reads them, (n, 3, 32, 32) float32 in [0, 1]; of clips the first frame."""
    return np.asarray(_tensor(pictures.pixels[:, 0]).numpy())


def _new(architecture: str, facts: dict[str, Any], labels: np.ndarray, seed: int) -> ImageCnn | ClipGru:
    """A network whose weights follow from the seed and whose head starts at the frequency of each label."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = build_image_model(architecture, facts)
    share = (labels.sum(axis=0) + 0.5) / (len(labels) + 1.0)
    with torch.no_grad():
        model.head.bias.copy_(torch.from_numpy(logit(share)))
    return model


def _picture_batches(train: LabelledPictures, params: ImageFitParams) -> Batches:
    """One epoch of pictures in random order, each moved by some pixels and mirrored half of the time."""
    labels, size = torch.from_numpy(np.asarray(train.labels, dtype=np.float32)), params.training.batch_size

    def one_epoch(generator: np.random.Generator) -> Iterator[PictureBatch]:
        for rows in _orders(len(labels), size, generator):
            varied = _varied(train.pictures.pixels[rows, 0], params.shift, generator)
            yield PictureBatch(_tensor(varied), labels[torch.from_numpy(rows)])

    return one_epoch


def _clip_batches(codes: np.ndarray, train: LabelledPictures, size: int) -> Batches:
    labels = np.asarray(train.labels, dtype=np.float32)

    def one_epoch(generator: np.random.Generator) -> Iterator[ClipBatch]:
        for rows in _orders(len(labels), size, generator):
            is_frame = _is_frame(train.pictures.take(rows))
            yield ClipBatch(torch.from_numpy(codes[rows]), is_frame, torch.from_numpy(labels[rows]))

    return one_epoch


def _orders(n: int, size: int, generator: np.random.Generator) -> list[np.ndarray]:
    order = generator.permutation(n)
    return np.split(order, np.arange(size, n, size))


def _varied(pixels: np.ndarray, shift: int, generator: np.random.Generator) -> np.ndarray:
    """Pictures (B, 32, 32, 3) moved by up to `shift` pixels (edges repeated), half of them mirrored."""
    size = pixels.shape[1]
    padded = np.pad(pixels, ((0, 0), (shift, shift), (shift, shift), (0, 0)), mode="edge")
    down, across = generator.integers(0, 2 * shift + 1, size=(2, len(pixels)))
    rows, columns = (start[:, None] + np.arange(size) for start in (down, across))
    columns = np.where(generator.random((len(pixels), 1)) < 0.5, columns[:, ::-1], columns)
    return np.asarray(padded[np.arange(len(pixels))[:, None, None], rows[:, :, None], columns[:, None, :]])


def _tensor(pixels: np.ndarray) -> Tensor:
    """Pixels (..., 32, 32, 3) as colours first, (..., 3, 32, 32) in [0, 1]."""
    return torch.from_numpy(pixels).movedim(-1, -3).float() / 255.0


def _is_frame(pictures: Pictures) -> Tensor:
    return torch.from_numpy(np.arange(pictures.pixels.shape[1]) < pictures.n_frames[:, None])


@torch.no_grad()
def _image_logits(model: nn.Module, pictures: Pictures) -> np.ndarray:
    device = next(model.parameters()).device
    parts = [
        model(_tensor(pictures.pixels[start : start + _READ_AT_ONCE, 0]).to(device)).cpu().numpy()
        for start in range(0, len(pictures), _READ_AT_ONCE)
    ]
    n_labels: int = model.head.out_features  # type: ignore[assignment, union-attr]
    return np.concatenate([np.empty((0, n_labels), dtype=np.float32), *parts])


@torch.no_grad()
def _frame_codes(model: ClipGru, pictures: Pictures) -> np.ndarray:
    """Codes (n, F, H) of all frames."""
    device = model.head.weight.device
    parts = [
        model.read(_tensor(pictures.pixels[start : start + _READ_AT_ONCE]).to(device)).cpu().numpy()
        for start in range(0, len(pictures), _READ_AT_ONCE)
    ]
    hidden = model.frames.hidden.out_features
    return np.concatenate([np.empty((0, pictures.pixels.shape[1], hidden), dtype=np.float32), *parts])


@torch.no_grad()
def _clip_logits(model: nn.Module, codes: np.ndarray, pictures: Pictures) -> np.ndarray:
    if not len(pictures):
        return np.empty((0, model.head.out_features), dtype=np.float32)  # type: ignore[union-attr, arg-type]
    device = next(model.parameters()).device
    logits: np.ndarray = model(torch.from_numpy(codes).to(device), _is_frame(pictures).to(device)).cpu().numpy()
    return logits
