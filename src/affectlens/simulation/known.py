"""What the world knows of its own statistics: the expected shares, the dates of breaks, and counts of its own history.

The numbers come from the laws and from the history itself, before anything is written down, damaged, ingested or read.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import expit

from affectlens.features.taxonomy import EKMAN
from affectlens.simulation.feed import World
from affectlens.simulation.records import Impressions
from affectlens.simulation.timeline import DAY_S, Drift, emoji_log_odds, form_shares
from affectlens.simulation.utterances import Utterances

COLUMNS = ["quantity", "group", "window", "value"]
ALL = "all"
HALF_LIFE_DAYS, LEAST_VIEWS = 90.0, 20  # horizon and least attention of the half-life that is stated
_REACTED = (
    "emotional_share",
    "some_emotional_share",
    "loves_share",
    "hahas_share",
    "wows_share",
    "sads_share",
    "angrys_share",
    "comment_share",
)

Rows = list[tuple[str, str, str, float]]


def known_statistics(world: World, impressions: Impressions, utterances: Utterances) -> pd.DataFrame:
    """`simulated_statistics`: quantity, group, window (quarter, or all) and value."""
    rows = [
        *_concentration(world, impressions),
        *_forms(world, world.params.shift.contents, world.catalogue.created, "published"),
        *_forms(world, world.params.shift.utterances, utterances.time, "written"),
        *_emoji(world, utterances),
        *_emotions(world, utterances),
        *_breaks(world),
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def _concentration(world: World, impressions: Impressions) -> Rows:
    """Inequality of views by their mean difference, and the median age at which contents had half of their views."""
    viewed = impressions.content[impressions.is_viewed]
    counts = np.bincount(viewed, minlength=len(world.catalogue)).astype(np.float64)
    rows: Rows = [("gini", "content_attention", ALL, mean_difference(counts) / (2.0 * counts.mean()))]
    halves = _half_ages(world, viewed, impressions.time[impressions.is_viewed])
    return [*rows, ("half_life", "content_attention", ALL, float(np.median(halves)))] if halves.size else rows


def mean_difference(values: np.ndarray) -> float:
    """Mean absolute difference between two different units.

    >>> mean_difference(np.array([1.0, 3.0, 3.0]))
    1.3333333333333333
    """
    ordered, n = np.sort(values), values.size
    return float(2.0 * ((2.0 * np.arange(n) - n + 1.0) @ ordered) / (n * (n - 1.0)))


def _half_ages(world: World, viewed: np.ndarray, time: np.ndarray) -> np.ndarray:
    """Days until each content that is old enough and was viewed enough had half of its views within the horizon."""
    created = world.catalogue.created
    age_days = (time - created[viewed]) / DAY_S
    whole = (created >= 0.0) & (created <= world.params.time.horizon_s - HALF_LIFE_DAYS * DAY_S)
    kept = whole[viewed] & (age_days <= HALF_LIFE_DAYS)
    ages = pd.Series(age_days[kept]).groupby(viewed[kept])
    enough = ages.size() >= LEAST_VIEWS
    halves: np.ndarray = ages.quantile(0.5, interpolation="lower")[enough].to_numpy()
    return halves


def _forms(world: World, drift: Drift, time: np.ndarray, group: str) -> Rows:
    shares = form_shares(drift, world.params.shift, time / world.params.time.horizon_s)
    names = [f"form_share:{form}" for form in drift.start]
    return _by_quarter(world, time, shares, names, group)


def _emoji(world: World, utterances: Utterances) -> Rows:
    log_odds = emoji_log_odds(world.params.shift, utterances.time / world.params.time.horizon_s)
    shares = expit(log_odds + world.population.emoji[utterances.user])
    return _by_quarter(world, utterances.time, shares[:, None], ["emoji_share"], "written")


def _emotions(world: World, utterances: Utterances) -> Rows:
    names = [f"prevalence:{emotion}" for emotion in EKMAN]
    expressed = np.eye(len(EKMAN))[utterances.emotion]
    return _by_quarter(world, utterances.time, expressed, names, "written")


def _by_quarter(world: World, time: np.ndarray, values: np.ndarray, names: list[str], group: str) -> Rows:
    moments = np.datetime64(world.params.time.first_day, "s") + np.round(time).astype("timedelta64[s]")
    quarters = pd.Series(moments).dt.to_period("Q").astype(str).to_numpy()
    means = pd.DataFrame(values, columns=names).groupby(quarters).mean()
    return [(name, group, str(window), float(value)) for name in names for window, value in means[name].items()]


def _breaks(world: World) -> Rows:
    """Days since 1970-01-01 of the two breaks, for every quantity on which a law of the world puts a jump."""
    shift, time = world.params.shift, world.params.time
    first = float(np.datetime64(time.first_day, "D").astype(np.int64))
    reactions, emoji = (
        first + at * time.horizon_s / DAY_S for at in (shift.breaks.reactions_at, shift.breaks.emoji_at)
    )
    emojis = [("written", "emoji_share")] if shift.breaks.emoji_use else []
    if shift.breaks.emoji_long_text:
        emojis += [(group, "form_share:long_text") for group in ("published", "written")]
    rates = (("like_rate", shift.breaks.reactions_like), ("comment_rate", shift.breaks.reactions_comment))
    reacted = [("attended", name) for name, size in rates if size] + [("reacted", name) for name in _REACTED]
    rows: Rows = [(f"break_day:{name}", group, ALL, emoji) for group, name in emojis]
    return rows + [(f"break_day:{name}", group, ALL, reactions) for group, name in reacted]
