"""One million short texts through a fitted emotion model, read and scored chunk by chunk: memory stays where it is.

`python -m benchmarks.stream CHECKPOINT.safetensors [N]` scores N texts (one million) and prints texts a second and the
peak of resident memory after one tenth of the texts and at the end.
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from affectlens.datasets import CheckpointDataset
from affectlens.training.emotion import encode_stream

WORDS = (
    *("i", "am", "so", "happy", "sad", "angry", "about", "this", "that", "you", "they", "never", "always", "love"),
    *("hate", "what", "why", "lol", "thanks", "sorry", "great", "bad"),
)


def texts(n: int) -> Iterator[str]:
    """Short texts, one after the other."""
    generator = np.random.default_rng(0)
    for _ in range(n // 1000):
        for size in generator.integers(3, 20, size=1000):
            yield " ".join(generator.choice(WORDS, size=size))


def peak_mb() -> float:
    """Peak resident memory of this process so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main(path: Path, n: int) -> str:
    """Texts a second and the two peaks."""
    checkpoint = CheckpointDataset(filepath=str(path)).load()
    started, done, total, early = time.perf_counter(), 0, np.zeros(len(checkpoint.metadata["labels"])), float("nan")
    for probabilities, _ in encode_stream(checkpoint, texts(n)):
        total += probabilities.sum(axis=0)
        done += len(probabilities)
        if np.isnan(early) and done >= n // 10:
            early = peak_mb()
    speed = done / (time.perf_counter() - started)
    return (
        f"{checkpoint.architecture}: {done:,} texts, {speed:,.0f} a second, "
        f"peak {early:,.0f} MB after a tenth, {peak_mb():,.0f} MB at the end"
    )


if __name__ == "__main__":
    print(main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000))  # noqa: T201  a command's output
