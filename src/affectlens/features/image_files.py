"""Pictures and clips as files, and as sheets that show many at once."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO

import numpy as np
from PIL import Image, PngImagePlugin

_CODES = np.arange(256)
_PALETTE = (
    np.stack([(_CODES >> 5) * 36, ((_CODES >> 2) & 7) * 36, (_CODES & 3) * 85], axis=1).astype(np.uint8).tobytes()
)
_GAP = 2
_WHITE = 255


def encode_png(picture: np.ndarray, facts: dict[str, str] | None = None) -> bytes:
    """A picture (H, W, 3) of uint8 as PNG; facts about it travel inside the file as text."""
    buffer, info = BytesIO(), PngImagePlugin.PngInfo()
    for name, text in (facts or {}).items():
        info.add_text(name, text)
    Image.fromarray(picture).save(buffer, "PNG", compress_level=1, pnginfo=info)
    return buffer.getvalue()


def encode_gif(frames: np.ndarray, frame_ms: int, comment: str = "") -> bytes:
    """Frames (F, H, W, 3) of uint8 as an endless GIF in a fixed palette of 3 + 3 + 2 bits, with a comment inside."""
    red, green, blue = frames[..., 0] >> 5, frames[..., 1] >> 5, frames[..., 2] >> 6
    coded = (red << 5) | (green << 2) | blue
    images = [Image.frombytes("P", frame.shape[::-1], frame.tobytes()) for frame in coded]
    for image in images:
        image.putpalette(_PALETTE)
    options = {"comment": comment.encode()} if comment else {}
    buffer = BytesIO()
    images[0].save(
        buffer, "GIF", save_all=True, append_images=images[1:], duration=frame_ms, loop=0, optimize=False, **options
    )
    return buffer.getvalue()


def to_bytes(pictures: np.ndarray) -> np.ndarray:
    """Brightness in [0, 1] as uint8.

    >>> to_bytes(np.array([0.0, 0.5, 1.0])).tolist()
    [0, 128, 255]
    """
    return np.asarray(np.clip(pictures * 255.0 + 0.5, 0.0, 255.0), dtype=np.uint8)


def sheet(rows: Sequence[Sequence[np.ndarray]], scale: int) -> np.ndarray:
    """Pictures (H, W, 3) of uint8 in rows on white, each pixel `scale` pixels wide, as one picture.

    >>> sheet([[np.zeros((4, 4, 3), np.uint8)] * 3], scale=1).shape
    (8, 20, 3)
    """
    height, width = (scale * side for side in rows[0][0].shape[:2])
    n_columns = max(map(len, rows))
    whole = np.full((_GAP + len(rows) * (height + _GAP), _GAP + n_columns * (width + _GAP), 3), _WHITE, dtype=np.uint8)
    for row, pictures in enumerate(rows):
        for column, picture in enumerate(pictures):
            top, left = _GAP + row * (height + _GAP), _GAP + column * (width + _GAP)
            whole[top : top + height, left : left + width] = picture.repeat(scale, axis=0).repeat(scale, axis=1)
    return whole
