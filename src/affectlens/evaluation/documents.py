"""Metrics as functions of how often each document counts, and their intervals over resampled documents."""

# Shapes: n documents, b resamples of them, m metrics.
from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from affectlens.evaluation.estimate import N_RESAMPLES, Estimate

BLOCK_CELLS = 5_000_000


@dataclass(frozen=True)
class Statistic:
    """Some metrics as a function of how often each document counts.

    Attributes:
        names: m metric names.
        of: maps weights (b, n) to values (b, m); NaN where undefined.
        is_shifted: drawing documents twice changes the metric by itself (calibration errors grow, rankings get
            ties), so its interval is moved until the mean of the draws is the value, and kept within [0, 1].
    """

    names: tuple[str, ...]
    of: Callable[[np.ndarray], np.ndarray]
    is_shifted: bool = False


def bootstrap(
    statistics: Sequence[Statistic], n_documents: int, seed: int, n_resamples: int = N_RESAMPLES
) -> dict[str, Estimate]:
    """Percentile intervals of metrics, documents resampled; all metrics share the same draws."""
    values = [statistic.of(np.ones((1, n_documents))) for statistic in statistics]
    draws: list[list[np.ndarray]] = [[] for _ in statistics]
    for weights in document_weights(n_documents, seed, n_resamples):
        for statistic, drawn in zip(statistics, draws, strict=True):
            drawn.append(statistic.of(weights))
    return {
        name: _estimate(float(value[0, column]), np.concatenate(drawn)[:, column], n_documents, statistic.is_shifted)
        for statistic, value, drawn in zip(statistics, values, draws, strict=True)
        for column, name in enumerate(statistic.names)
    }


def document_weights(n_documents: int, seed: int, n_resamples: int) -> Iterator[np.ndarray]:
    """How often each document is drawn, block by block, float32 (b, n_documents); rows sum to n_documents."""
    generator = np.random.default_rng(seed)
    block = max(1, BLOCK_CELLS // max(n_documents, 1))
    for start in range(0, n_resamples, block):
        size = min(block, n_resamples - start)
        drawn = generator.integers(n_documents, size=(size, n_documents))
        drawn += n_documents * np.arange(size)[:, None]
        counts = np.bincount(drawn.ravel(), minlength=size * n_documents)
        yield counts.reshape(size, n_documents).astype(np.float32)


def row_mean(values: np.ndarray) -> np.ndarray:
    """Mean of each row over its defined values; NaN where there is none."""
    is_defined = ~np.isnan(values)
    count = is_defined.sum(axis=1)
    total = np.where(is_defined, values, 0.0).sum(axis=1)
    return np.asarray(np.divide(total, count, out=np.full(len(values), np.nan), where=count > 0))


def _estimate(value: float, draws: np.ndarray, n: int, is_shifted: bool) -> Estimate:
    kept = draws[~np.isnan(draws)]
    if np.isnan(value) or kept.size == 0:
        return Estimate.undefined(n)
    lower, upper = np.percentile(kept, [2.5, 97.5])
    if is_shifted:
        lower, upper = np.clip(np.array([lower, upper]) + value - kept.mean(), 0.0, 1.0)
    return Estimate(value, float(lower), float(upper), n)
