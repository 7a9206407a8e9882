"""What sources of pictures share: arrays that are read safely, PNG, and a split drawn from the bytes."""

from __future__ import annotations

import hashlib
import io
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """The arrays of an .npz file; nothing is unpickled.

    Raises:
        ValueError: the file is damaged or holds objects.
    """
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise ValueError(f"{path} is no .npz file of plain arrays ({error}); fetch or copy it again") from error


def png(pixels: np.ndarray) -> bytes:
    """A picture (H, W) or (H, W, 3 or 4) of uint8 as PNG."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def split_of(key: bytes, valid_share: float) -> str:
    """Train or valid, the same for the same bytes on every machine."""
    share = int.from_bytes(hashlib.sha256(key).digest()[:8], "big") / 2.0**64
    return "valid" if share < valid_share else "train"
