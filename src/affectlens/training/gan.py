"""How the generators of content vectors are fitted: conditions, validation, and one entry for the family."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from pydantic import Field
from torch import nn

from affectlens.models.checkpoint import Checkpoint
from affectlens.models.gan.build import build_gan_model
from affectlens.models.gan.conditional import ConditionalGenerator, ConditionedVectors, ConditionParams, interest_of
from affectlens.models.gan.gaussian import ConditionalGaussian, fit_gaussian
from affectlens.models.gan.mixture import ConditionalMixture, fit_mixture, load_mixture
from affectlens.models.gan.vae import ConditionalVae
from affectlens.models.gan.wgan import WganCritic
from affectlens.params import Params
from affectlens.training.adversarial import AdversarialLosses, fit_adversarial
from affectlens.training.collapse import CollapseParams, CollapseWatch
from affectlens.training.gan_batches import EpochBatches
from affectlens.training.gan_losses import critic_loss, flow_loss, generator_loss, vae_loss
from affectlens.training.gan_members import (
    FlowMember,
    GaussianMember,
    Member,
    MixtureMember,
    VaeMember,
    WganMember,
)
from affectlens.training.loop import TrainerParams, fit

METRIC_NAME = "minus_joint_mmd2"
ACTIVE_VARIANCE = 0.01
N_VALIDATION_DRAWS, N_VALIDATION_ROWS = 2, 1000
HISTORY_COLUMNS = ("epoch", "train_loss", "valid_metric", "metric_name", "seconds")


class FittingParams(Params):
    """What the fits of all members share."""

    minority_share: float = Field(
        ge=0, le=1, description="least share of an epoch that an emotion gets, over that of an even split"
    )
    collapse: CollapseParams


@dataclass(frozen=True)
class GeneratorTask:
    """What every member is fitted on and judged by.

    Attributes:
        train: contents to imitate.
        valid: contents that the validation metric compares with.
        projection: (d, u) fixed projection that makes an interest.
        interest_noise: sd of the noise on the interest of a training content.
        fitting: sampling of emotions, and when a fit has collapsed.
        distance: real rows -> (generated rows -> a distance that vanishes in the mean for equal laws, such as MMD²).
        seed: seed of weights, order and noise.
    """

    train: ConditionedVectors
    valid: ConditionedVectors
    projection: np.ndarray
    interest_noise: float
    fitting: FittingParams
    distance: Callable[[np.ndarray], Callable[[np.ndarray], float]]
    seed: int

    def batches(self, batch_size: int) -> EpochBatches:
        """The epochs of this task."""
        return EpochBatches(self.train, self.projection, self.interest_noise, self.fitting.minority_share, batch_size)

    def build(self, kind: str, sizes: dict[str, Any]) -> tuple[ConditionalGenerator, dict[str, Any]]:
        """A fresh member of the family that knows its interests, and the params that rebuild it."""
        params = {
            "n_emotions": self.train.emotion.shape[1],
            "vector_size": self.train.vectors.shape[1],
            "interest_size": self.projection.shape[1],
        } | sizes
        model = build_gan_model(kind, params)
        model.projection.copy_(torch.from_numpy(self.projection))
        model.mean_interest.copy_(torch.from_numpy(interest_of(self.train.vectors, self.projection).mean(axis=0)))
        return model, params


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
    """Fit one member: its best weights, and one history row an epoch (a closed form has one).

    Raises:
        CollapseError: its vectors have collapsed for good.
        FloatingPointError: a loss is not finite.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(task.seed)
        if isinstance(member, GaussianMember | MixtureMember):
            model, params, history = _fit_in_closed_form(member, task)
        else:
            model, params = task.build(member.kind, member.model.model_dump())
            history = _fit_by_gradient(model, member, task, trainer, work_dir)
    facts: dict[str, Any] = {"seed": task.seed, "n_train": len(task.train), "metric_name": METRIC_NAME}
    facts["member"] = member.model_dump()
    facts["mean_emotion"] = task.train.emotion.mean(axis=0).tolist()
    facts["valid_metric"] = float(history["valid_metric"].max())
    if isinstance(model, ConditionalVae):
        facts["active_units"] = active_units(model, task.train)
    return Checkpoint.of(model, member.kind, params, **facts), history


def _fit_in_closed_form(
    member: GaussianMember | MixtureMember, task: GeneratorTask
) -> tuple[ConditionalGenerator, dict[str, Any], pd.DataFrame]:
    started = time.perf_counter()
    if isinstance(member, MixtureMember):
        fitted = fit_mixture(task.train, task.valid, task.projection, task.interest_noise, member.model, task.seed)
        model, params = task.build("mixture", {"n_components": len(fitted.weights["center"])})
        assert isinstance(model, ConditionalMixture)
        load_mixture(model, fitted)
        loss = fitted.train_loss
    else:
        model, params = task.build("gaussian", {})
        assert isinstance(model, ConditionalGaussian)
        loss = fit_gaussian(model, task.train, member.model)
    seconds = time.perf_counter() - started
    row = (1, loss, Validation(task, None)(model), METRIC_NAME, seconds)
    return model, params, pd.DataFrame([row], columns=list(HISTORY_COLUMNS))


def _fit_by_gradient(
    model: ConditionalGenerator,
    member: VaeMember | WganMember | FlowMember,
    task: GeneratorTask,
    trainer: TrainerParams,
    work_dir: Path | None,
) -> pd.DataFrame:
    options: dict[str, Any] = {"seed": task.seed, "work_dir": work_dir, "metric_name": METRIC_NAME}
    watch = CollapseWatch(task.fitting.collapse, task.valid.vectors, member.kind)
    if isinstance(member, WganMember):
        critic = WganCritic(
            model.n_emotions, model.vector_size, model.interest_size, member.model.hidden_size,
            spectral_norm=member.spectral_norm,
        )  # fmt: skip
        losses = AdversarialLosses(
            generator=functools.partial(generator_loss, params=member.loss),
            critic=functools.partial(critic_loss, params=member.loss),
        )
        batches, validate = task.batches(member.training.steps.batch_size), Validation(task, watch, critic)
        return fit_adversarial(model, critic, batches, losses, validate, member.training, trainer, **options)
    loss = functools.partial(vae_loss, params=member.loss) if isinstance(member, VaeMember) else flow_loss
    batches = task.batches(member.training.batch_size)
    return fit(model, batches, loss, Validation(task, watch), member.training, trainer, **options)


class Validation:
    """Minus the distance between real and generated validation contents, each together with its condition.

    The distance sees (vector, emotion, interest), so a generator that ignores its condition is far away even when the
    mix of its vectors is right. Noise is the same at every call. A watch stops a fit whose vectors have collapsed.
    """

    def __init__(self, task: GeneratorTask, watch: CollapseWatch | None, critic: nn.Module | None = None) -> None:
        valid, most = task.valid, N_VALIDATION_ROWS
        self._valid = ConditionedVectors(valid.vectors[:most], valid.emotion[:most], valid.interest[:most])
        self._condition = np.concatenate([self._valid.emotion, self._valid.interest], axis=1)
        self._distance = task.distance(np.concatenate([self._valid.vectors, self._condition], axis=1))
        self._watch, self._critic, self._seed = watch, critic, task.seed

    def __call__(self, model: nn.Module) -> float:
        """The metric of a generator; higher is better."""
        draws = np.random.default_rng(self._seed)
        fakes = [_sampled(model, self._valid, draws) for _ in range(N_VALIDATION_DRAWS)]
        if self._watch is not None:
            units = active_units(model, self._valid) if isinstance(model, ConditionalVae) else None
            self._watch.look(fakes[0], units, self._critic_gap(fakes[0]))
        distances = [self._distance(np.concatenate([fake, self._condition], axis=1)) for fake in fakes]
        return -float(np.mean(distances))

    def _critic_gap(self, fake: np.ndarray) -> float | None:
        if self._critic is None:
            return None
        device = next(self._critic.parameters()).device
        condition = [torch.from_numpy(part).to(device) for part in (self._valid.emotion, self._valid.interest)]
        vectors = (torch.from_numpy(part).to(device) for part in (self._valid.vectors, fake))
        with torch.no_grad():
            real_score, fake_score = (self._critic(each, *condition)[0].mean() for each in vectors)
        return float(real_score - fake_score)


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
    device = model.projection.device
    parts = (torch.from_numpy(part).to(device) for part in (contents.vectors, contents.emotion, contents.interest))
    with torch.no_grad():
        mu = model(*parts).mu
    return int((mu.var(dim=0) > ACTIVE_VARIANCE).sum())
