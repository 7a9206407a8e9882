"""A generator of random coefficients, as small as one can be."""

from __future__ import annotations

import numpy as np

from affectlens.models.checkpoint import Checkpoint
from affectlens.models.gan import build_gan_model

N_EMOTIONS, INTEREST = 7, 3


def generator_checkpoint(width: int, *, hears_emotion: bool) -> Checkpoint:
    """A conditional Gaussian with random coefficients, the same for every emotion if it does not hear."""
    sizes = {"n_emotions": N_EMOTIONS, "vector_size": width, "interest_size": INTEREST}
    weights = dict(Checkpoint.of(build_gan_model("gaussian", sizes), "gaussian", sizes).weights)
    coefficient = np.random.default_rng(2).standard_normal(weights["coefficient"].shape).astype(np.float32)
    if not hears_emotion:
        coefficient[:N_EMOTIONS] = coefficient[0]
    projection = np.eye(width, INTEREST, dtype=np.float32)
    return Checkpoint("gaussian", sizes, {**weights, "coefficient": coefficient, "projection": projection})
