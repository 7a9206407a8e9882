"""How the decoder of pictures and clips is fitted: media as batches with their emotion, losses, validation."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
import pandas as pd
import torch
from pydantic import Field, model_validator
from torch import Tensor, nn
from torch.nn.functional import relu

from affectlens.models.checkpoint import Checkpoint
from affectlens.models.gan.drawing import draw_pictures, drawn_noise
from affectlens.models.gan.picture import PictureCritic, PictureOutput, PictureParams, PictureVae
from affectlens.params import Params
from affectlens.training.adversarial import AdversarialLosses, AdversarialParams, fit_adversarial
from affectlens.training.loop import TrainerParams
from affectlens.training.samples import picture_grid, sampled_rows
from affectlens.training.state import event_writer

METRIC_NAME = "minus_joint_mmd2"
ARCHITECTURE = "picture_decoder"


class PictureLossParams(Params):
    """Weights of the terms of the autoencoder's loss; the reconstruction of a pixel weighs 1 / (2 pixel_sd²)."""

    pixel_sd: float = Field(gt=0, description="sd of a pixel around its reconstruction, in shares of full brightness")
    kl_weight: float = Field(gt=0)
    critic_weight: float = Field(ge=0, description="weight of what the critic says, against nats a pixel")


class PictureDecoderMember(Params):
    """The decoder of pictures, or of clips."""

    form: Literal["image", "clip"]
    model: PictureParams
    loss: PictureLossParams
    training: AdversarialParams

    @model_validator(mode="after")
    def _a_clip_moves(self) -> Self:
        if (self.form == "clip") != (self.model.n_motions > 0):
            raise ValueError(
                f"n_motions is {self.model.n_motions} for {self.form}s; set 0 for images, 1 or more for clips"
            )
        return self


@dataclass
class PictureBatch:
    """Pictures (B, F * 3, 32, 32) in [0, 1] and their condition (B, c)."""

    pictures: Tensor
    condition: Tensor

    def to(self, device: torch.device) -> PictureBatch:
        """The same batch on a device."""
        return PictureBatch(self.pictures.to(device), self.condition.to(device))


@dataclass(frozen=True)
class FeltPictures:
    """Pictures or clips with their emotion.

    Attributes:
        frames: (n, F, 32, 32, 3) float32 in [0, 1].
        condition: (n, c) what they are decoded from.
    """

    frames: np.ndarray
    condition: np.ndarray

    def as_channels(self) -> Tensor:
        """Frames as channels (n, F * 3, 32, 32)."""
        n, n_frames, height, width, depth = self.frames.shape
        turned = np.ascontiguousarray(self.frames.transpose(0, 1, 4, 2, 3))
        return torch.from_numpy(turned.reshape(n, n_frames * depth, height, width))

    def batches(self, batch_size: int, generator: np.random.Generator) -> Iterator[PictureBatch]:
        """One epoch in a fresh order; a last batch of fewer than two is left out."""
        pictures, condition = self.as_channels(), torch.from_numpy(np.asarray(self.condition, dtype=np.float32))
        order = torch.from_numpy(generator.permutation(len(pictures)))
        for start in range(0, len(order) - 1, batch_size):
            rows = order[start : start + batch_size]
            yield PictureBatch(pictures[rows], condition[rows])


def fit_picture_decoder(
    member: PictureDecoderMember,
    train: FeltPictures,
    valid: FeltPictures,
    distance: Callable[[np.ndarray], Callable[[np.ndarray], float]],
    trainer: TrainerParams,
    *,
    seed: int,
    work_dir: Path | None,
) -> tuple[Checkpoint, pd.DataFrame]:
    """Fit the pair; the averaged autoencoder of its best epoch, and one history row an epoch.

    Args:
        member: sizes, losses and pace.
        train: media to imitate.
        valid: media that the validation metric compares with.
        distance: as in `GeneratorTask`.
        trainer: device and precision.
        seed: seed of weights, order and noise.
        work_dir: folder of events and of an unfinished fit.
    """
    sizes = {
        "n_frames": train.frames.shape[1], "condition_size": train.condition.shape[1], **member.model.model_dump(),
    }  # fmt: skip
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        vae = PictureVae(**sizes)
        critic = PictureCritic(sizes["n_frames"], sizes["condition_size"], member.model.channels)
        losses = AdversarialLosses(
            generator=functools.partial(picture_loss, params=member.loss), critic=picture_critic_loss
        )
        batches = functools.partial(train.batches, member.training.steps.batch_size)
        history = fit_adversarial(
            vae, critic, batches, losses, PictureValidation(valid, distance, seed), member.training, trainer,
            seed=seed, work_dir=work_dir, metric_name=METRIC_NAME,
        )  # fmt: skip
    facts = {"seed": seed, "n_train": len(train.frames), "metric_name": METRIC_NAME}
    facts |= {"valid_metric": float(history["valid_metric"].max())}
    checkpoint, rows = Checkpoint.of(vae, ARCHITECTURE, sizes, **facts), sampled_rows(len(valid.frames))
    drawn = draw_pictures(checkpoint, valid.condition[rows], seed)
    with event_writer(work_dir) as events:
        events({"samples/real_above_drawn": picture_grid(valid.frames[rows], drawn)}, len(history))
    return checkpoint, history


def picture_loss(vae: Any, critic: Any, batch: PictureBatch, params: PictureLossParams) -> Tensor:
    """Negative evidence bound in nats a pixel, and what the critic says of decoded latents, posterior and prior."""
    output: PictureOutput = vae(batch.pictures, batch.condition)
    n_pixels = batch.pictures[0].numel()
    squared = ((batch.pictures - output.reconstruction) ** 2).mean() / (2.0 * params.pixel_sd**2)
    kl = output.kl.mean() / n_pixels
    decoded = torch.cat([output.reconstruction, output.drawn])
    said = 2.0 * critic(decoded, torch.cat([batch.condition, batch.condition])).mean()
    loss: Tensor = squared + params.kl_weight * kl - params.critic_weight * said
    return loss


def picture_critic_loss(vae: Any, critic: Any, batch: PictureBatch) -> Tensor:
    """Hinge loss (Lim & Ye 2017): real above 1, drawn below -1, and real pictures of another condition below -1."""
    with torch.no_grad():
        drawn = vae(None, batch.condition)
    condition = batch.condition
    shown = torch.cat([batch.pictures, drawn, batch.pictures])
    scores = critic(shown, torch.cat([condition, condition, condition.roll(1, dims=0)]))
    real, fake, swapped = scores.chunk(3)
    loss: Tensor = relu(1.0 - real).mean() + 0.5 * (relu(1.0 + fake).mean() + relu(1.0 + swapped).mean())
    return loss


class PictureValidation:
    """Minus the distance between real and decoded validation pictures at half size, each with its condition."""

    def __init__(
        self, valid: FeltPictures, distance: Callable[[np.ndarray], Callable[[np.ndarray], float]], seed: int
    ) -> None:
        pictures = valid.as_channels()
        self._condition = torch.from_numpy(np.asarray(valid.condition, dtype=np.float32))
        self._scale = float(_small(pictures).std(axis=0).mean() * _small(pictures).shape[1] ** 0.5)
        self._distance, self._seed = distance(self._joined(pictures)), seed

    def _joined(self, pictures: Tensor) -> np.ndarray:
        """Pixels and condition side by side, both with about unit spread a row."""
        return np.concatenate([_small(pictures) / self._scale, self._condition.numpy()], axis=1)

    def __call__(self, vae: nn.Module) -> float:
        """The metric of a decoder; higher is better."""
        assert isinstance(vae, PictureVae)
        device = next(vae.parameters()).device
        latent = vae.latent(*(each.to(device) for each in drawn_noise(vae, len(self._condition), self._seed)))
        return -self._distance(self._joined(vae.decode(self._condition.to(device), latent).cpu()))


def _small(pictures: Tensor) -> np.ndarray:
    pooled: np.ndarray = nn.functional.avg_pool2d(pictures, 4).flatten(1).detach().numpy()
    return pooled
