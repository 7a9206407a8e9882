"""What all users together consumed before an instant: the state of the feed that a request meets."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

SECONDS_A_DAY = 86_400.0


@dataclass(frozen=True)
class Crowd:
    """The events of all users, without their names.

    Attributes:
        item: (m,) column of the item.
        time: (m,) seconds since 1970; events without a time are left out.
        n_items: size of the catalogue.
    """

    item: np.ndarray
    time: np.ndarray
    n_items: int
    _tables: dict[float, np.ndarray] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of(cls, item: np.ndarray, time: np.ndarray, n_items: int) -> Crowd:
        """The events whose time is known."""
        known = ~np.isnan(time)
        return cls(item[known], time[known], n_items)

    def of_items(self, items: np.ndarray) -> Crowd:
        """The events of some items (k,), which become columns 0 to k - 1."""
        column = np.full(self.n_items, -1)
        column[items] = np.arange(len(items))
        kept = column[self.item] >= 0
        return Crowd(column[self.item][kept], self.time[kept], len(items))

    @property
    def is_empty(self) -> bool:
        """Whether no event has a time."""
        return len(self.time) == 0

    def heat(self, times: np.ndarray, half_life_days: float) -> np.ndarray:
        """Events of each item before the day of each instant, one that is d days older counting 2^(-d / half-life).

        Days begin at midnight UTC. An event of the same day does not count, whatever its hour.

        Args:
            times: (n,) seconds since 1970; NaN gives zeros.
            half_life_days: age at which an event counts half.

        Returns:
            (n, n_items), float32.

        >>> crowd = Crowd(np.array([0, 1, 1]), np.array([0.0, 0.0, 2.5]) * SECONDS_A_DAY, 2)
        >>> crowd.heat(np.array([0.9, 1.0, 3.0, 5.0]) * SECONDS_A_DAY, 1.0).tolist()
        [[0.0, 0.0], [0.5, 0.5], [0.125, 0.625], [0.03125, 0.15625]]
        """
        if self.is_empty:
            return np.zeros((len(times), self.n_items), dtype=np.float32)
        table = self._table(half_life_days)
        day = np.floor(np.where(np.isnan(times), self.time.min(), times) / SECONDS_A_DAY) - self._first_day
        row = np.clip(day, 0, len(table) - 1).astype(np.int64)
        beyond = np.exp2(-np.maximum(day - row, 0.0) / half_life_days)
        warm: np.ndarray = table[row] * np.where(day < 0, 0.0, beyond)[:, None].astype(np.float32)
        return warm

    @property
    def _first_day(self) -> float:
        return float(np.floor(self.time.min() / SECONDS_A_DAY))

    def _table(self, half_life_days: float) -> np.ndarray:
        """(days + 1, n_items) heat at the beginning of each day; kept until another half-life is asked for."""
        if half_life_days not in self._tables:
            day = (np.floor(self.time / SECONDS_A_DAY) - self._first_day).astype(np.int64)
            table = np.zeros((day.max() + 2, self.n_items), dtype=np.float32)
            np.add.at(table, (day + 1, self.item), np.float32(1.0))
            kept = np.float32(np.exp2(-1.0 / half_life_days))
            for row in range(1, len(table)):  # in place: years of days times all items are the largest array there is
                table[row] = kept * (table[row] + table[row - 1])
            self._tables.clear()
            self._tables[half_life_days] = table
        return self._tables[half_life_days]
