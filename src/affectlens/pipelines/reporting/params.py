"""What `parameters_reporting.yml` and the table `stages` must hold."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from affectlens.features.windows import Period
from affectlens.params import Params

Share = Annotated[float, Field(gt=0, le=1)]
Kind = Literal["impression", "view", "like", "comment", "share", "rating", "purchase"]
Counter = Literal["likes", "loves", "hahas", "wows", "sads", "angrys", "shares", "comments", "impressions", "clicks"]


class AttentionParams(Params):
    """How the distributions of attention are measured."""

    kinds: tuple[Kind, ...] = Field(min_length=1, description="kinds of interaction that count as attention, one each")
    counters: tuple[Counter, ...] = Field(description="counters that count as attention where nobody's is logged")
    period: Period = Field(description="windows of birth in which contents are compared")
    min_contents: int = Field(ge=2, description="windows with fewer contents are left out")
    horizon_days: float = Field(gt=0, description="age at which the attention of a content is taken as complete")
    finest_age_days: float = Field(gt=0, description="width of the first age bin; the others grow evenly in log age")
    n_age_bins: int = Field(ge=7)
    n_decay_resamples: int = Field(ge=20, description="bootstrap samples behind the intervals of a law of decay")
    pace_period: Period = Field(description="windows of the top")
    n_top: int = Field(ge=1, description="places in the top")
    min_contents_of_author: int = Field(ge=2, description="authors with fewer share one effect in the regression")
    top_shares: tuple[Share, ...] = Field(description="parts of the units whose share of all attention is given")
    n_resamples: int = Field(ge=20, description="bootstrap samples behind an interval")
    n_curve_points: int = Field(ge=2, description="points of a Lorenz or rank-size curve")


class ExpressionParams(Params):
    """How the forms of expression are followed over time."""

    kinds: tuple[Kind, ...] = Field(min_length=1, description="kinds of interaction that count as attention to a form")
    period: Period
    min_posts: int = Field(ge=1, description="periods with fewer posts are left out")
    n_resamples: int = Field(ge=20, description="bootstrap samples of authors behind an interval")
    n_prevalence_resamples: int = Field(ge=20, description="the same for the prevalence of emotions")


class ContrastParams(Params):
    """How arms that were shown at random are compared."""

    same: tuple[str, ...] = Field(description="columns of contents that compared arms share, beside the experiment")
    excluded_from: str = Field(description="ISO date from which on randomisation is in doubt")
    excluded_to: str = Field(description="ISO date of the last such week")
    n_resamples: int = Field(ge=20, description="bootstrap samples of experiments behind a win rate")


class ShiftParams(Params):
    """How breaks and drift are looked for."""

    most_windows: int = Field(ge=20, description="windows of equal n into which a series is cut at most")
    min_posts: int = Field(ge=1, description="posts that a window needs at least")
    min_windows: int = Field(ge=2, description="windows between two breaks at least")
    block: int = Field(ge=1, description="windows that stay together when series without breaks are made")
    alarm_rate: Share = Field(description="probability of a break anywhere in a run without one")
    n_replicates: int = Field(ge=100, description="series without breaks behind each penalty")
    n_permutations: int = Field(ge=99, description="permutations of time blocks behind a p-value of drift")


class MetricParams(Params):
    """A metric that the leaderboard tables of the report show."""

    name: str = Field(description="as in the column `metric`")
    label: str
    meaning: str = Field(description="one clause for readers who do not know the metric")
    better: Literal["higher", "lower"]


class StageParams(Params):
    """How one modelling stage is told."""

    pipeline: str = Field(description="the pipeline that writes the leaderboard")
    title: str
    question: str = Field(description="what the stage is asked, one sentence")
    metrics: tuple[MetricParams, ...] = Field(min_length=1, description="shown as columns; the first one decides")
    references: tuple[str, ...] = Field(description="models that are shown as limits and compete with nobody")
    cited: tuple[str, ...] = Field(description="versioned datasets of this stage that the report cites")


class ExamplesParams(Params):
    """Which scored texts are shown."""

    n_each: int = Field(ge=0, description="texts that the model read right, and as many that it read wrong")
    max_characters: int = Field(ge=20)


class StagesParams(Params):
    """The modelling stages, by the first word of their pipelines' names."""

    emotion: StageParams
    gan: StageParams
    recommender: StageParams
    policy: StageParams


class EnvironmentStages(Params):
    """A row of the table `stages`: what runs in an environment, and why the rest does not."""

    runs: tuple[str, ...]
    skips: dict[str, str]
