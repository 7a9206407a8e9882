"""The losses of the generators of content vectors."""

from __future__ import annotations

from typing import Any

import torch
from pydantic import Field
from torch import Tensor
from torch.nn.functional import cosine_similarity, cross_entropy

from affectlens.models.gan.conditional import GeneratorBatch
from affectlens.models.gan.vae import VaeOutput
from affectlens.params import Params

# A module, or Fabric's wrapper of it: the wrapper shows the same attributes, but not to the type checker.
Wrapped = Any


class VaeLossParams(Params):
    """Weights of the terms of the VAE's loss."""

    warmup_batches: int = Field(ge=1, description="batches over which the weight of the KL term grows to kl_weight")
    kl_weight: float = Field(gt=0)
    free_bits: float = Field(ge=0, description="nats of KL that cost nothing, for each latent number")
    emotion_weight: float = Field(ge=0, description="weight of the emotion that a head reads off a reconstruction")


class WganLossParams(Params):
    """Weights of the terms of the adversarial losses."""

    gradient_penalty: float = Field(ge=0)
    emotion_weight: float = Field(ge=0, description="weight of the emotion that the head reads off a generated vector")
    interest_weight: float = Field(ge=0, description="weight of 1 - cos(projected generated vector, interest)")


def vae_loss(model: Wrapped, batch: GeneratorBatch, params: VaeLossParams) -> Tensor:
    """Negative evidence bound in nats a content, with KL warm-up and free bits, plus the emotion terms.

    The emotion head learns from real vectors only; through the reconstruction it teaches the decoder. Free bits are
    those of Kingma et al. 2016, arXiv:1606.04934.
    """
    output: VaeOutput = model(batch.vectors, batch.emotion, batch.interest)
    squared = (batch.vectors - output.reconstruction) ** 2 * torch.exp(-output.log_var)
    reconstruction = 0.5 * (squared + output.log_var).sum(dim=1).mean()
    kl = output.kl().mean(dim=0).clamp(min=params.free_bits).sum()
    warm = torch.clamp(model.batches_seen / params.warmup_batches, max=1.0)
    learned = cross_entropy(output.logits, batch.emotion)
    taught = cross_entropy(output.reconstruction_logits, batch.emotion)
    loss: Tensor = reconstruction + params.kl_weight * warm * kl + learned + params.emotion_weight * taught
    return loss


def flow_loss(model: Wrapped, batch: GeneratorBatch) -> Tensor:
    """Mean squared error of the velocity on straight paths from noise to contents (Lipman et al. 2023)."""
    noise = torch.randn_like(batch.vectors)
    time = torch.rand(len(noise), device=noise.device)
    points = time[:, None] * batch.vectors + (1.0 - time[:, None]) * noise
    velocity = model(points, time, batch.emotion, batch.interest)
    loss: Tensor = ((velocity - (batch.vectors - noise)) ** 2).mean()
    return loss


def critic_loss(generator: Wrapped, critic: Wrapped, batch: GeneratorBatch, params: WganLossParams) -> Tensor:
    """E[D(fake)] - E[D(real)], the gradient penalty, and the cross-entropy of the emotion head on real vectors."""
    with torch.no_grad():
        fake = _generated(generator, batch)
    fake_score, _ = critic(fake, batch.emotion, batch.interest)
    real_score, logits = critic(batch.vectors, batch.emotion, batch.interest)
    penalty = _gradient_penalty(critic, batch, fake)
    recognition = cross_entropy(logits, batch.emotion)
    loss: Tensor = fake_score.mean() - real_score.mean() + params.gradient_penalty * penalty + recognition
    return loss


def generator_loss(generator: Wrapped, critic: Wrapped, batch: GeneratorBatch, params: WganLossParams) -> Tensor:
    """-E[D(fake)], the cross-entropy of the asked emotion, and 1 - cos of the asked interest."""
    fake = _generated(generator, batch)
    score, logits = critic(fake, batch.emotion, batch.interest)
    emotion = cross_entropy(logits, batch.emotion)
    interest = 1.0 - cosine_similarity(fake @ generator.projection, batch.interest, dim=1).mean()
    loss: Tensor = params.emotion_weight * emotion + params.interest_weight * interest - score.mean()
    return loss


def _generated(generator: Wrapped, batch: GeneratorBatch) -> Tensor:
    noise = torch.randn(len(batch.vectors), generator.noise_size, device=batch.vectors.device)
    fake: Tensor = generator(batch.emotion, batch.interest, noise)
    return fake


def _gradient_penalty(critic: Wrapped, batch: GeneratorBatch, fake: Tensor) -> Tensor:
    """Mean squared distance from 1 of the gradient's norm between real and fake (Gulrajani et al. 2017).

    Always in single precision: Fabric's wrapper refuses a second backward pass under mixed precision.
    """
    share = torch.rand(len(fake), 1, device=fake.device)
    between = (share * batch.vectors + (1.0 - share) * fake).requires_grad_()
    single: Any = getattr(critic, "module", critic)
    score, _ = single(between, batch.emotion, batch.interest)
    (gradient,) = torch.autograd.grad(score.sum(), between, create_graph=True)
    penalty: Tensor = ((gradient.norm(dim=1) - 1.0) ** 2).mean()
    return penalty
