"""A decoder of emotions into pictures and clips of 32 x 32 pixels: a variational autoencoder with a critic."""

from __future__ import annotations

from typing import NamedTuple

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn.functional import leaky_relu
from torch.nn.utils.parametrizations import spectral_norm

from affectlens.params import Params

SIZE = 32
_SMALLEST = 4  # pixels a side between encoder and decoder


class PictureParams(Params):
    """Sizes of the picture decoder and its critic."""

    channels: int = Field(ge=4, description="channels of the widest feature map; narrower ones have half, a quarter")
    latent_size: int = Field(ge=1)


class PictureOutput(NamedTuple):
    """One pass of the autoencoder.

    Attributes:
        reconstruction: (B, F * 3, 32, 32) decoded from the pictures' own latents.
        drawn: (B, F * 3, 32, 32) decoded from latents of the prior.
        mu: (B, l) mean of q(z | picture, condition).
        log_var: (B, l) its log variance.
    """

    reconstruction: Tensor
    drawn: Tensor
    mu: Tensor
    log_var: Tensor


# Shapes: B pictures, F frames, c condition size, l latent size, w channels.
class PictureVae(nn.Module):
    """Convolutional VAE-GAN (Larsen et al. 2016, arXiv:1512.09300), conditional; frames of a clip are channels.

    Departs from it in reconstructing pixels rather than a critic's features, which are too few here.
    """

    def __init__(self, n_frames: int, condition_size: int, channels: int, latent_size: int) -> None:
        super().__init__()
        self.n_frames, self.condition_size, self.latent_size = n_frames, condition_size, latent_size
        depth, narrow, half = 3 * n_frames, channels // 4, channels // 2
        self.look = nn.Sequential(
            _down(depth, narrow), nn.LeakyReLU(0.2), _down(narrow, half), nn.LeakyReLU(0.2), _down(half, channels)
        )
        flat = channels * _SMALLEST**2
        self.posterior = nn.Linear(flat + condition_size, 2 * latent_size)
        self.open = nn.Linear(latent_size + condition_size, flat)
        self.widen = nn.ModuleList([_up(channels, half), _up(half, narrow), _up(narrow, depth)])
        # The condition scales and shifts every feature map (Perez et al. 2018, arXiv:1709.07871).
        self.film = nn.ModuleList([nn.Linear(condition_size, 2 * width) for width in (channels, half, narrow)])

    def forward(self, pictures: Tensor, condition: Tensor) -> PictureOutput:
        """Encode pictures (B, F * 3, 32, 32) in [0, 1] with their condition (B, c); decode a latent, and one drawn."""
        features = leaky_relu(self.look(pictures), 0.2).flatten(1)
        mu, log_var = self.posterior(torch.cat([features, condition], dim=1)).chunk(2, dim=1)
        latent = mu + torch.exp(0.5 * log_var) * torch.randn_like(mu)
        drawn = self.decode(condition, torch.randn_like(mu))
        return PictureOutput(self.decode(condition, latent), drawn, mu, log_var)

    def decode(self, condition: Tensor, latent: Tensor) -> Tensor:
        """Pictures (B, F * 3, 32, 32) in [0, 1] from condition (B, c) and latent (B, l)."""
        opened = self.open(torch.cat([latent, condition], dim=1))
        features = opened.view(len(latent), -1, _SMALLEST, _SMALLEST)
        for film, widen in zip(self.film, self.widen, strict=True):
            scale, shift = film(condition)[:, :, None, None].chunk(2, dim=1)
            features = widen(leaky_relu(features * (1.0 + scale) + shift, 0.2))
        return torch.sigmoid(features)


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


def _up(width_in: int, width_out: int) -> nn.ConvTranspose2d:
    return nn.ConvTranspose2d(width_in, width_out, kernel_size=4, stride=2, padding=1)
