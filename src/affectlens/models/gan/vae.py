"""The conditional variational autoencoder of content vectors."""

from __future__ import annotations

from typing import NamedTuple

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.func import functional_call

from affectlens.models.gan.conditional import ConditionalGenerator, perceptron
from affectlens.params import Params


class VaeParams(Params):
    """Sizes of the conditional VAE."""

    hidden_size: int = Field(ge=1)
    latent_size: int = Field(ge=1)


class VaeOutput(NamedTuple):
    """One pass of the autoencoder.

    Attributes:
        reconstruction: (B, d) mean of p(g | z, c).
        log_var: (d,) log variance of p(g | z, c), the same for every content.
        mu: (B, l) mean of q(z | g, c).
        latent_log_var: (B, l) log variance of q(z | g, c).
        logits: (B, C) emotions that the head reads off the content.
        reconstruction_logits: (B, C) emotions that it reads off the reconstruction, its own weights held fixed.
    """

    reconstruction: Tensor
    log_var: Tensor
    mu: Tensor
    latent_log_var: Tensor
    logits: Tensor
    reconstruction_logits: Tensor

    def kl(self) -> Tensor:
        """KL(q(z | g, c) || N(0, I)) in nats, (B, l)."""
        return 0.5 * (self.mu**2 + self.latent_log_var.exp() - 1.0 - self.latent_log_var)


# Shapes: B contents, d vector size, C emotions, u interest size, l latent size.
class ConditionalVae(ConditionalGenerator):
    """Conditional VAE with Gaussian decoder (Sohn et al. 2015, "Learning Structured Output Representation").

    Departs from it in the prior, which does not depend on the condition, and in a linear path from (z, c) beside the
    hidden layers of the decoder. `batches_seen` counts training passes, for the warm-up of the KL term.
    """

    batches_seen: Tensor

    def __init__(
        self, n_emotions: int, vector_size: int, interest_size: int, hidden_size: int, latent_size: int
    ) -> None:
        super().__init__(n_emotions, vector_size, interest_size)
        condition_size = n_emotions + interest_size
        self.latent_size = latent_size
        self.noise_size = latent_size + vector_size
        self.register_buffer("batches_seen", torch.zeros((), dtype=torch.int64))
        self.encode = perceptron(
            (vector_size + condition_size, hidden_size, hidden_size, 2 * latent_size), normalise=True
        )
        self.decode = perceptron((latent_size + condition_size, hidden_size, hidden_size, vector_size), normalise=True)
        self.decode_linear = nn.Linear(latent_size + condition_size, vector_size, bias=False)
        self.log_var = nn.Parameter(torch.zeros(vector_size))
        self.recognise = nn.Linear(vector_size, n_emotions)

    def forward(self, vectors: Tensor, emotion: Tensor, interest: Tensor) -> VaeOutput:
        """Encode vectors (B, d) with their condition, draw one latent each, decode."""
        if self.training:
            self.batches_seen += 1
        mu, latent_log_var = self.encode(torch.cat([vectors, emotion, interest], dim=1)).chunk(2, dim=1)  # (B, l)
        latent = mu + torch.exp(0.5 * latent_log_var) * torch.randn_like(mu)
        reconstruction = self._decoded(latent, emotion, interest)
        frozen = {name: parameter.detach() for name, parameter in self.recognise.named_parameters()}
        reconstruction_logits = functional_call(self.recognise, frozen, (reconstruction,))
        logits = self.recognise(vectors)
        return VaeOutput(reconstruction, self.log_var, mu, latent_log_var, logits, reconstruction_logits)

    def sample(self, emotion: Tensor, interest: Tensor, noise: Tensor) -> Tensor:
        """Content vectors (B, d): noise (B, l + d) is the latent and the noise of the decoder."""
        latent, residual = noise[:, : self.latent_size], noise[:, self.latent_size :]
        vectors: Tensor = self._decoded(latent, emotion, interest) + torch.exp(0.5 * self.log_var) * residual
        return vectors

    def _decoded(self, latent: Tensor, emotion: Tensor, interest: Tensor) -> Tensor:
        given = torch.cat([latent, emotion, interest], dim=1)
        decoded: Tensor = self.decode(given) + self.decode_linear(given)
        return decoded
