"""Units of a log drawn again and again, once for all statistics that will be compared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from affectlens.evaluation.estimate import N_RESAMPLES, Estimate

_BLOCK_CELLS = 20_000_000


@dataclass(frozen=True)
class Resampling:
    """How the units of a log (sessions, users) are drawn again; one object for all policies pairs their intervals.

    Attributes:
        codes: (n,) unit of each row, 0..U-1.
        counts: (B, U) how often each unit was drawn.
        read_as: what is reported of each statistic, of the log as it is and of each draw; None: the statistic itself.
    """

    codes: np.ndarray
    counts: np.ndarray
    read_as: Callable[[np.ndarray], np.ndarray] | None = None

    @classmethod
    def of(cls, units: np.ndarray, seed: int, n_resamples: int = N_RESAMPLES) -> Resampling:
        """Draw the distinct values of `units` (n,) with replacement, `n_resamples` times.

        Units are numbered by first appearance, so that renaming them changes nothing.

        Raises:
            ValueError: there are no rows.
        """
        names, first, inverse = np.unique(units, return_index=True, return_inverse=True)
        if names.size == 0:
            raise ValueError("a log without rows cannot be resampled; check that its split is not empty")
        rank = np.empty(names.size, dtype=np.int64)
        rank[np.argsort(first)] = np.arange(names.size)
        generator, share = np.random.default_rng(seed), np.full(names.size, 1.0 / names.size)
        counts = np.empty((n_resamples, names.size), dtype=np.float32)
        block = max(1, _BLOCK_CELLS // names.size)
        for start in range(0, n_resamples, block):
            part = counts[start : start + block]
            part[:] = generator.multinomial(names.size, share, size=part.shape[0])
        return cls(rank[inverse], counts)

    @property
    def n_units(self) -> int:
        """Number of units."""
        return int(self.counts.shape[1])

    def unit_totals(self, values: np.ndarray) -> np.ndarray:
        """Sum of one value per row (n,) within each unit (U,)."""
        return np.bincount(self.codes, weights=values, minlength=self.n_units)

    def estimate(self, combine: Callable[..., np.ndarray], *values: np.ndarray) -> Estimate:
        """A function of column totals, with its percentile interval over the resamples.

        Args:
            combine: maps one total per column, numbers or arrays (B,), to the statistic.
            values: columns (n,).
        """
        totals = np.stack([self.unit_totals(column) for column in values], axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            value = float(combine(*totals.sum(axis=0)))
            draws = combine(*(self.counts @ totals).T)
        if self.read_as is not None:
            value, draws = float(self.read_as(np.array(value))), self.read_as(draws)
        draws = draws[np.isfinite(draws)]
        if not np.isfinite(value) or draws.size == 0:
            return Estimate.undefined(self.n_units)
        lower, upper = np.percentile(draws, [2.5, 97.5])
        return Estimate(value, float(lower), float(upper), self.n_units)

    def relative_error_to(self, truth: float) -> Resampling:
        """The same draws, of which every statistic is read as its distance to `truth`, as a share of that.

        >>> two = Resampling.of(np.arange(2), seed=0).relative_error_to(0.8)
        >>> round(two.mean(np.array([0.5, 0.7])).value, 6)
        0.25
        """
        return replace(self, read_as=lambda statistic: np.abs(statistic - truth) / truth)

    def mean(self, values: np.ndarray) -> Estimate:
        """Mean over rows of one value per row (n,), units resampled."""
        return self.estimate(np.divide, values, np.ones(len(values)))
