"""One feed position: the policy draws a topic, the shared sampler an item, the user responds; and the truth of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from pydantic import Field
from scipy.special import expit, softmax

from affectlens.params import Params
from affectlens.simulation.affect import MoodParams
from affectlens.simulation.behaviour import EngagementParams, Outlook, UtilityParams, outlook, taste_for
from affectlens.simulation.catalogue import N_TOPICS, Catalogue, CatalogueParams, Pool
from affectlens.simulation.population import Population, PopulationParams
from affectlens.simulation.randomness import draw_categories
from affectlens.simulation.timeline import ShiftParams, TimeParams


class LoggingParams(Params):
    """The policy that made the logs: a softmax over topics of popularity and guessed taste, with a floor."""

    taste: float = Field(description="weight of the platform's guess at the user's taste")
    popularity: float = Field(description="weight of the log-share of views that a topic has had")
    noise_sd: float = Field(ge=0.0, description="noise of a topic's score, anew in each window")
    epsilon: float = Field(gt=0.0, le=1.0, description="mass spread evenly over the topics: support is never empty")


class SessionParams(Params):
    """How sessions begin, tire, end, and whether the user comes back."""

    longest: int = Field(ge=1, description="positions after which every session ends")
    batch: int = Field(ge=1, description="sessions that are simulated side by side; bounds the memory")
    repeat_weight: float = Field(gt=0.0, le=1.0, description="factor on contents that the user was shown lately")
    memory_windows: int = Field(ge=0, description="windows for which the feed remembers what it showed")
    fatigue_minute: float = Field(ge=0.0, description="fatigue that a minute of dwelling adds")
    fatigue_rest_hours: float = Field(gt=0.0, description="time constant with which fatigue fades between sessions")
    welfare_memory: float = Field(gt=0.0, le=1.0, description="weight of the newest position in accumulated utility")
    stop: float = Field(description="log-odds that a session ends after a position")
    stop_fatigue: float
    stop_welfare: float = Field(ge=0.0, description="what accumulated utility takes from those log-odds")
    gap_sigma: float = Field(ge=0.0, description="log-sd of the gap to the next session")
    gap_welfare: float = Field(ge=0.0, description="what accumulated utility takes from the log of the gap")
    quit: float = Field(description="log-odds that a user leaves after a session")
    quit_welfare: float = Field(ge=0.0, description="what accumulated utility takes from those log-odds")
    comeback: float = Field(description="log-odds that one who left returns some day")
    comeback_days: float = Field(gt=0.0, description="median absence of those who return")
    comeback_sigma: float = Field(ge=0.0)
    hour_sd: float = Field(ge=0.0, description="spread of the hour of a session around the user's own")
    post_before: float = Field(description="log-odds that a session begins with a post")
    post_after: float = Field(description="log-odds that it ends with one")
    post_minutes: float = Field(gt=0.0, description="minutes between a post and the feed")


class FeedParams(Params):
    """Everything that the feed and its users obey."""

    time: TimeParams
    population: PopulationParams
    mood: MoodParams
    catalogue: CatalogueParams
    shift: ShiftParams
    engagement: EngagementParams
    utility: UtilityParams
    session: SessionParams
    logging: LoggingParams


@dataclass
class Crowd:
    """The present state of all U users; the one thing here that changes in place."""

    mood: np.ndarray  # (U, 3) VAD
    fatigue: np.ndarray  # (U,)
    welfare: np.ndarray  # (U,) accumulated utility: a moving mean over positions
    last_end: np.ndarray  # (U,) seconds, end of the last session
    next_start: np.ndarray  # (U,) seconds, infinity for who has gone


@dataclass(frozen=True)
class Window:
    """What holds for one window of time."""

    pool: Pool
    topic_score: np.ndarray  # (K,) what popularity adds to each topic's score


# Users (S,), their moods (S, 3), the population and the window -> probability of each topic (S, K), rows sum to 1.
TopicPolicy = Callable[[np.ndarray, np.ndarray, Population, Window], np.ndarray]


@dataclass
class Visit:
    """S sessions that run side by side, over the M = K x P places of one window's pool."""

    users: np.ndarray  # (S,)
    session: np.ndarray  # (S,) number of the session
    clock: np.ndarray  # (S,) seconds
    taste: np.ndarray  # (S, M)
    freshness: np.ndarray  # (S, M) 1, or repeat_weight for what was shown lately


@dataclass(frozen=True)
class Choice:
    """What was shown to A users, and the value of every topic in the same context."""

    topic: np.ndarray  # (A,)
    place: np.ndarray  # (A,) among the M places of the pool
    propensity: np.ndarray  # (A,) probability of that topic
    expected_rewards: np.ndarray  # (A, K) P(view | context, topic)
    expected_utilities: np.ndarray  # (A, K) E[utility if viewed, else 0 | context, topic]


def logging_policy(params: LoggingParams) -> TopicPolicy:
    """The policy of the logs. It knows no moods."""

    def probabilities(users: np.ndarray, _: np.ndarray, population: Population, window: Window) -> np.ndarray:
        score = params.taste * population.taste_guess[users] + window.topic_score
        spread: np.ndarray = (1.0 - params.epsilon) * softmax(score, axis=1) + params.epsilon / N_TOPICS
        return spread

    return probabilities


def topic_scores(n_views: np.ndarray, params: LoggingParams, rng: np.random.Generator) -> np.ndarray:
    """What the views so far (K,) add to each topic's score in this window, with noise."""
    share = (n_views + 1.0) / (n_views + 1.0).sum()
    score: np.ndarray = params.popularity * np.log(share) + rng.normal(0.0, params.noise_sd, len(n_views))
    return score


def open_visit(
    users: np.ndarray,
    session: np.ndarray,
    clock: np.ndarray,
    window: Window,
    population: Population,
    catalogue: Catalogue,
) -> Visit:
    """Sessions at their first position, with nothing shown yet."""
    taste = taste_for(population, users, catalogue, window.pool.content.ravel())
    return Visit(users, session, clock, taste, np.ones_like(taste))


def visit_outlook(visit: Visit, active: np.ndarray, crowd: Crowd, window: Window, world: World) -> Outlook:
    """Outlook of the sessions `active` (A,) on all M places."""
    users = visit.users[active]
    return outlook(
        visit.taste[active],
        crowd.mood[users],
        crowd.fatigue[users],
        world.population.congruence[users],
        world.catalogue,
        window.pool.content.ravel(),
        world.params.engagement,
        world.params.utility,
    )


def choose(
    ahead: Outlook, freshness: np.ndarray, topic_probability: np.ndarray, pool: Pool, rng: np.random.Generator
) -> Choice:
    """Draw a topic by the policy and an item by the shared sampler; value every topic exactly under that sampler.

    Args:
        ahead: outlook (A, M) on every place.
        freshness: (A, M) factor on what was shown lately.
        topic_probability: (A, K) of the policy.
        pool: the window's contents and weights.
        rng: source of the draws.
    """
    n, shape = len(freshness), (len(freshness), *pool.weight.shape)
    item_weight = pool.weight * freshness.reshape(shape)
    item_probability = item_weight / item_weight.sum(axis=2, keepdims=True)
    viewed = item_probability * expit(ahead.view_log_odds).reshape(shape)
    topic = draw_categories(topic_probability, rng)
    rows = np.arange(n)
    place = draw_categories(item_probability[rows, topic], rng)
    return Choice(
        topic=topic,
        place=topic * shape[2] + place,
        propensity=topic_probability[rows, topic],
        expected_rewards=viewed.sum(axis=2),
        expected_utilities=(viewed * ahead.utility.reshape(shape)).sum(axis=2),
    )


@dataclass(frozen=True)
class World:
    """Who lives there, what there is to see, and the laws."""

    population: Population
    catalogue: Catalogue
    params: FeedParams

    @cached_property
    def dwell_median_s(self) -> np.ndarray:
        """Median dwell of each content's form, (I,) seconds."""
        by_form = [self.params.engagement.dwell_s[form] for form in self.params.shift.contents.start]
        medians: np.ndarray = np.array(by_form)[self.catalogue.form]
        return medians
