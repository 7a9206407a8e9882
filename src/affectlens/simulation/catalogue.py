"""The contents: topic, emotion, quality, age and form, and the pools from which every feed draws."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from pydantic import Field

from affectlens.features.taxonomy import EKMAN
from affectlens.params import Params
from affectlens.simulation.affect import Share, felt, soften
from affectlens.simulation.population import Population
from affectlens.simulation.randomness import draw_categories
from affectlens.simulation.timeline import DAY_S, ShiftParams, TimeParams, form_shares
from affectlens.simulation.topics import SUBTOPICS, TOPIC_OF_SUBTOPIC, TOPICS

N_TOPICS = len(TOPICS)


class CatalogueParams(Params):
    """What is published, and how the feed finds it."""

    n_contents: int = Field(ge=2 * N_TOPICS)
    initial_share: Share = Field(description="share of contents that stand there on the first day")
    initial_days: float = Field(gt=0.0, description="days before the first day over which those were published")
    growth: float = Field(ge=1.0, description="contents a day at the end over contents a day at the beginning")
    topic_emotions: dict[str, dict[str, float]] = Field(description="Dirichlet weights of each topic's emotions")
    second_emotion_share: Share = Field(description="share of contents with a second emotion")
    second_emotion_weight: tuple[Share, Share] = Field(description="range of that emotion's weight")
    intensity_shape: tuple[float, float] = Field(description="beta parameters of the intensity of emotion")
    second_topic_weight: Share = Field(description="largest weight of a second subtopic in a content's features")
    vad_noise_sd: float = Field(ge=0.0)
    leak: Share = Field(description="mass that a wholly unintense emotion loses to neutral")
    quality_sd: float = Field(ge=0.0)
    appeal_sd: float = Field(ge=0.0, description="log-sd of what the feed's sampler weighs beside age and popularity")
    author_tail: float = Field(gt=0.0, description="Pareto exponent of how much the users publish")
    pool_size: int = Field(ge=1, description="contents of each topic that compete in one window")
    popularity_power: float = Field(ge=0.0, description="rich get richer: weight (1 + views) ** power")
    novelty_days: float = Field(gt=0.0, description="tau of the novelty weight exp(-(age / tau) ** beta)")
    novelty_shape: float = Field(gt=0.0, description="beta of the novelty weight")


@dataclass(frozen=True)
class Catalogue:
    """Arrays over I contents, in order of publication. Times are seconds since the first day."""

    author: np.ndarray  # (I,) position of the user
    created: np.ndarray  # (I,)
    topic: np.ndarray  # (I,)
    subtopic: np.ndarray  # (I,)
    features: np.ndarray  # (I, n_subtopics) weights that sum to 1
    emotions: np.ndarray  # (I, 7) mixture, Ekman order
    intensity: np.ndarray  # (I,) in [0, 1]
    vad: np.ndarray  # (I, 3)
    quality: np.ndarray  # (I,) what a view is worth apart from taste and harm
    appeal: np.ndarray  # (I,) positive weight in the feed's sampler
    form: np.ndarray  # (I,) position in the forms of `shift.contents`

    def __len__(self) -> int:
        return len(self.created)


@dataclass(frozen=True)
class Pool:
    """The contents that compete in one window: K topics, P places each."""

    content: np.ndarray  # (K, P) positions; places without a content hold 0 with weight 0
    weight: np.ndarray  # (K, P) weight in the item sampler that every policy shares


def draw_catalogue(
    params: CatalogueParams, population: Population, shift: ShiftParams, time: TimeParams, rng: np.random.Generator
) -> Catalogue:
    """Contents in order of publication; the first ones take the topics in turn, so that none is ever empty."""
    created = _draw_created(params, time.horizon_s, rng)
    n = len(created)
    subtopic = rng.integers(len(SUBTOPICS), size=n)
    in_turn = np.arange(len(SUBTOPICS)).reshape(N_TOPICS, -1).T.ravel()
    n_initial = _count_initial(params)
    subtopic[:n_initial] = np.resize(in_turn, n_initial)
    topic = np.array(TOPIC_OF_SUBTOPIC)[subtopic]
    emotions, intensity = _draw_emotions(params, topic, rng)
    vad = felt(emotions, intensity) + rng.normal(0.0, params.vad_noise_sd, (n, 3))
    return Catalogue(
        author=_draw_authors(params, population, created, rng),
        created=created,
        topic=topic,
        subtopic=subtopic,
        features=_draw_features(params, subtopic, rng),
        emotions=emotions,
        intensity=intensity,
        vad=np.clip(vad, -1.0, 1.0),
        quality=rng.normal(0.0, params.quality_sd, n),
        appeal=np.exp(params.appeal_sd * rng.normal(size=n)),
        form=draw_categories(form_shares(shift.contents, shift, created / time.horizon_s), rng),
    )


def novelty(age_s: np.ndarray, params: CatalogueParams) -> np.ndarray:
    """Weight in (0, 1] that a content of this age (seconds, >= 0) keeps: a stretched exponential.

    Source: Wu & Huberman 2007, "Novelty and collective attention" (PNAS 104), for the form of the decay.
    """
    kept: np.ndarray = np.exp(-((np.maximum(age_s, 0.0) / (params.novelty_days * DAY_S)) ** params.novelty_shape))
    return kept


def draw_pool(
    catalogue: Catalogue, n_views: np.ndarray, now: float, params: CatalogueParams, rng: np.random.Generator
) -> Pool:
    """Up to `pool_size` contents a topic that exist at `now`, drawn by weight without replacement.

    Args:
        catalogue: all contents, of which those not yet published are left out.
        n_views: (I,) views so far.
        now: seconds since the first day.
        params: shape of the weights.
        rng: source of the draws.
    """
    n_published = int(np.searchsorted(catalogue.created, now))
    log_weight = (
        np.log(catalogue.appeal[:n_published])
        + params.popularity_power * np.log1p(n_views[:n_published])
        + np.log(novelty(now - catalogue.created[:n_published], params) + np.finfo(float).tiny)
    )
    key = log_weight + rng.gumbel(size=n_published)
    content = np.zeros((N_TOPICS, params.pool_size), dtype=np.int64)
    weight = np.zeros((N_TOPICS, params.pool_size))
    for topic in range(N_TOPICS):
        members = np.flatnonzero(catalogue.topic[:n_published] == topic)
        chosen = members[np.argsort(-key[members], kind="stable")[: params.pool_size]]
        content[topic, : len(chosen)] = chosen
        weight[topic, : len(chosen)] = np.exp(log_weight[chosen] - log_weight[chosen].max())
    return Pool(content, weight)


def _count_initial(params: CatalogueParams) -> int:
    return max(N_TOPICS, round(params.initial_share * params.n_contents))


def _draw_created(params: CatalogueParams, horizon_s: float, rng: np.random.Generator) -> np.ndarray:
    """Publication times whose density grows evenly by the factor `growth` over the horizon."""
    n_initial = _count_initial(params)
    initial = -rng.random(n_initial) * params.initial_days * DAY_S
    level = rng.random(params.n_contents - n_initial)
    slope = params.growth - 1.0
    later = (np.sqrt(1.0 + level * slope * (2.0 + slope)) - 1.0) / slope if slope > 0.0 else level
    return np.sort(np.concatenate([initial, later * horizon_s]))


def _draw_emotions(
    params: CatalogueParams, topic: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Mixtures (n, 7) with one or two emotions, softened by intensity, and the intensity (n,)."""
    n = len(topic)
    profile = np.array([[params.topic_emotions[name].get(emotion, 0.0) for emotion in EKMAN] for name in TOPICS])
    weights = profile[topic]
    first = draw_categories(weights, rng)
    rest = weights.copy()
    rest[np.arange(n), first] = 0.0
    second = draw_categories(rest + np.finfo(float).tiny, rng)
    share = np.where(rng.random(n) < params.second_emotion_share, rng.uniform(*params.second_emotion_weight, n), 0.0)
    emotions = np.eye(len(EKMAN))[first] * (1.0 - share)[:, None] + np.eye(len(EKMAN))[second] * share[:, None]
    intensity = rng.beta(*params.intensity_shape, n)
    return soften(emotions, intensity, params.leak), intensity


def _draw_features(params: CatalogueParams, subtopic: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    n = len(subtopic)
    share = rng.random(n) * params.second_topic_weight
    other = rng.integers(len(SUBTOPICS), size=n)
    units = np.eye(len(SUBTOPICS))
    features: np.ndarray = units[subtopic] * (1.0 - share)[:, None] + units[other] * share[:, None]
    return features


def _draw_authors(
    params: CatalogueParams, population: Population, created: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Authors (n,) in proportion to Pareto weights among the users who had joined; the first user where nobody had."""
    weight = rng.pareto(params.author_tail, len(population)) + 1.0
    total = np.cumsum(weight)
    n_joined = np.searchsorted(population.joined, created)
    reach = np.where(n_joined > 0, total[np.maximum(n_joined, 1) - 1], total[0])
    authors: np.ndarray = np.minimum(np.searchsorted(total, rng.random(len(created)) * reach), len(population) - 1)
    return authors
