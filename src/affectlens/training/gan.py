"""How the generators of content vectors are fitted: conditions, batches, validation, and one entry for the family."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import pandas as pd
import torch
from pydantic import Field
from torch import nn

from affectlens.models.checkpoint import Checkpoint
from affectlens.models.gan.build import build_gan_model
from affectlens.models.gan.conditional import (
    ConditionalGenerator,
    ConditionedVectors,
    ConditionParams,
    GeneratorBatch,
    interest_of,
)
from affectlens.models.gan.gaussian import ConditionalGaussian, GaussianParams, fit_gaussian
from affectlens.models.gan.vae import ConditionalVae, VaeParams
from affectlens.models.gan.wgan import WganCritic, WganGenerator, WganParams
from affectlens.params import Params
from affectlens.training.adversarial import AdversarialLosses, AdversarialParams, fit_adversarial
from affectlens.training.gan_losses import VaeLossParams, WganLossParams, critic_loss, generator_loss, vae_loss
from affectlens.training.loop import TrainerParams, TrainingParams, Validate, fit

METRIC_NAME = "minus_joint_mmd2"
ACTIVE_VARIANCE = 0.01
N_VALIDATION_DRAWS = 2
HISTORY_COLUMNS = ("epoch", "train_loss", "valid_metric", "metric_name", "seconds")


class GaussianMember(Params):
    """The conditional Gaussian: closed form, no epochs."""

    kind: Literal["gaussian"]
    model: GaussianParams


class VaeMember(Params):
    """The conditional VAE."""

    kind: Literal["vae"]
    model: VaeParams
    loss: VaeLossParams
    training: TrainingParams


class WganMember(Params):
    """The conditional WGAN with gradient penalty."""

    kind: Literal["wgan"]
    model: WganParams
    loss: WganLossParams
    training: AdversarialParams


Member = Annotated[GaussianMember | VaeMember | WganMember, Field(discriminator="kind")]


@dataclass(frozen=True)
class GeneratorTask:
    """What every member is fitted on and judged by.

    Attributes:
        train: contents to imitate.
        valid: contents that the validation metric compares with.
        projection: (d, u) fixed projection that makes an interest.
        interest_noise: sd of the noise on the interest of a training content.
        distance: (real, generated) rows -> a distance that vanishes in the mean for equal laws, such as MMD².
        seed: seed of weights, order and noise.
    """

    train: ConditionedVectors
    valid: ConditionedVectors
    projection: np.ndarray
    interest_noise: float
    distance: Callable[[np.ndarray, np.ndarray], float]
    seed: int


def condition_contents(
    vectors: np.ndarray, emotion: np.ndarray, projection: np.ndarray, params: ConditionParams, seed: int
) -> ConditionedVectors:
    """Contents with their own noisy projection as interest.

    A content has no user, so its own place stands in for the taste of the people that it suits; the noise says how
    little a taste tells of one content, and keeps a generator from copying its condition.
    """
    interest = interest_of(vectors, projection)
    interest = interest + np.random.default_rng(seed).normal(0.0, params.interest_noise, interest.shape)
    return ConditionedVectors(*(np.asarray(part, dtype=np.float32) for part in (vectors, emotion, interest)))


def fit_generator(
    member: Member, task: GeneratorTask, trainer: TrainerParams, work_dir: Path | None
) -> tuple[Checkpoint, pd.DataFrame]:
    """Fit one member: its best weights, and one history row an epoch (a closed form has one)."""
    sizes = {
        "n_emotions": task.train.emotion.shape[1],
        "vector_size": task.train.vectors.shape[1],
        "interest_size": task.projection.shape[1],
    }
    if not isinstance(member, GaussianMember):
        sizes |= member.model.model_dump()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(task.seed)
        model = build_gan_model(member.kind, sizes)
        model.projection.copy_(torch.from_numpy(task.projection))
        model.mean_interest.copy_(torch.from_numpy(interest_of(task.train.vectors, task.projection).mean(axis=0)))
        history = _fit_member(model, member, task, trainer, work_dir)
    facts: dict[str, Any] = {"seed": task.seed, "n_train": len(task.train), "metric_name": METRIC_NAME}
    facts["valid_metric"] = float(history["valid_metric"].max())
    if isinstance(model, ConditionalVae):
        facts["active_units"] = active_units(model, task.train)
    return Checkpoint.of(model, member.kind, sizes, **facts), history


def _fit_member(
    model: nn.Module, member: Member, task: GeneratorTask, trainer: TrainerParams, work_dir: Path | None
) -> pd.DataFrame:
    validate: Validate = functools.partial(minus_distance, task=task)
    options: dict[str, Any] = {"seed": task.seed, "work_dir": work_dir, "metric_name": METRIC_NAME}
    match member, model:
        case GaussianMember(), ConditionalGaussian():
            loss = fit_gaussian(model, task.train, member.model)
            return pd.DataFrame([(1, loss, validate(model), METRIC_NAME, 0.0)], columns=list(HISTORY_COLUMNS))
        case VaeMember(), ConditionalVae():
            batches = EpochBatches(task, member.training.batch_size)
            loss_of = functools.partial(vae_loss, params=member.loss)
            return fit(model, batches, loss_of, validate, member.training, trainer, **options)
        case WganMember(), WganGenerator():
            batches = EpochBatches(task, member.training.steps.batch_size)
            critic = WganCritic(model.n_emotions, model.vector_size, model.interest_size, member.model.hidden_size)
            losses = AdversarialLosses(
                generator=functools.partial(generator_loss, params=member.loss),
                critic=functools.partial(critic_loss, params=member.loss),
            )
            return fit_adversarial(model, critic, batches, losses, validate, member.training, trainer, **options)
    raise TypeError(f"a {member.kind} member cannot fit a {type(model).__name__}")


class EpochBatches:
    """The batches of one epoch: every content once, in an order drawn from the generator that it is called with.

    Each epoch draws new noise on the interests, so that no critic learns one pair of content and interest by heart.
    A last batch of fewer than two contents is left out.
    """

    def __init__(self, task: GeneratorTask, batch_size: int) -> None:
        self._vectors, self._emotion = torch.from_numpy(task.train.vectors), torch.from_numpy(task.train.emotion)
        self._interest = interest_of(task.train.vectors, task.projection)
        self._noise, self._batch_size = task.interest_noise, batch_size

    def __call__(self, generator: np.random.Generator) -> Iterator[GeneratorBatch]:
        """Batches in a fresh order."""
        order = torch.from_numpy(generator.permutation(len(self._vectors)))
        noise = generator.normal(0.0, self._noise, self._interest.shape)
        interest = torch.from_numpy((self._interest + noise).astype(np.float32))
        for start in range(0, len(order) - 1, self._batch_size):
            rows = order[start : start + self._batch_size]
            yield GeneratorBatch(self._vectors[rows], self._emotion[rows], interest[rows])


def minus_distance(model: nn.Module, task: GeneratorTask) -> float:
    """Minus the distance between real and generated validation contents, each together with its condition.

    The distance sees (vector, emotion, interest), so a generator that ignores its condition is far away even when the
    mix of its vectors is right. Noise is the same at every call.
    """
    condition = np.concatenate([task.valid.emotion, task.valid.interest], axis=1)
    real = np.concatenate([task.valid.vectors, condition], axis=1)
    draws = np.random.default_rng(task.seed)
    fakes = [_sampled(model, task.valid, draws) for _ in range(N_VALIDATION_DRAWS)]
    distances = [task.distance(real, np.concatenate([fake, condition], axis=1)) for fake in fakes]
    return -float(np.mean(distances))


def _sampled(model: nn.Module, contents: ConditionedVectors, draws: np.random.Generator) -> np.ndarray:
    """One vector (n, d) for each condition."""
    if not isinstance(model, ConditionalGenerator):
        raise TypeError(f"only a ConditionalGenerator can be sampled, got {type(model).__name__}")
    noise = draws.standard_normal((len(contents), model.noise_size), dtype=np.float32)
    device = model.projection.device
    parts = (torch.from_numpy(part).to(device) for part in (contents.emotion, contents.interest, noise))
    with torch.no_grad():
        vectors: np.ndarray = model.sample(*parts).cpu().numpy()
    return vectors


def active_units(model: ConditionalVae, contents: ConditionedVectors) -> int:
    """How many latent numbers carry information: the variance of their posterior mean exceeds 0.01.

    None active means posterior collapse. Source: Burda et al. 2016, arXiv:1509.00519.
    """
    parts = (torch.from_numpy(part) for part in (contents.vectors, contents.emotion, contents.interest))
    with torch.no_grad():
        mu = model(*parts).mu
    return int((mu.var(dim=0) > ACTIVE_VARIANCE).sum())
