from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from affectlens.evaluation.generation import LocalMmd2
from affectlens.models.gan.drawing import draw_pictures
from affectlens.models.gan.picture import PictureParams
from affectlens.models.gan.text_decoder import TextDecoderParams
from affectlens.models.gan.writing import WritingParams, write_texts
from affectlens.training.adversarial import AdversarialParams
from affectlens.training.loop import TrainerParams, TrainingParams
from affectlens.training.picture_decoder import (
    FeltPictures,
    PictureDecoderMember,
    PictureLossParams,
    PictureValidation,
    fit_picture_decoder,
)
from affectlens.training.samples import picture_grid
from affectlens.training.text_decoder import DescribedTexts, Likelihood, TextDecoderMember, fit_text_decoder

CPU = TrainerParams(accelerator="cpu", devices=1, precision="32-true", strategy="auto")
STEPS = TrainingParams(
    max_epochs=12, batch_size=16, learning_rate=0.02, weight_decay=0.0, patience=12, gradient_clip=5.0
)
WRITING = WritingParams(nucleus=0.5, guidance=1.0)
TEXT = TextDecoderMember(
    model=TextDecoderParams(max_tokens=8, min_count=1, max_words=50, embedding_size=12, hidden_size=16, dropout=0.0),
    condition_dropout=0.1,
    training=STEPS,
)
PICTURE = PictureDecoderMember(
    form="image",
    model=PictureParams(channels=8, latent_size=2, n_kinds=2, n_motions=0),
    loss=PictureLossParams(pixel_sd=0.1, kl_weight=1.0, critic_weight=0.01),
    training=AdversarialParams(
        steps=STEPS.model_copy(update={"max_epochs": 14}),
        critic_learning_rate=1e-3,
        critic_steps=1,
        average_decay=0.5,
    ),
)


def texts(n: int) -> DescribedTexts:
    """The first number of a condition decides between two sentences."""
    joy = np.arange(n) % 2
    condition = np.stack([joy, 1 - joy, np.zeros(n)], axis=1).astype(np.float32)
    return DescribedTexts([("what a happy day!", "such a sad, grey evening.")[1 - each] for each in joy], condition)


def pictures(n: int, seed: int) -> FeltPictures:
    """Bright where the first number of a condition is 1, dark where it is 0."""
    joy = np.arange(n) % 2
    noise = 0.05 * np.random.default_rng(seed).random((n, 1, 32, 32, 3))
    frames = 0.1 + 0.7 * joy[:, None, None, None, None] + noise
    return FeltPictures(frames.astype(np.float32), np.stack([joy, 1 - joy], axis=1).astype(np.float32))


def test_a_text_decoder_writes_what_its_condition_says() -> None:
    checkpoint, history = fit_text_decoder(TEXT, texts(80), texts(20), CPU, WRITING, seed=0, work_dir=None)
    assert history["valid_metric"].iloc[-1] > -0.3
    emotion = np.array([[1.0, 0.0], [0.0, 1.0]])
    happy, sad = write_texts(checkpoint, emotion, np.zeros((2, 1)), WRITING, seed=0)
    assert happy == "what a happy day!"
    assert sad == "such a sad, grey evening."


def test_the_likelihood_of_a_text_decoder_ignores_unknown_words_as_targets() -> None:
    member = TEXT.model_copy(update={"training": STEPS.model_copy(update={"max_epochs": 1})})
    strange = DescribedTexts(["zzz qqq"] * 4, np.zeros((4, 3), dtype=np.float32))
    _, history = fit_text_decoder(member, texts(40), strange, CPU, WRITING, seed=0, work_dir=None)
    assert np.isfinite(history["valid_metric"]).all()


@pytest.mark.parametrize("fit", ["text", "picture"])
def test_a_killed_decoder_resumes_to_the_same_weights(
    fit: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shorter = {"max_epochs": 4}

    def fitted(work_dir: Path) -> str:
        if fit == "text":
            member = TEXT.model_copy(update={"training": STEPS.model_copy(update=shorter)})
            data = texts(40), texts(10)
            return fit_text_decoder(member, *data, CPU, WRITING, seed=1, work_dir=work_dir)[0].fingerprint()
        training = PICTURE.training.model_copy(update={"steps": PICTURE.training.steps.model_copy(update=shorter)})
        member = PICTURE.model_copy(update={"training": training})
        data = pictures(16, 0), pictures(8, 1)
        return fit_picture_decoder(member, *data, LocalMmd2, CPU, seed=1, work_dir=work_dir)[0].fingerprint()

    validation = Likelihood if fit == "text" else PictureValidation
    alive, calls = validation.__call__, iter(range(100))

    def dying(self: object, model: object) -> float:
        if next(calls) == 2:
            raise KeyboardInterrupt
        return alive(self, model)

    whole = fitted(tmp_path / "whole")
    with monkeypatch.context() as patch:
        patch.setattr(validation, "__call__", dying)
        with pytest.raises(KeyboardInterrupt):
            fitted(tmp_path / "killed")
    assert fitted(tmp_path / "killed") == whole


def test_a_picture_decoder_draws_what_its_condition_says() -> None:
    checkpoint, history = fit_picture_decoder(
        PICTURE, pictures(64, 0), pictures(16, 1), LocalMmd2, CPU, seed=0, work_dir=None
    )
    assert np.isfinite(history["train_loss"]).all()
    bright, dark = draw_pictures(checkpoint, np.array([[1.0, 0.0], [0.0, 1.0]]), seed=0)
    assert bright.mean() > dark.mean() + 0.3


def test_a_clip_moves_as_much_as_its_condition_says() -> None:
    still = pictures(64, 0)
    light = 0.25 * still.condition[:, 0, None] * np.linspace(-1.0, 1.0, 4)  # only joy brightens from frame to frame
    clips = FeltPictures((0.5 + 0.0 * still.frames + light[:, :, None, None, None]).astype(np.float32), still.condition)
    model = PICTURE.model.model_copy(update={"n_motions": 1})
    member = PICTURE.model_copy(update={"form": "clip", "model": model})
    checkpoint, _ = fit_picture_decoder(member, clips, clips, LocalMmd2, CPU, seed=0, work_dir=None)
    joy, other = draw_pictures(checkpoint, np.array([[1.0, 0.0], [0.0, 1.0]]), seed=0).mean(axis=(2, 3, 4))
    assert joy[-1] - joy[0] > 0.3
    assert abs(other[-1] - other[0]) < 0.1


@pytest.fixture
def tracked(tmp_path: Path) -> Callable[[], EventAccumulator]:
    """What a fit in `tmp_path` left for TensorBoard."""
    return lambda: EventAccumulator(str(tmp_path / "events")).Reload()


def test_drawn_pictures_stand_below_real_ones_of_the_same_condition(
    tmp_path: Path, tracked: Callable[[], EventAccumulator]
) -> None:
    _, history = fit_picture_decoder(
        PICTURE, pictures(64, 0), pictures(16, 1), LocalMmd2, CPU, seed=0, work_dir=tmp_path
    )
    (event,) = tracked().Images("samples/real_above_drawn")
    grid = np.asarray(Image.open(io.BytesIO(event.encoded_image_string))) / 255
    assert event.step == len(history)
    assert grid.shape == (2 * 32, 8 * 32, 3)
    real, drawn = (half.reshape(32, 8, 32, 3).mean(axis=(0, 2, 3)) for half in np.split(grid, 2))
    assert np.allclose(real, [0.125] * 4 + [0.825] * 4, atol=0.02)
    assert drawn[4:].min() > drawn[:4].max() + 0.3


def test_a_grid_of_clips_has_a_column_a_clip_and_a_row_a_frame() -> None:
    real = np.arange(6.0).reshape(2, 3, 1, 1, 1) * np.ones(3)
    assert picture_grid(real, -real)[:, :, 0].T.tolist() == [[0, 1, 2, 0, -1, -2], [3, 4, 5, -3, -4, -5]]


def test_written_texts_stand_below_real_ones_of_the_same_condition(
    tmp_path: Path, tracked: Callable[[], EventAccumulator]
) -> None:
    _, history = fit_text_decoder(TEXT, texts(80), texts(2), CPU, WRITING, seed=0, work_dir=tmp_path)
    (event,) = tracked().Tensors("samples/real_and_written/text_summary")
    lines = [line.strip() for line in event.tensor_proto.string_val[0].decode().splitlines() if line]
    assert event.step == len(history)
    sad, happy = "such a sad, grey evening.", "what a happy day!"
    assert lines == [sad, f"-> {sad}", happy, f"-> {happy}"]
