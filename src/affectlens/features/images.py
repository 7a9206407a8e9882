"""Pictures and clips as numbers: frames, what they show, and how they move."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageSequence

GREY_SIZE, COLOUR_SIZE = 32, 8
N_MOTION = 6
_MOVING = 0.1  # change of brightness, of 1, from which a pixel counts as moving
_LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)  # ITU-R BT.601


def decode_frames(data: bytes, max_frames: int) -> np.ndarray:
    """As `decode_pixels`, float32 in [0, 1]."""
    return decode_pixels(data, max_frames).astype(np.float32) / np.float32(255.0)


def decode_pixels(data: bytes, max_frames: int) -> np.ndarray:
    """Frames of a picture (F = 1) or an animation, (F, 32, 32, 3) uint8.

    An animation with more than `max_frames` frames is thinned evenly. Transparency is laid on white.

    Raises:
        PIL.UnidentifiedImageError: the bytes are no picture.
    """
    with Image.open(io.BytesIO(data)) as picture:
        n_frames = int(getattr(picture, "n_frames", 1))
        wanted = set(np.linspace(0, n_frames - 1, min(n_frames, max_frames)).round().astype(int).tolist())
        frames = [_small(frame) for place, frame in enumerate(ImageSequence.Iterator(picture)) if place in wanted]
    return np.stack(frames)


def _small(frame: Image.Image) -> np.ndarray:
    white = Image.new("RGBA", frame.size, "white")
    flat = Image.alpha_composite(white, frame.convert("RGBA")).convert("RGB")
    return np.asarray(flat.resize((GREY_SIZE, GREY_SIZE), Image.Resampling.BOX))


def appearance(frames: np.ndarray) -> np.ndarray:
    """Mean frame as brightness at 32 x 32 and two colour differences at 8 x 8, (1152,) float32.

    Args:
        frames: (F, 32, 32, 3) in [0, 1].
    """
    mean = frames.mean(axis=0)
    grey = mean @ _LUMA
    side = GREY_SIZE // COLOUR_SIZE
    coarse = mean.reshape(COLOUR_SIZE, side, COLOUR_SIZE, side, 3).mean(axis=(1, 3))
    colour = coarse[..., [0, 2]] - (coarse @ _LUMA)[..., None]
    return np.concatenate([grey.ravel(), colour.ravel()])


def motion(frames: np.ndarray) -> np.ndarray:
    """How a clip moves, (6,) float32; all zero for a still.

    Mean and largest change of brightness from frame to frame, share of pixels that ever move, path length of the
    brightness centroid (in picture widths), change of brightness and of contrast from the first to the last frame.

    Args:
        frames: (F, 32, 32, 3) in [0, 1].
    """
    if len(frames) < 2:
        return np.zeros(N_MOTION, dtype=np.float32)
    grey = frames @ _LUMA
    change = np.abs(np.diff(grey, axis=0))
    per_step = change.mean(axis=(1, 2))
    is_moving = (change > _MOVING).any(axis=0)
    path = np.linalg.norm(np.diff(_centroids(grey), axis=0), axis=1).sum()
    trend = grey[-1].mean() - grey[0].mean(), grey[-1].std() - grey[0].std()
    return np.array([per_step.mean(), per_step.max(), is_moving.mean(), path, *trend], dtype=np.float32)


def _centroids(grey: np.ndarray) -> np.ndarray:
    """Centre of the brightness above each frame's darkest pixel, (F, 2) in picture widths; the middle if flat."""
    mass = grey - grey.min(axis=(1, 2), keepdims=True) + np.float32(1e-6)
    place = (np.arange(GREY_SIZE, dtype=np.float32) + 0.5) / GREY_SIZE
    total = mass.sum(axis=(1, 2))
    rows, columns = mass.sum(axis=2) @ place, mass.sum(axis=1) @ place
    return np.stack([rows / total, columns / total], axis=1)
