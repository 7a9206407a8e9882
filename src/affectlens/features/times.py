"""Instants as numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd


def seconds(times: pd.Series) -> np.ndarray:
    """UTC times as seconds since 1970, shape (n,); NaN where the time is unknown."""
    instants = pd.to_datetime(times, utc=True)
    elapsed: np.ndarray = (instants - pd.Timestamp(0, tz="UTC")).dt.total_seconds().to_numpy(dtype=np.float64)
    return elapsed
