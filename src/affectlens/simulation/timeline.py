"""How the forms of expression shift over the simulated years: smooth trends and two dated breaks."""

from __future__ import annotations

import numpy as np
from pydantic import Field
from scipy.special import expit, logit

from affectlens.params import Params
from affectlens.simulation.affect import Share
from affectlens.simulation.randomness import mixture

DAY_S = 86400.0
YEAR_S = 365.25 * DAY_S


class TimeParams(Params):
    """When the world takes place, and its clock."""

    first_day: str = Field(pattern=r"^\d{4}-\d{2}-\d{2}$", description="ISO date, UTC")
    years: float = Field(gt=0.0)
    window_days: float = Field(gt=0.0, description="how often the feed's pools and popularity are renewed")

    @property
    def horizon_s(self) -> float:
        """Length of the world in seconds."""
        return self.years * YEAR_S


class Drift(Params):
    """Shares of the forms at the beginning and at the end, between which the log-shares move evenly."""

    start: dict[str, float]
    end: dict[str, float]


class Breaks(Params):
    """Two innovations, as shares of the horizon, and what each changes from that day on (log-odds)."""

    reactions_at: Share = Field(description="day on which loves, hahas, wows, sads and angrys join the like button")
    reactions_like: float = Field(description="change of the log-odds of a like")
    reactions_comment: float = Field(description="change of the log-odds of a comment")
    emoji_at: Share = Field(description="day on which a keyboard with emoji is spread")
    emoji_use: float = Field(description="change of the log-odds that a text carries emoji")
    emoji_long_text: float = Field(description="change of the log-share of long texts")


class ShiftParams(Params):
    """The shift of expression."""

    contents: Drift
    utterances: Drift
    breaks: Breaks
    emoji_start: float = Field(gt=0.0, lt=1.0, description="share of texts with emoji on the first day")
    emoji_end: float = Field(gt=0.0, lt=1.0, description="the same on the last day, had there been no break")


def form_shares(drift: Drift, shift: ShiftParams, progress: np.ndarray) -> np.ndarray:
    """Expected share of each form of `drift` at moments of the world.

    Args:
        drift: shares at both ends.
        shift: holds the break that reaches long texts.
        progress: (n,) share of the horizon that has passed, in [0, 1].

    Returns:
        (n, n_forms) in the order of `drift.start`.
    """
    start = np.log(np.array(list(drift.start.values())))
    end = np.log(np.array([drift.end[form] for form in drift.start]))
    level = start + np.clip(progress, 0.0, 1.0)[:, None] * (end - start)
    is_long = np.array([form == "long_text" for form in drift.start])
    jump = shift.breaks.emoji_long_text * (progress >= shift.breaks.emoji_at)
    return mixture(np.exp(level + jump[:, None] * is_long))


def emoji_log_odds(shift: ShiftParams, progress: np.ndarray) -> np.ndarray:
    """Log-odds (n,) that a text of an average user carries emoji at these moments."""
    start, end = logit(shift.emoji_start), logit(shift.emoji_end)
    trend: np.ndarray = (
        start
        + np.clip(progress, 0.0, 1.0) * (end - start)
        + shift.breaks.emoji_use * (progress >= shift.breaks.emoji_at)
    )
    return trend


def emoji_share(shift: ShiftParams, progress: np.ndarray) -> np.ndarray:
    """Probability (n,) that a text of an average user carries emoji at these moments."""
    share: np.ndarray = expit(emoji_log_odds(shift, progress))
    return share
