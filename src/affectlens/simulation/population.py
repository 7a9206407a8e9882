"""The users: taste, temper, activity, habits of writing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from pydantic import Field

from affectlens.params import Params
from affectlens.simulation.affect import MoodParams, Share
from affectlens.simulation.topics import SUBTOPICS, TOPIC_OF_SUBTOPIC, TOPICS

AGE_GROUPS = ("18-24", "25-34", "35-54", "55+")


class PopulationParams(Params):
    """Who the users are."""

    n_users: int = Field(ge=8)
    initial_share: Share = Field(description="share of users who joined before the first day")
    initial_days: float = Field(gt=0.0, description="days before the first day over which those joined")
    last_join_share: Share = Field(description="share of the horizon after which nobody joins any more")
    age_shares: tuple[float, float, float, float] = Field(description="share of each age group, young to old")
    topic_taste_sd: float = Field(ge=0.0)
    subtopic_taste_sd: float = Field(ge=0.0)
    taste_guess_sd: float = Field(ge=0.0, description="error of the platform's guess at a user's taste for a topic")
    congruence_mean: float = Field(description="pull of contents whose valence agrees with the mood")
    congruence_sd: float = Field(ge=0.0)
    gap_days: float = Field(gt=0.0, description="median days between sessions")
    gap_sigma: float = Field(ge=0.0, description="log-sd of the gap between users: the tail of activity")
    least_gap_days: float = Field(gt=0.0)
    loyalty_sd: float = Field(ge=0.0, description="spread, in log-odds, of how firmly users stay")
    hour_mean: float = Field(ge=0.0, lt=24.0, description="hour of the day, UTC, at which the feed is busiest")
    hour_sd: float = Field(ge=0.0)
    talkative_sd: float = Field(ge=0.0, description="spread, in log-odds, of how readily users write")
    emoji_sd: float = Field(ge=0.0, description="spread, in log-odds, of the use of emoji")
    emoji_youth: float = Field(description="log-odds of emoji that each step towards the youngest group adds")
    carelessness_shape: float = Field(gt=0.0, description="gamma shape of the users' factor on typos and the like")


@dataclass(frozen=True)
class Population:
    """Arrays over U users. Times are seconds since the first day of the world (negative: before it)."""

    joined: np.ndarray  # (U,)
    age_group: np.ndarray  # (U,) position in AGE_GROUPS
    taste: np.ndarray  # (U, n_subtopics) log-odds of viewing
    taste_guess: np.ndarray  # (U, n_topics) what the platform believes
    baseline: np.ndarray  # (U, 3) VAD
    congruence: np.ndarray  # (U,)
    gap_days: np.ndarray  # (U,) mean gap between sessions of a satisfied user
    loyalty: np.ndarray  # (U,) taken from the log-odds of leaving
    hour: np.ndarray  # (U,) preferred hour of the day
    talkative: np.ndarray  # (U,) log-odds
    emoji: np.ndarray  # (U,) log-odds
    carelessness: np.ndarray  # (U,) factor on typos, elongation and shouting, mean 1

    def __len__(self) -> int:
        return len(self.joined)


def topic_means(values: np.ndarray) -> np.ndarray:
    """Mean over the subtopics of each topic: (n, n_subtopics) -> (n, n_topics)."""
    member = np.equal.outer(np.array(TOPIC_OF_SUBTOPIC), np.arange(len(TOPICS))).astype(float)
    means: np.ndarray = values @ (member / member.sum(axis=0))
    return means


def draw_population(
    params: PopulationParams, mood: MoodParams, horizon_s: float, rng: np.random.Generator
) -> Population:
    """Users in the order in which they joined."""
    n = params.n_users
    taste = _draw_taste(params, rng)
    age_group = rng.choice(len(AGE_GROUPS), size=n, p=np.array(params.age_shares) / sum(params.age_shares))
    youth = len(AGE_GROUPS) - 1 - age_group
    gap_days = params.gap_days * np.exp(params.gap_sigma * rng.normal(size=n))
    return Population(
        joined=_draw_joined(params, horizon_s, rng),
        age_group=age_group,
        taste=taste,
        taste_guess=topic_means(taste) + rng.normal(0.0, params.taste_guess_sd, (n, len(TOPICS))),
        baseline=np.clip(rng.normal(mood.baseline_mean, mood.baseline_sd, (n, 3)), -1.0, 1.0),
        congruence=rng.normal(params.congruence_mean, params.congruence_sd, n),
        gap_days=np.maximum(gap_days, params.least_gap_days),
        loyalty=rng.normal(0.0, params.loyalty_sd, n),
        hour=rng.normal(params.hour_mean, params.hour_sd, n),
        talkative=rng.normal(0.0, params.talkative_sd, n),
        emoji=rng.normal(0.0, params.emoji_sd, n) + params.emoji_youth * (youth - youth.mean()),
        carelessness=rng.gamma(params.carelessness_shape, 1.0 / params.carelessness_shape, n),
    )


def _draw_taste(params: PopulationParams, rng: np.random.Generator) -> np.ndarray:
    topic = rng.normal(0.0, params.topic_taste_sd, (params.n_users, len(TOPICS)))
    deviation = rng.normal(0.0, params.subtopic_taste_sd, (params.n_users, len(SUBTOPICS)))
    taste: np.ndarray = topic[:, TOPIC_OF_SUBTOPIC] + deviation
    return taste


def _draw_joined(params: PopulationParams, horizon_s: float, rng: np.random.Generator) -> np.ndarray:
    """Founders before the first day, the others evenly until `last_join_share`."""
    n_founders = round(params.initial_share * params.n_users)
    founders = -rng.random(n_founders) * params.initial_days * 86400.0
    later = rng.random(params.n_users - n_founders) * horizon_s * params.last_join_share
    return np.sort(np.concatenate([founders, later]))
