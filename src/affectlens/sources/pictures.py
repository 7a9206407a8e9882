"""What sources of pictures share: arrays that are read safely, PNG, and a split drawn from the bytes."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from affectlens.sources.files import NoRowsError

_GREY, _COLOURED, _CHANNELS = 3, 4, (3, 4)  # dimensions of an array of pictures


def read_arrays(path: Path, names: Sequence[str]) -> dict[str, np.ndarray]:
    """The named arrays of an .npz file, one entry a picture in `images`; nothing is unpickled.

    Raises:
        ValueError: the file is damaged, holds objects, lacks an array, or its `images` are no pictures of bytes.
    """
    try:
        loaded = np.load(path, allow_pickle=False)
        arrays = {} if isinstance(loaded, np.ndarray) else {name: loaded[name] for name in loaded.files}
    except (zipfile.BadZipFile, EOFError, OSError, ValueError) as error:
        raise ValueError(f"{path} is no .npz file of plain arrays ({error}); fetch or copy it again") from error
    missing = sorted(set(names) - set(arrays))
    if missing:
        raise ValueError(
            f"{path} has no arrays {missing}, but {sorted(arrays) or 'one array without a name'}; write it with "
            f"numpy.savez(path, {', '.join(f'{name}=...' for name in names)})"
        )
    shape, dtype = arrays["images"].shape, arrays["images"].dtype
    if dtype != np.uint8 or not (len(shape) == _GREY or (len(shape) == _COLOURED and shape[-1] in _CHANNELS)):
        raise ValueError(
            f"`images` of {path} are {dtype} of shape {shape}; expected uint8 (n, height, width) or (n, height, width, "
            "3 or 4): write whole numbers from 0 to 255 with .astype(numpy.uint8)"
        )
    if not len(arrays["images"]):
        raise NoRowsError(path, "one picture a row in `images`")
    return arrays


def png(pixels: np.ndarray) -> bytes:
    """A picture (H, W) or (H, W, 3 or 4) of uint8 as PNG."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def split_of(key: bytes, valid_share: float) -> str:
    """Train or valid, the same for the same bytes on every machine."""
    share = int.from_bytes(hashlib.sha256(key).digest()[:8], "big") / 2.0**64
    return "valid" if share < valid_share else "train"
