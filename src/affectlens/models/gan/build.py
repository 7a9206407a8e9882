"""Build the members of the family by name, and sample from a checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from affectlens.models.checkpoint import Checkpoint
from affectlens.models.gan.conditional import ConditionalGenerator
from affectlens.models.gan.flow import ConditionalFlow
from affectlens.models.gan.gaussian import ConditionalGaussian
from affectlens.models.gan.mixture import ConditionalMixture
from affectlens.models.gan.vae import ConditionalVae
from affectlens.models.gan.wgan import WganGenerator

_MEMBERS: Mapping[str, type[ConditionalGenerator]] = {
    "gaussian": ConditionalGaussian,
    "mixture": ConditionalMixture,
    "vae": ConditionalVae,
    "wgan": WganGenerator,
    "flow": ConditionalFlow,
}
_ROWS_AT_ONCE = 4096


def build_gan_model(architecture: str, params: Mapping[str, Any]) -> ConditionalGenerator:
    """A generator with fresh weights.

    Args:
        architecture: "gaussian", "mixture", "vae", "wgan" or "flow".
        params: sizes: n_emotions, vector_size, interest_size and those of the member's own params.

    Raises:
        ValueError: the architecture is unknown.
    """
    if architecture not in _MEMBERS:
        raise ValueError(f"generator {architecture!r} is unknown; expected one of {sorted(_MEMBERS)}")
    return _MEMBERS[architecture](**params)


def generate(
    checkpoint: Checkpoint, emotion: np.ndarray, interest: np.ndarray, n_samples: int, seed: int
) -> np.ndarray:
    """G_t = M_G(E_t, interest, z_1..z_K): K content vectors for every row of the condition.

    Args:
        checkpoint: of a member of this family.
        emotion: (n, C) soft emotion probabilities.
        interest: (n, u) interest vectors, see `interest_of`.
        n_samples: K.
        seed: seed of the noise; the same seed, rows and checkpoint give the same vectors.

    Returns:
        (n, K, d) float32.

    Raises:
        ValueError: the condition has the wrong width, or its two parts differ in length.
    """
    model = checkpoint.restore(build_gan_model)
    _check_condition(model, emotion, interest)
    generator = np.random.default_rng(seed)
    rows = max(1, _ROWS_AT_ONCE // n_samples)
    parts = [
        _generate_rows(model, emotion[start : start + rows], interest[start : start + rows], n_samples, generator)
        for start in range(0, len(emotion), rows)
    ]
    return np.concatenate(parts) if parts else np.empty((0, n_samples, model.vector_size), dtype=np.float32)


def mirrored_noise(generator: np.random.Generator, n_rows: int, n_samples: int, size: int) -> np.ndarray:
    """Standard normal noise (n, K, z) in pairs of opposite sign (antithetic variates, Hammersley & Morton 1956).

    Each vector alone is distributed as ever; the mean of the K vectors of a row strays less by chance, so that more of
    it is the condition's doing. With an odd K the last one stands alone.
    """
    half = generator.standard_normal((n_rows, (n_samples + 1) // 2, size), dtype=np.float32)
    return np.concatenate([half, -half], axis=1)[:, :n_samples]


def _check_condition(model: ConditionalGenerator, emotion: np.ndarray, interest: np.ndarray) -> None:
    expected = ((len(emotion), model.n_emotions), (len(emotion), model.interest_size))
    if (emotion.shape, interest.shape) != expected:
        raise ValueError(
            f"the condition has shapes {emotion.shape} and {interest.shape}, this generator expects {expected}; "
            "pass the emotion model and the projection that it was trained with"
        )


def _generate_rows(
    model: ConditionalGenerator,
    emotion: np.ndarray,
    interest: np.ndarray,
    n_samples: int,
    generator: np.random.Generator,
) -> np.ndarray:
    noise = mirrored_noise(generator, len(emotion), n_samples, model.noise_size).reshape(-1, model.noise_size)
    asked, taste = (
        torch.from_numpy(np.repeat(np.asarray(part, dtype=np.float32), n_samples, axis=0))
        for part in (emotion, interest)
    )
    with torch.no_grad():
        vectors = model.sample(asked, taste, torch.from_numpy(noise))
    result: np.ndarray = vectors.numpy().reshape(len(emotion), n_samples, model.vector_size)
    return result
