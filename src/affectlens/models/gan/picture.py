"""A decoder of emotions into pictures and clips of 32 x 32 pixels: a variational autoencoder with a critic."""

from __future__ import annotations

from typing import NamedTuple

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn.functional import group_norm, leaky_relu, pixel_shuffle
from torch.nn.utils.parametrizations import spectral_norm

from affectlens.params import Params

SIZE = 32
_SMALLEST = 4  # pixels a side where the encoder ends
_GROUPS = 4  # of feature maps whose scale is taken away before the latent gives one
_OPENED = 8  # pixels a side where the decoder begins


class PictureParams(Params):
    """Sizes of the picture decoder and its critic."""

    channels: int = Field(
        ge=8, multiple_of=8, description="channels of the widest feature map; narrower ones have half, a quarter"
    )
    latent_size: int = Field(ge=1)
    n_kinds: int = Field(ge=1, description="components of the learnt prior of the latent: kinds of picture")
    n_motions: int = Field(ge=0, description="pictures of change that a clip adds to its picture at rest; 0 for stills")


class PictureOutput(NamedTuple):
    """One pass of the autoencoder.

    Attributes:
        reconstruction: (B, F * 3, 32, 32) decoded from the pictures' own latents.
        drawn: (B, F * 3, 32, 32) decoded from latents of the prior.
        kl: (B,) log q(z | picture, condition) - log p(z) in nats, at the latent that was decoded.
    """

    reconstruction: Tensor
    drawn: Tensor
    kl: Tensor


# Shapes: B pictures, F frames, c condition size, l latent size, w channels.
class PictureVae(nn.Module):
    """Convolutional VAE-GAN (Larsen et al. 2016, arXiv:1512.09300), conditional; frames of a clip are channels.

    Departs from it in reconstructing pixels rather than a critic's features, which are too few here. A clip is one
    picture at rest and a few pictures of change, drawn from latent and condition; how much of each change a frame shows
    is told by the condition alone, so that how a clip moves follows the emotion. The prior of the latent is a learnt
    mixture (Tomczak & Welling 2018, arXiv:1705.07120), for pictures come in kinds with nothing between them.
    """

    def __init__(
        self, n_frames: int, condition_size: int, channels: int, latent_size: int, n_kinds: int, n_motions: int
    ) -> None:
        super().__init__()
        self.n_frames, self.condition_size, self.latent_size = n_frames, condition_size, latent_size
        depth, narrow, half = 3 * n_frames, channels // 4, channels // 2
        self.look = nn.Sequential(
            _down(depth, narrow), nn.LeakyReLU(0.2), _down(narrow, half), nn.LeakyReLU(0.2), _down(half, channels)
        )
        self.kind_logit = nn.Parameter(torch.zeros(n_kinds))
        self.kind_mean = nn.Parameter(torch.randn(n_kinds, latent_size))
        self.kind_log_var = nn.Parameter(torch.zeros(n_kinds, latent_size))
        asked = latent_size + condition_size
        self.posterior = nn.Linear(channels * _SMALLEST**2 + condition_size, 2 * latent_size)
        self.open = nn.Linear(asked, channels * _OPENED**2)
        # Each puts four channels where one pixel was (Shi et al. 2016, arXiv:1609.05158): a fraction of the time that a
        # transposed convolution takes on a CPU.
        self.widen = nn.ModuleList([_same(channels, 4 * half), _same(half, 4 * 3 * (1 + n_motions))])
        # Every feature map is scaled and shifted (Perez et al. 2018, arXiv:1709.07871).
        self.film = nn.ModuleList([nn.Linear(asked, 2 * width) for width in (channels, half)])
        self.course = nn.Linear(condition_size, n_frames * n_motions) if n_motions else None

    def forward(self, pictures: Tensor | None, condition: Tensor) -> Tensor | PictureOutput:
        """Encode pictures (B, F * 3, 32, 32) in [0, 1] with their condition (B, c); decode a latent, and one drawn.

        Without pictures only what is drawn comes back, which is all that a critic learns from.
        """
        n = len(condition)
        drawn = self.latent(torch.rand(n, device=condition.device), torch.randn(n, self.latent_size).to(condition))
        if pictures is None:
            return self.decode(condition, drawn)
        features = leaky_relu(self.look(pictures), 0.2).flatten(1)
        mu, log_var = self.posterior(torch.cat([features, condition], dim=1)).chunk(2, dim=1)
        noise = torch.randn_like(mu)
        latent = mu + torch.exp(0.5 * log_var) * noise
        kl = -0.5 * (noise**2 + log_var).sum(dim=1) - self._log_prior(latent)
        both = self.decode(torch.cat([condition, condition]), torch.cat([latent, drawn]))
        reconstruction, drawn = both.chunk(2)
        return PictureOutput(reconstruction, drawn, kl)

    def latent(self, kind: Tensor, noise: Tensor) -> Tensor:
        """Latents (B, l) of the prior from numbers (B,) in [0, 1], which choose a kind, and normal noise (B, l)."""
        passed = self.kind_logit.softmax(dim=0).cumsum(dim=0)
        chosen = torch.searchsorted(passed, kind).clamp(max=len(passed) - 1)
        return self.kind_mean[chosen] + torch.exp(0.5 * self.kind_log_var[chosen]) * noise

    def _log_prior(self, latent: Tensor) -> Tensor:
        """Log density (B,) of latents (B, l) under the prior, without the constant that the posterior shares."""
        squared = (latent[:, None] - self.kind_mean) ** 2 / self.kind_log_var.exp()  # (B, J, l)
        within = -0.5 * (squared + self.kind_log_var).sum(dim=2)
        return torch.logsumexp(self.kind_logit.log_softmax(dim=0) + within, dim=1)

    def decode(self, condition: Tensor, latent: Tensor) -> Tensor:
        """Pictures (B, F * 3, 32, 32) in [0, 1] from condition (B, c) and latent (B, l)."""
        asked = torch.cat([latent, condition], dim=1)
        features = self.open(asked).view(len(latent), -1, _OPENED, _OPENED)
        for film, widen in zip(self.film, self.widen, strict=True):
            scale, shift = film(asked)[:, :, None, None].chunk(2, dim=1)
            features = group_norm(features, _GROUPS)
            features = pixel_shuffle(widen(leaky_relu(features * (1.0 + scale) + shift, 0.2)), 2)
        return torch.sigmoid(self._moved(features, condition))

    def _moved(self, features: Tensor, condition: Tensor) -> Tensor:
        """Frames (B, F * 3, 32, 32) as logits: the picture at rest and its share of each change (B, 3 + 3M, 32, 32)."""
        if self.course is None:
            return features
        pictures = features.view(len(features), -1, 3, SIZE, SIZE)  # (B, 1 + M, 3, 32, 32)
        course = self.course(condition).view(len(condition), self.n_frames, -1)  # (B, F, M)
        moved = torch.einsum("bfm,bmchw->bfchw", course, pictures[:, 1:])
        return (pictures[:, :1] + moved).flatten(1, 2)


class PictureCritic(nn.Module):
    """Scores pictures with their condition: a projection critic (Miyato & Koyama 2018, arXiv:1802.05637)."""

    def __init__(self, n_frames: int, condition_size: int, channels: int) -> None:
        super().__init__()
        depth, narrow, half = 3 * n_frames, channels // 4, channels // 2
        self.look = nn.Sequential(
            spectral_norm(_down(depth, narrow)), nn.LeakyReLU(0.2),
            spectral_norm(_down(narrow, half)), nn.LeakyReLU(0.2),
            spectral_norm(_down(half, channels)), nn.LeakyReLU(0.2),
        )  # fmt: skip
        self.score = spectral_norm(nn.Linear(channels, 1))
        self.project = spectral_norm(nn.Linear(condition_size, channels))

    def forward(self, pictures: Tensor, condition: Tensor) -> Tensor:
        """Scores (B,), higher for real pictures (B, F * 3, 32, 32) that fit their condition (B, c)."""
        features = self.look(pictures).mean(dim=(2, 3))  # (B, w)
        score: Tensor = self.score(features).squeeze(1) + (features * self.project(condition)).sum(dim=1)
        return score


def _down(width_in: int, width_out: int) -> nn.Conv2d:
    return nn.Conv2d(width_in, width_out, kernel_size=4, stride=2, padding=1)


def _same(width_in: int, width_out: int) -> nn.Conv2d:
    return nn.Conv2d(width_in, width_out, kernel_size=3, padding=1)
