"""What a decoder makes, beside what people made from the same condition: for TensorBoard."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

N_SAMPLES = 8


def sampled_rows(n: int) -> np.ndarray:
    """A few of n rows, spread evenly.

    >>> sampled_rows(15).tolist()
    [0, 2, 4, 6, 8, 10, 12, 14]
    """
    return np.linspace(0, n - 1, min(n, N_SAMPLES)).round().astype(int)


def picture_grid(real: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """One picture (2 F * height, n * width, 3): a column a sample, its real frames above the drawn ones.

    Args:
        real: (n, F, height, width, 3) in [0, 1].
        drawn: likewise, from the same conditions.
    """
    frames = np.concatenate([real, drawn], axis=1)
    n, n_frames, height, width, _ = frames.shape
    return frames.transpose(1, 2, 0, 3, 4).reshape(n_frames * height, n * width, 3)


def text_list(real: Sequence[str], written: Sequence[str]) -> str:
    """Markdown in which every text is shown as it is.

    >>> print(text_list(["<b>so</b> happy"], ["happy day"]))
        <b>so</b> happy
          -> happy day
    """
    pairs = (f"{first}\n  -> {second}" for first, second in zip(real, written, strict=True))
    return "\n\n".join("\n".join(f"    {line}" for line in pair.splitlines()) for pair in pairs)
