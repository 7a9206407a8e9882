"""From emotions to pictures and clips that a person can look at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from affectlens.models.checkpoint import Checkpoint
from affectlens.models.gan.picture import SIZE, PictureVae

_ROWS_AT_ONCE = 256


def build_picture_decoder(architecture: str, params: Mapping[str, Any]) -> PictureVae:
    """A picture decoder with fresh weights.

    Raises:
        ValueError: the architecture is another.
    """
    if architecture != "picture_decoder":
        raise ValueError(f"checkpoint of {architecture!r}, expected 'picture_decoder'")
    return PictureVae(**params)


def draw_pictures(checkpoint: Checkpoint, condition: np.ndarray, seed: int) -> np.ndarray:
    """Frames (n, F, 32, 32, 3) float32 in [0, 1], one picture or clip a condition (n, c); the same seed, the same.

    Raises:
        ValueError: the condition has another width than the decoder learned from.
    """
    model = checkpoint.restore(build_picture_decoder)
    if condition.shape[1] != model.condition_size:
        raise ValueError(
            f"the condition has {condition.shape[1]} numbers, this decoder expects {model.condition_size}; "
            "pass the emotion model that it was trained with"
        )
    kind, noise = drawn_noise(model, len(condition), seed)
    parts = []
    for start in range(0, len(condition), _ROWS_AT_ONCE):
        rows = slice(start, start + _ROWS_AT_ONCE)
        asked = torch.from_numpy(np.asarray(condition[rows], dtype=np.float32))
        with torch.no_grad():
            parts.append(model.decode(asked, model.latent(kind[rows], noise[rows])).numpy())
    channels = np.concatenate(parts) if parts else np.empty((0, 3 * model.n_frames, SIZE, SIZE), dtype=np.float32)
    frames = channels.reshape(len(condition), model.n_frames, 3, SIZE, SIZE)
    return np.ascontiguousarray(frames.transpose(0, 1, 3, 4, 2))


def drawn_noise(model: PictureVae, n: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """What `PictureVae.latent` makes n latents from: numbers (n,) in [0, 1] and normal noise (n, l)."""
    generator = np.random.default_rng(seed)
    kind, noise = generator.random(n, dtype=np.float32), generator.standard_normal((n, model.latent_size), np.float32)
    return torch.from_numpy(kind), torch.from_numpy(noise)
