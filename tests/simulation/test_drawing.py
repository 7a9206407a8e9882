from __future__ import annotations

from collections.abc import Callable
from io import BytesIO

import numpy as np
from PIL import Image

from affectlens.features.taxonomy import EKMAN
from affectlens.simulation.affect import felt
from affectlens.simulation.drawing import N_FRAMES, SIZE, draw_clips, draw_images
from affectlens.simulation.world import WorldParams

MakeParams = Callable[..., WorldParams]


def pictures(emotion: str, n: int, params: WorldParams, seed: int) -> np.ndarray:
    emotions = np.tile(np.eye(len(EKMAN))[EKMAN.index(emotion)], (n, 1))
    encoded = draw_images(emotions, felt(emotions, np.full(n, 0.8)), params.media, np.random.default_rng(seed))
    return np.stack([np.asarray(Image.open(BytesIO(data))) for data in encoded]).astype(float)


def test_pictures_are_small_png_in_colour(world_params: MakeParams) -> None:
    drawn = pictures("joy", 3, world_params(), 0)
    assert drawn.shape == (3, SIZE, SIZE, 3)


def test_clips_have_eight_frames_that_move(world_params: MakeParams) -> None:
    emotions = np.eye(len(EKMAN))[[3, 4]]
    clips = draw_clips(emotions, felt(emotions, np.ones(2)), world_params().media, np.random.default_rng(0))
    for data in clips:
        clip = Image.open(BytesIO(data))
        assert clip.format == "GIF"
        assert clip.n_frames == N_FRAMES
        frames = []
        for number in range(N_FRAMES):
            clip.seek(number)
            frames.append(np.asarray(clip.convert("L"), dtype=float))
        near, far = np.abs(frames[1] - frames[0]).mean(), np.abs(frames[-1] - frames[0]).mean()
        assert far > near


def test_no_two_pictures_of_an_emotion_are_the_same(world_params: MakeParams) -> None:
    drawn = pictures("anger", 8, world_params(media={"pixel_sd": 0.0}), 1)
    distance = np.abs(drawn[:, None] - drawn[None]).mean(axis=(2, 3, 4))
    assert distance[~np.eye(8, dtype=bool)].min() > 5.0


def test_emotions_can_be_told_apart_by_the_mean_picture(world_params: MakeParams) -> None:
    params = world_params(media={"card_share": 0.0})
    centres = {name: pictures(name, 80, params, 2).mean(axis=(0, 3)) for name in EKMAN}
    hits = 0
    for name in EKMAN:
        again = pictures(name, 80, params, 3).mean(axis=(0, 3))
        distance = {
            other: np.square(again - again.mean() - centre + centre.mean()).sum() for other, centre in centres.items()
        }
        hits += min(distance, key=distance.__getitem__) == name
    assert hits == len(EKMAN)


def test_batches_do_not_lose_pictures(world_params: MakeParams) -> None:
    assert len(pictures("fear", 7, world_params(media={"batch": 3}), 4)) == 7


def test_no_pictures_are_drawn_for_nobody(world_params: MakeParams) -> None:
    none = np.zeros((0, len(EKMAN)))
    assert draw_images(none, np.zeros((0, 3)), world_params().media, np.random.default_rng(0)) == []
