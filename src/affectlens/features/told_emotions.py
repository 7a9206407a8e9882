"""Emotion that people told in numbers beside what they consumed, before it and after it."""

# Shapes: n interactions, N contents.
from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from affectlens.features.times import seconds

FELT = ("valence", "arousal")
_BEFORE, _AFTER = ([f"attribute_{name}_{moment}" for name in FELT] for moment in ("before", "after"))
_JUST_BEFORE = pd.Timedelta(1, unit="s")


def felt(interactions: pd.DataFrame, moment: str) -> np.ndarray:
    """Valence and arousal (n, 2) `before` or `after` each interaction; NaN where nobody asked."""
    names = {"before": _BEFORE, "after": _AFTER}[moment]
    return interactions.reindex(columns=names).to_numpy(dtype=np.float64, na_value=np.nan)


def told_states(interactions: pd.DataFrame) -> pd.DataFrame:
    """States in the form of `emotion_states`: what was felt before a content exists a second before it, the rest at it.

    Returns:
        Columns state_id, user_id, occurred_at, and probabilities: valence and arousal, which are none, in their place.
    """
    rows = []
    for moment, lead in (("before", _JUST_BEFORE), ("after", pd.Timedelta(0))):
        values = felt(interactions, moment)
        known = ~np.isnan(values).any(axis=1)
        told = interactions.loc[known, ["interaction_id", "user_id", "occurred_at"]]
        rows.append(
            pd.DataFrame(
                {
                    "state_id": told["interaction_id"].astype("str") + f"/{moment}",
                    "user_id": told["user_id"],
                    "occurred_at": told["occurred_at"] - lead,
                    "probabilities": list(values[known]),
                }
            )
        )
    return pd.concat(rows, ignore_index=True)


def felt_after(interactions: pd.DataFrame, content_ids: Sequence[str], until: float) -> np.ndarray:
    """Mean valence and arousal (N, 2) after each content, of what was told up to a moment; NaN where nothing was.

    Args:
        interactions: the table of that name.
        content_ids: N contents.
        until: seconds since 1970, included.
    """
    known = seconds(interactions["occurred_at"]) <= until
    told = pd.DataFrame(felt(interactions, "after"), index=interactions["content_id"].to_numpy(dtype=object))
    means = told[known].dropna().groupby(level=0).mean()
    return means.reindex(list(content_ids)).to_numpy(dtype=np.float64)
