"""Learning emotion from pictures and clips whose colours and movements tell it."""

from __future__ import annotations

import numpy as np
import pytest

from affectlens.evaluation.average_precision import macro_average_precision
from affectlens.models.checkpoint import Checkpoint
from affectlens.models.emotion.attribution import attribute_regions
from affectlens.models.emotion.image import ClipGruParams, ImageCnnParams, build_image_model
from affectlens.training.emotion_media import (
    ClipFitParams,
    ImageFitParams,
    LabelledPictures,
    Pictures,
    as_input,
    fit_clips,
    fit_images,
    score_pictures,
)
from affectlens.training.loop import TrainerParams, TrainingParams

CPU = TrainerParams(accelerator="cpu", devices=1, precision="32-true", strategy="auto")
NAMES = ("joy", "anger")
PACE = {"batch_size": 16, "learning_rate": 0.01, "weight_decay": 0.0, "patience": 9, "gradient_clip": 1.0}
IMAGE = ImageFitParams(
    model=ImageCnnParams(channels=(8, 8), hidden_size=8, dropout=0.0),
    training=TrainingParams(max_epochs=4, **PACE),
    shift=1,
)
CLIP = ClipFitParams(
    model=ClipGruParams(state_size=8, dropout=0.0), training=TrainingParams(max_epochs=25, **PACE), frames=5
)


def squares(n: int, seed: int, n_frames: int = 1) -> LabelledPictures:
    """A bright square above (joy) or below (anger); in clips it moves there from the middle."""
    generator = np.random.default_rng(seed)
    is_joy = generator.random(n) < 0.5
    pixels = generator.integers(0, 60, size=(n, n_frames, 32, 32, 3), dtype=np.uint8)
    for row, joy in enumerate(is_joy):
        for frame in range(n_frames):
            way = 10 * (frame + 1) // n_frames
            top = 12 - way if joy else 12 + way
            pixels[row, frame, top : top + 8, 12:20] = 230
    labels = np.stack([is_joy, ~is_joy], axis=1).astype(float)
    return LabelledPictures(Pictures(pixels, np.full(n, n_frames)), labels, NAMES)


def fitted_images(seed: int = 7) -> Checkpoint:
    options = {"metric": macro_average_precision, "metric_name": "map", "seed": seed, "work_dir": None}
    return fit_images(squares(96, 0), squares(32, 1), IMAGE, CPU, **options)[0]


@pytest.fixture(scope="module")
def images() -> Checkpoint:
    return fitted_images()


@pytest.fixture(scope="module")
def clips(images: Checkpoint) -> Checkpoint:
    options = {"metric": macro_average_precision, "metric_name": "map", "seed": 7, "work_dir": None}
    checkpoint, history = fit_clips(images, squares(96, 0, 5), squares(32, 1, 5), CLIP, CPU, **options)
    assert history["epoch"].is_monotonic_increasing
    return checkpoint


def test_pictures_are_told_apart_on_unseen_ones(images: Checkpoint) -> None:
    unseen = squares(40, 2)
    assert macro_average_precision(unseen.labels, score_pictures(images, unseen.pictures)) > 0.95


def test_clips_are_told_apart_on_unseen_ones(clips: Checkpoint) -> None:
    unseen = squares(40, 2, 5)
    assert macro_average_precision(unseen.labels, score_pictures(clips, unseen.pictures)) > 0.95


def test_the_same_seed_gives_the_same_network(images: Checkpoint) -> None:
    assert fitted_images().fingerprint() == images.fingerprint()
    assert fitted_images(8).fingerprint() != images.fingerprint()


def test_clips_leave_the_network_of_pictures_as_it_was(images: Checkpoint, clips: Checkpoint) -> None:
    for name, weights in images.weights.items():
        assert np.array_equal(clips.weights[f"frames.{name}"], weights), name


def test_no_pictures_give_no_scores(images: Checkpoint, clips: Checkpoint) -> None:
    nothing = squares(2, 0, 5).pictures.take(np.array([], dtype=int))
    assert score_pictures(images, nothing).shape == score_pictures(clips, nothing).shape == (0, 2)


def test_a_picture_is_read_by_itself(images: Checkpoint) -> None:
    unseen = squares(6, 3).pictures
    one_by_one = np.concatenate([score_pictures(images, unseen.take(np.array([row]))) for row in range(6)])
    assert one_by_one == pytest.approx(score_pictures(images, unseen), abs=1e-4)


def test_regions_of_the_square_carry_the_answer_and_attributions_add_up_within_one_percent(images: Checkpoint) -> None:
    unseen = squares(12, 4)
    named = unseen.labels.argmax(axis=1)
    found = attribute_regions(images.restore(build_image_model), as_input(unseen.pictures), named)
    assert found.error.max() < 0.01
    share = found.values.reshape(12, 4, 4)[:, :, 1:3].sum(axis=(1, 2)) / found.values.sum(axis=1)
    assert np.median(share) > 0.6


def test_shorter_clips_are_padded_at_the_end() -> None:
    pictures = Pictures.of([np.full((2, 32, 32, 3), 9, dtype=np.uint8), np.full((3, 32, 32, 3), 8, dtype=np.uint8)], 3)
    assert pictures.n_frames.tolist() == [2, 3]
    assert pictures.pixels[0, 2].max() == 0
    assert as_input(pictures).shape == (2, 3, 32, 32)
    assert as_input(pictures).max() == pytest.approx(9 / 255)
