"""What `parameters_reporting.yml` and the table `stages` must hold."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from affectlens.params import Params

Share = Annotated[float, Field(gt=0, le=1)]
Kind = Literal["impression", "view", "like", "comment", "share", "rating", "purchase"]


class AttentionParams(Params):
    """How the distributions of attention are measured."""

    kinds: tuple[Kind, ...] = Field(min_length=1, description="kinds of interaction that count as attention, one each")
    top_shares: tuple[Share, ...] = Field(description="parts of the units whose share of all attention is given")
    n_resamples: int = Field(ge=20, description="bootstrap samples behind an interval")
    n_curve_points: int = Field(ge=2, description="points of a Lorenz or rank-size curve")


class ExpressionParams(Params):
    """How the forms of expression are followed over time."""

    kinds: tuple[Kind, ...] = Field(min_length=1, description="kinds of interaction that count as attention to a form")
    period: Literal["week", "month", "quarter", "year"]
    min_posts: int = Field(ge=1, description="periods with fewer posts are left out")
    n_resamples: int = Field(ge=20, description="bootstrap samples of authors behind an interval")


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
