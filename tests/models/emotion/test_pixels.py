"""The baseline of pictures and clips."""

from __future__ import annotations

import numpy as np
import pytest

from affectlens.evaluation.average_precision import macro_average_precision
from affectlens.models.emotion.pixels import PixelClassifier, PixelsParams, fit_pixels, pixel_features

PARAMS = PixelsParams(inverse_penalties=(1e-3, 1e-1), max_iterations=200)


def coloured(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Pictures that are red where the first label holds and blue where not; the second label never holds."""
    generator = np.random.default_rng(seed)
    is_red = generator.random(n) < 0.5
    pixels = generator.integers(0, 90, size=(n, 1, 32, 32, 3), dtype=np.uint8)
    pixels[is_red, ..., 0] += 120
    pixels[~is_red, ..., 2] += 120
    return pixels, np.stack([is_red, np.zeros(n, dtype=bool)], axis=1).astype(float)


@pytest.fixture(scope="module")
def fitted() -> PixelClassifier:
    (pixels, labels), (other, valid_labels) = coloured(60, 0), coloured(30, 1)
    seen, seen_valid = (pixel_features(each, np.ones(len(each), dtype=int)) for each in (pixels, other))
    return fit_pixels(seen, labels, seen_valid, valid_labels, PARAMS, macro_average_precision)


def test_colours_are_told_apart_on_unseen_pictures(fitted: PixelClassifier) -> None:
    pixels, labels = coloured(40, 2)
    logits = fitted.logits(pixel_features(pixels, np.ones(40, dtype=int)))
    assert ((logits[:, 0] > 0) == (labels[:, 0] > 0)).all()


def test_a_label_that_never_holds_gets_its_smoothed_share(fitted: PixelClassifier) -> None:
    assert not fitted.coefficients[1].any()
    assert fitted.intercepts[1] == pytest.approx(np.log(0.5 / 60.5))


def test_a_restored_baseline_says_the_same(fitted: PixelClassifier) -> None:
    features = pixel_features(coloured(5, 3)[0], np.ones(5, dtype=int))
    again = PixelClassifier.restore(fitted.checkpoint("image_pixels", ["joy", "fear"]))
    assert np.array_equal(again.logits(features), fitted.logits(features))


def test_padding_of_a_clip_is_not_read() -> None:
    pixels = np.random.default_rng(0).integers(0, 255, size=(2, 4, 32, 32, 3), dtype=np.uint8)
    spoiled = pixels.copy()
    spoiled[:, 2:] = 0
    assert np.array_equal(pixel_features(pixels, np.array([2, 2])), pixel_features(spoiled, np.array([2, 2])))
