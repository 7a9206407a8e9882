"""Public counters of each content: likes, then also loves, hahas, wows, sads and angrys, shares and comments."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from pydantic import Field

from affectlens.features.taxonomy import EKMAN
from affectlens.params import Params
from affectlens.schemas import REACTIONS
from affectlens.simulation.affect import Share
from affectlens.simulation.feed import World
from affectlens.simulation.identifiers import content_ids, times
from affectlens.simulation.randomness import draw_categories
from affectlens.simulation.records import Impressions
from affectlens.simulation.timeline import DAY_S

# Which buttons an emotion presses, once there are buttons beside `likes`.
BUTTONS: Mapping[str, Mapping[str, float]] = {
    "anger": {"angrys": 1.0},
    "disgust": {"angrys": 0.8, "wows": 0.2},
    "fear": {"wows": 0.5, "sads": 0.5},
    "joy": {"loves": 0.6, "hahas": 0.4},
    "sadness": {"sads": 1.0},
    "surprise": {"wows": 1.0},
    "neutral": {"likes": 1.0},
}


class ReactionParams(Params):
    """How the counters relate to the logged users."""

    plain_like: Share = Field(description="share of likes that stay likes although other buttons exist")
    audience: float = Field(ge=1.0, description="people behind each logged user: the logs are a panel")
    audience_shape: float = Field(gt=0.0, description="gamma shape of the audience's own luck, by content and age")
    ages_days: tuple[float, ...] = Field(min_length=1, description="ages at which the counters are read, rising")


def count_reactions(
    world: World, impressions: Impressions, params: ReactionParams, rng: np.random.Generator
) -> pd.DataFrame:
    """`raw_reaction_counts`: cumulative counts of each content at the ages that it reached within the world.

    Counters of buttons that did not exist yet are left out. A count is the panel's own plus a Poisson number for the
    people behind it.
    """
    counted = _panel_counts(world, impressions, params, rng)
    luck = rng.gamma(params.audience_shape, 1.0 / params.audience_shape, counted.shape[:2])[:, :, None]
    behind = rng.poisson((params.audience - 1.0) * counted * luck)
    totals = np.cumsum(counted + behind, axis=1)
    observed = world.catalogue.created[:, None] + np.array(params.ages_days) * DAY_S
    horizon_s = world.params.time.horizon_s
    is_plain = np.isin(REACTIONS, ("likes", "shares", "comments"))
    has_button = is_plain | (observed[:, :, None] >= world.params.shift.breaks.reactions_at * horizon_s)
    readable = (observed >= 0.0) & (observed <= horizon_s)
    content, age, reaction = np.nonzero(has_button & readable[:, :, None])
    return pd.DataFrame(
        {
            "content_id": content_ids(len(world.catalogue))[content],
            "observed_at": times(observed[content, age], world.params.time),
            "reaction": np.array(REACTIONS, dtype=object)[reaction],
            "count": totals[content, age, reaction].astype(np.int64),
        }
    )


def _panel_counts(
    world: World, impressions: Impressions, params: ReactionParams, rng: np.random.Generator
) -> np.ndarray:
    """New reactions of the logged users by content, age at which they are first counted, and button (I, A, 8)."""
    counts = np.zeros((len(world.catalogue), len(params.ages_days), len(REACTIONS)), dtype=np.int64)
    buttons = (
        (impressions.is_liked, _pressed(world, impressions, params, rng)),
        (impressions.is_shared, REACTIONS.index("shares")),
        (impressions.is_commented, REACTIONS.index("comments")),
    )
    for happened, button in buttons:
        rows = np.flatnonzero(happened)
        content = impressions.content[rows]
        age_days = (impressions.time[rows] - world.catalogue.created[content]) / DAY_S
        age = np.searchsorted(params.ages_days, age_days)
        counted = age < len(params.ages_days)
        which = np.broadcast_to(button, len(rows))
        np.add.at(counts, (content[counted], age[counted], which[counted]), 1)
    return counts


def _pressed(world: World, impressions: Impressions, params: ReactionParams, rng: np.random.Generator) -> np.ndarray:
    """The button behind each like, in the order of the likes: the content's emotion chooses."""
    rows = np.flatnonzero(impressions.is_liked)
    table = np.array([[BUTTONS[emotion].get(name, 0.0) for name in REACTIONS] for emotion in EKMAN])
    drawn = draw_categories(world.catalogue.emotions[impressions.content[rows]] @ table, rng)
    early = impressions.time[rows] < world.params.shift.breaks.reactions_at * world.params.time.horizon_s
    plain = early | (rng.random(len(rows)) < params.plain_like)
    return np.where(plain, REACTIONS.index("likes"), drawn)
