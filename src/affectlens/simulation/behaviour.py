"""What a user does with what is shown: engagement, and the utility that is not engagement."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from pydantic import Field
from scipy.special import expit

from affectlens.params import Params
from affectlens.simulation.catalogue import Catalogue
from affectlens.simulation.population import Population
from affectlens.simulation.timeline import Breaks


class EngagementParams(Params):
    """Log-odds of a view, and of what may follow one."""

    view: float = Field(description="intercept of a view")
    arousal: float = Field(description="kappa: pull of arousing contents, stronger in a bad mood")
    fatigue: float = Field(ge=0.0, description="eta: what each unit of fatigue takes")
    like: float = Field(description="intercept of a like")
    like_utility: float
    like_valence: float
    comment: float = Field(description="intercept of a comment")
    comment_arousal: float
    share: float = Field(description="intercept of a share")
    share_arousal: float
    share_utility: float
    dwell_s: dict[str, float] = Field(description="median seconds that a view of each form takes")
    dwell_interest: float = Field(description="change of the log-dwell by a unit of the view's log-odds")
    dwell_sigma: float = Field(ge=0.0)
    glance_s: float = Field(gt=0.0, description="seconds that a content costs which is not viewed")


class UtilityParams(Params):
    """What a view is worth to the user."""

    taste: float = Field(description="share of the taste's log-odds that is also utility")
    harm: float = Field(ge=0.0, description="rho: cost of negative, arousing contents, higher in a bad mood")


@dataclass(frozen=True)
class Outlook:
    """What each of M contents would do to each of S users now, (S, M) each."""

    view_log_odds: np.ndarray
    utility: np.ndarray


@dataclass(frozen=True)
class Responses:
    """What n users did at one feed position, (n,) each."""

    is_viewed: np.ndarray
    is_liked: np.ndarray
    is_commented: np.ndarray
    is_shared: np.ndarray
    dwell_s: np.ndarray  # NaN where not viewed


def negativity(values: np.ndarray) -> np.ndarray:
    """How far below zero a valence is: neg(s) = max(0, -s)."""
    below: np.ndarray = np.maximum(0.0, -values)
    return below


def harm(content_vad: np.ndarray, mood_valence: np.ndarray) -> np.ndarray:
    """Harm of contents (M, 3) to users in moods (S,): negative valence x (1 + arousal) / 2 x (1 + neg(mood)), (S, M).

    >>> harm(np.array([[-0.5, 1.0, 0.0], [0.5, 1.0, 0.0]]), np.array([0.0, -1.0])).tolist()
    [[0.5, 0.0], [1.0, 0.0]]
    """
    burden = negativity(content_vad[:, 0]) * 0.5 * (1.0 + content_vad[:, 1])
    result: np.ndarray = (1.0 + negativity(mood_valence))[:, None] * burden
    return result


def taste_for(population: Population, users: np.ndarray, catalogue: Catalogue, contents: np.ndarray) -> np.ndarray:
    """Log-odds (S, M) that taste alone gives: theta_u . x_i."""
    match: np.ndarray = population.taste[users] @ catalogue.features[contents].T
    return match


def outlook(
    taste: np.ndarray,
    mood: np.ndarray,
    fatigue: np.ndarray,
    congruence: np.ndarray,
    catalogue: Catalogue,
    contents: np.ndarray,
    engagement: EngagementParams,
    utility: UtilityParams,
) -> Outlook:
    """Log-odds of a view and utility of M contents for S users in their present states.

    view = intercept + taste + kappa arousal (1 + neg(mood)) + congruence valence mood - eta fatigue;
    utility = quality + share taste - rho harm. The third term of `view` is the world's own addition: people look at
    what agrees with their mood, each to another degree.

    Args:
        taste: (S, M) from `taste_for`.
        mood: (S, 3) VAD now.
        fatigue: (S,) now.
        congruence: (S,) of the users.
        catalogue: all contents.
        contents: (M,) positions of those in question.
        engagement: coefficients of a view.
        utility: coefficients of the utility.
    """
    vad = catalogue.vad[contents]
    pull = engagement.arousal * (1.0 + negativity(mood[:, 0]))[:, None] * vad[:, 1]
    agreement = (congruence * mood[:, 0])[:, None] * vad[:, 0]
    tired = engagement.fatigue * fatigue[:, None]
    worth = catalogue.quality[contents] + utility.taste * taste - utility.harm * harm(vad, mood[:, 0])
    return Outlook(engagement.view + taste + pull + agreement - tired, worth)


def respond(
    view_log_odds: np.ndarray,
    worth: np.ndarray,
    contents: np.ndarray,
    users: np.ndarray,
    progress: np.ndarray,
    catalogue: Catalogue,
    population: Population,
    dwell_median_s: np.ndarray,
    engagement: EngagementParams,
    breaks: Breaks,
    rng: np.random.Generator,
) -> Responses:
    """View or not, and after a view like, comment, share and how long.

    Args:
        view_log_odds: (n,) of the content at this position.
        worth: (n,) utility of that content if viewed.
        contents: (n,) its position in the catalogue.
        users: (n,) who sees it.
        progress: (n,) share of the world's horizon that has passed.
        catalogue: all contents.
        population: all users.
        dwell_median_s: (n,) median dwell of the content's form.
        engagement: coefficients.
        breaks: the day on which reactions take over from comments.
        rng: source of the draws.
    """
    valence, arousal = catalogue.vad[contents, 0], catalogue.vad[contents, 1]
    has_reactions = progress >= breaks.reactions_at
    like = engagement.like + engagement.like_utility * worth + engagement.like_valence * valence
    comment = engagement.comment + engagement.comment_arousal * arousal + population.talkative[users]
    share = engagement.share + engagement.share_arousal * arousal + engagement.share_utility * worth
    log_odds = np.stack(
        [
            view_log_odds,
            like + breaks.reactions_like * has_reactions,
            comment + breaks.reactions_comment * has_reactions,
            share,
        ]
    )
    is_viewed, *follows = rng.random(log_odds.shape) < expit(log_odds)
    is_liked, is_commented, is_shared = (is_viewed & follow for follow in follows)
    spread = engagement.dwell_sigma * rng.normal(size=len(users))
    dwell = dwell_median_s * np.exp(engagement.dwell_interest * view_log_odds + spread)
    return Responses(is_viewed, is_liked, is_commented, is_shared, np.where(is_viewed, dwell, np.nan))
