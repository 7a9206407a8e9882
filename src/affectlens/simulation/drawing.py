"""Faces and cards, 32 x 32, drawn from valence, arousal and emotion with noise; and clips of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from pydantic import Field

from affectlens.features.image_files import encode_gif, encode_png
from affectlens.features.taxonomy import EKMAN
from affectlens.params import Params
from affectlens.simulation.affect import Share

SIZE = 32
N_FRAMES = 8
# Facial movements of each emotion, after the action units that Ekman & Friesen's coding system lists for them:
# brow slant (inner ends down > 0), brow height, eye opening, mouth curve, mouth opening, nose wrinkle.
MOVEMENTS: Mapping[str, tuple[float, ...]] = {
    "anger": (1.0, -0.6, -0.1, -0.5, 0.1, 0.2),
    "disgust": (0.4, -0.3, -0.6, -0.6, 0.05, 1.0),
    "fear": (-0.8, 0.7, 0.8, -0.3, 0.35, 0.0),
    "joy": (0.0, 0.2, -0.3, 1.0, 0.4, 0.0),
    "sadness": (-0.9, 0.0, -0.5, -0.9, 0.0, 0.0),
    "surprise": (0.0, 1.0, 1.0, 0.1, 1.0, 0.0),
    "neutral": (0.0, 0.0, 0.0, 0.0, 0.0, 0.0),
}
_INK, _WHITE, _LIP, _RAIN = np.array(
    [[[0.12, 0.09, 0.10]], [[0.98, 0.98, 0.98]], [[0.45, 0.08, 0.10]], [[0.25, 0.35, 0.75]]], dtype=np.float32
)
N_MOVEMENTS = len(MOVEMENTS["neutral"])


class MediaParams(Params):
    """How many media there are, and how clearly they speak."""

    max_images: int = Field(ge=0)
    max_clips: int = Field(ge=0)
    card_share: Share = Field(description="share of cards (abstract weather) among faces")
    movement_sd: float = Field(ge=0.0, description="noise of each facial movement, own to a picture")
    pixel_sd: float = Field(ge=0.0, description="noise of each pixel, in shares of full brightness")
    frame_ms: int = Field(ge=20)
    batch: int = Field(ge=1, description="pictures that are drawn at once; bounds the memory")


@dataclass(frozen=True)
class Sitter:
    """What stays the same over the frames of n pictures."""

    movements: np.ndarray  # (n, 6) at full expression
    vad: np.ndarray  # (n, 3)
    skin: np.ndarray  # (n, 3) colour of the head, or of a card's sun
    ground: np.ndarray  # (n, 3) colour behind it
    centre: np.ndarray  # (n, 2) in shares of the picture, from the middle
    radius: np.ndarray  # (n,)
    is_card: np.ndarray  # (n,)
    drops: np.ndarray  # (n, 8, 2) places of a card's marks, in [0, 1]


def draw_sitters(emotions: np.ndarray, vad: np.ndarray, params: MediaParams, rng: np.random.Generator) -> Sitter:
    """Who is to be drawn for emotions (n, 7) and moods (n, 3): the movements are the emotions' mean, with noise."""
    n = len(emotions)
    table = np.array([MOVEMENTS[name] for name in EKMAN])
    strength = 0.6 + 0.4 * np.linalg.norm(vad, axis=1, keepdims=True)
    warmth = 0.5 + 0.25 * vad[:, :1]
    tint = np.concatenate([warmth, np.full((n, 1), 0.5), 1.0 - warmth], axis=1)
    drawn = Sitter(
        movements=emotions @ table * strength + rng.normal(0.0, params.movement_sd, (n, N_MOVEMENTS)),
        vad=vad,
        skin=np.array([0.95, 0.78, 0.45]) * rng.uniform(0.75, 1.05, (n, 1)) + rng.normal(0.0, 0.06, (n, 3)),
        ground=0.5 * tint + 0.5 * rng.random((n, 3)),
        centre=rng.normal(0.0, 0.035, (n, 2)),
        radius=rng.uniform(0.34, 0.44, n),
        is_card=rng.random(n) < params.card_share,
        drops=rng.random((n, 8, 2)),
    )
    single = {name: values.astype(np.float32) for name, values in vars(drawn).items() if values.dtype != bool}
    return Sitter(**{**vars(drawn), **single})


def render(sitter: Sitter, phase: float, params: MediaParams, rng: np.random.Generator) -> np.ndarray:
    """One frame of each picture, (n, 32, 32, 3) of uint8.

    Args:
        sitter: n pictures.
        phase: moment in [0, 1]: at 0 the face is at rest, at 1 the expression is full.
        params: noise.
        rng: source of the pixels' noise.
    """
    places = (np.arange(SIZE, dtype=np.float32) + 0.5) / SIZE - 0.5
    rows, columns = np.meshgrid(places, places, indexing="ij")
    sway = 0.04 * sitter.vad[:, 1] * float(np.sin(4.0 * np.pi * phase))
    y = rows[None] - (sitter.centre[:, 0] + sway)[:, None, None]
    x = columns[None] - sitter.centre[:, 1][:, None, None]
    picture = np.broadcast_to(sitter.ground[:, None, None, :], (len(sitter.radius), SIZE, SIZE, 3)).copy()
    face, card = ~sitter.is_card, sitter.is_card
    picture[face] = _face(picture[face], y[face], x[face], _part(sitter, face), phase)
    picture[card] = _card(picture[card], y[card], x[card], _part(sitter, card), phase)
    noisy = picture + params.pixel_sd * rng.standard_normal(picture.shape, dtype=np.float32)
    return np.asarray(np.clip(noisy * 255.0, 0.0, 255.0), dtype=np.uint8)


def draw_images(emotions: np.ndarray, vad: np.ndarray, params: MediaParams, rng: np.random.Generator) -> list[bytes]:
    """PNG pictures at full expression, one for each of the emotions (n, 7) and moods (n, 3)."""
    encoded: list[bytes] = []
    for start in range(0, len(emotions), params.batch):
        part = slice(start, start + params.batch)
        sitter = draw_sitters(emotions[part], vad[part], params, rng)
        encoded.extend(map(encode_png, render(sitter, 1.0, params, rng)))
    return encoded


def draw_clips(emotions: np.ndarray, vad: np.ndarray, params: MediaParams, rng: np.random.Generator) -> list[bytes]:
    """GIF clips of 8 frames in which the expression rises from rest, one for each of the emotions and moods."""
    encoded: list[bytes] = []
    for start in range(0, len(emotions), params.batch):
        part = slice(start, start + params.batch)
        sitter = draw_sitters(emotions[part], vad[part], params, rng)
        phases = np.sin(0.5 * np.pi * np.linspace(0.0, 1.0, N_FRAMES)).tolist()
        frames = np.stack([render(sitter, phase, params, rng) for phase in phases], axis=1)
        encoded.extend(encode_gif(clip, params.frame_ms) for clip in frames)
    return encoded


def _part(sitter: Sitter, chosen: np.ndarray) -> Sitter:
    return Sitter(**{name: values[chosen] for name, values in vars(sitter).items()})


def _length(down: np.ndarray, across: np.ndarray) -> np.ndarray:
    length: np.ndarray = np.sqrt(down * down + across * across)
    return length


def _soft(distance: np.ndarray, width: float = 0.02) -> np.ndarray:
    """1 inside (negative distance), 0 outside, with an edge of about one pixel."""
    inside: np.ndarray = 1.0 / (1.0 + np.exp(np.clip(distance / width, -30.0, 30.0)))
    return inside


def _paint(picture: np.ndarray, mask: np.ndarray, colour: np.ndarray) -> np.ndarray:
    """The picture (n, H, W, 3) with a colour (n or 1, 3) laid on by a mask (n, H, W)."""
    painted: np.ndarray = picture + mask[..., None] * (colour[:, None, None, :] - picture)
    return painted


def _face(picture: np.ndarray, y: np.ndarray, x: np.ndarray, sitter: Sitter, phase: float) -> np.ndarray:
    r = sitter.radius[:, None, None]
    slant, lift, opening, curve, gape, wrinkle = (phase * sitter.movements).T[:, :, None, None]
    picture = _paint(picture, _soft(_length(y, 0.9 * x) - r), sitter.skin)
    outward = np.abs(x) - 0.42 * r  # both halves at once: distance from the middle of the nearer eye
    height = np.clip(0.16 + 0.10 * opening, 0.03, 0.30)
    eye = _length((y + 0.18 * r) / height, outward / 0.13) - r
    picture = _paint(picture, _soft(eye, 0.06), _WHITE)
    pupil = _length(y + 0.18 * r, outward) - 0.11 * r
    brow = np.abs(y + (0.50 + 0.16 * lift) * r + 0.35 * slant * outward) - 0.045 * r
    lines = np.maximum(_soft(pupil), _soft(np.maximum(brow, np.abs(outward) - 0.27 * r)))
    nose = _soft(np.abs(np.abs(y + 0.02 * r) - 0.06 * r) + np.abs(x) - 0.14 * r)
    picture = _paint(picture, np.maximum(lines, 0.7 * np.clip(wrinkle, 0.0, 1.0) * nose), _INK)
    return _paint(picture, _mouth(y, x, r, curve, gape), _LIP)


def _mouth(y: np.ndarray, x: np.ndarray, r: np.ndarray, curve: np.ndarray, gape: np.ndarray) -> np.ndarray:
    bend = 0.45 * curve * ((x / (0.5 * r)) ** 2 - 0.5) * r
    line = (
        np.abs(y - 0.45 * r + bend)
        - (0.05 + 0.16 * np.clip(gape, 0.0, 1.2) * np.sqrt(np.clip(1.0 - (x / (0.5 * r)) ** 2, 0.0, 1.0))) * r
    )
    return _soft(np.maximum(line, np.abs(x) - (0.5 - 0.12 * np.clip(gape, 0.0, 1.0)) * r))


def _card(picture: np.ndarray, y: np.ndarray, x: np.ndarray, sitter: Sitter, phase: float) -> np.ndarray:
    """Weather instead of a face: a disc that climbs with valence, spikes with anger, marks that fall with sadness."""
    valence, arousal, dominance = sitter.vad.T[:, :, None, None]
    slant, _, opening, curve, gape, wrinkle = (phase * sitter.movements).T[:, :, None, None]
    light = np.clip(0.5 + 0.4 * phase * valence + 0.5 * (-y), 0.0, 1.0)
    picture = picture * (0.4 + 0.8 * light[..., None])
    angle = np.arctan2(y + 0.2 * phase * valence, x)
    spikes = np.clip(0.06 * (np.clip(slant, 0.0, 2.0) + np.clip(opening, 0.0, 2.0)), 0.0, 0.2) * np.cos(9.0 * angle)
    disc = _length(y + 0.2 * phase * valence, x) - (0.20 + 0.06 * dominance + 0.05 * gape + spikes)
    picture = _paint(picture, _soft(disc), sitter.skin)
    wave = np.abs(y - 0.3 - 0.05 * curve * np.cos(2 * np.pi * x) - 0.04 * wrinkle * np.sin(14.0 * x)) - 0.03
    picture = _paint(picture, _soft(wave), 1.0 - sitter.ground)
    down, side = (sitter.drops.transpose(2, 1, 0) - 0.5)[..., None, None]
    length = 1.0 + 2.0 * np.clip(-arousal - curve, 0.0, 1.0)
    fall = (np.abs(y - down - 0.3 * phase) / length + np.abs(x - side)).min(axis=0)
    return _paint(picture, np.clip(0.2 - 0.8 * curve, 0.0, 1.0) * _soft(fall - 0.05), _RAIN)
