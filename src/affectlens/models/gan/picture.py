"""A decoder of emotions into pictures and clips of 32 x 32 pixels: a variational autoencoder with a critic."""

from __future__ import annotations

from typing import NamedTuple

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn.functional import leaky_relu, pixel_shuffle
from torch.nn.utils.parametrizations import spectral_norm

from affectlens.params import Params

SIZE = 32
_SMALLEST = 4  # pixels a side where the encoder ends
_OPENED = 8  # pixels a side where the decoder begins


class PictureParams(Params):
    """Sizes of the picture decoder and its critic."""

    channels: int = Field(ge=4, description="channels of the widest feature map; narrower ones have half, a quarter")
    latent_size: int = Field(ge=1)
    latent_modulates: bool = Field(
        description="whether the latent, like the condition, scales and shifts feature maps: sharper, less obedient"
    )


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

    def __init__(
        self, n_frames: int, condition_size: int, channels: int, latent_size: int, *, latent_modulates: bool
    ) -> None:
        super().__init__()
        self.n_frames, self.condition_size, self.latent_size = n_frames, condition_size, latent_size
        self.latent_modulates = latent_modulates
        depth, narrow, half = 3 * n_frames, channels // 4, channels // 2
        self.look = nn.Sequential(
            _down(depth, narrow), nn.LeakyReLU(0.2), _down(narrow, half), nn.LeakyReLU(0.2), _down(half, channels)
        )
        asked = latent_size + condition_size
        self.posterior = nn.Linear(channels * _SMALLEST**2 + condition_size, 2 * latent_size)
        self.open = nn.Linear(asked, channels * _OPENED**2)
        # Each puts four channels where one pixel was (Shi et al. 2016, arXiv:1609.05158): a fraction of the time that a
        # transposed convolution takes on a CPU.
        self.widen = nn.ModuleList([_same(channels, 4 * half), _same(half, 4 * depth)])
        # Every feature map is scaled and shifted (Perez et al. 2018, arXiv:1709.07871).
        told = asked if latent_modulates else condition_size
        self.film = nn.ModuleList([nn.Linear(told, 2 * width) for width in (channels, half)])

    def forward(self, pictures: Tensor | None, condition: Tensor) -> Tensor | PictureOutput:
        """Encode pictures (B, F * 3, 32, 32) in [0, 1] with their condition (B, c); decode a latent, and one drawn.

        Without pictures only what is drawn comes back, which is all that a critic learns from.
        """
        if pictures is None:
            return self.decode(condition, torch.randn(len(condition), self.latent_size, device=condition.device))
        features = leaky_relu(self.look(pictures), 0.2).flatten(1)
        mu, log_var = self.posterior(torch.cat([features, condition], dim=1)).chunk(2, dim=1)
        latent = mu + torch.exp(0.5 * log_var) * torch.randn_like(mu)
        both = self.decode(torch.cat([condition, condition]), torch.cat([latent, torch.randn_like(mu)]))
        reconstruction, drawn = both.chunk(2)
        return PictureOutput(reconstruction, drawn, mu, log_var)

    def decode(self, condition: Tensor, latent: Tensor) -> Tensor:
        """Pictures (B, F * 3, 32, 32) in [0, 1] from condition (B, c) and latent (B, l)."""
        asked = torch.cat([latent, condition], dim=1)
        told = asked if self.latent_modulates else condition
        features = self.open(asked).view(len(latent), -1, _OPENED, _OPENED)
        for film, widen in zip(self.film, self.widen, strict=True):
            scale, shift = film(told)[:, :, None, None].chunk(2, dim=1)
            features = pixel_shuffle(widen(leaky_relu(features * (1.0 + scale) + shift, 0.2)), 2)
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


def _same(width_in: int, width_out: int) -> nn.Conv2d:
    return nn.Conv2d(width_in, width_out, kernel_size=3, padding=1)
