from __future__ import annotations

import numpy as np
import pytest

from affectlens.models.checkpoint import Checkpoint
from affectlens.models.gan import build_gan_model, generate
from affectlens.models.gan.build import mirrored_noise

SIZES = {"n_emotions": 3, "vector_size": 4, "interest_size": 2}


@pytest.mark.parametrize("n_samples", [1, 4, 5])
def test_noise_is_standard_normal_and_comes_in_opposite_pairs(n_samples: int) -> None:
    noise = mirrored_noise(np.random.default_rng(0), 4000, n_samples, 3)
    assert noise.shape == (4000, n_samples, 3)
    assert noise.std(axis=0) == pytest.approx(np.ones((n_samples, 3)), abs=0.05)
    half = n_samples // 2
    assert np.array_equal(noise[:, :half], -noise[:, (n_samples + 1) // 2 :])


def test_the_mean_of_mirrored_vectors_is_the_condition_alone_where_noise_adds() -> None:
    checkpoint = Checkpoint.of(build_gan_model("gaussian", SIZES), "gaussian", SIZES)
    emotion, interest = np.eye(3, dtype=np.float32), np.ones((3, 2), dtype=np.float32)
    first, second = (generate(checkpoint, emotion, interest, 6, seed).mean(axis=1) for seed in (1, 2))
    assert np.allclose(first, second, atol=1e-5)
