"""What `parameters_recommender_training.yml` must hold."""

from typing import Self

from pydantic import Field

from affectlens.models.recommender.attention import AttentionParams
from affectlens.models.recommender.blend import BlendParams
from affectlens.models.recommender.content_knn import ContentKnnParams
from affectlens.models.recommender.ease import EaseParams
from affectlens.models.recommender.item_knn import ItemKnnParams
from affectlens.models.recommender.outcomes import OutcomesParams
from affectlens.models.recommender.popularity import PopularityParams
from affectlens.models.recommender.satisfaction import SatisfactionParams
from affectlens.params import Params
from affectlens.training.loop import TrainerParams, TrainingParams
from affectlens.training.pace import PaceParams

__all__ = [
    "AttentionMemberParams",
    "BlendParams",
    "ContentKnnParams",
    "EaseParams",
    "EvaluationParams",
    "ItemKnnParams",
    "OutcomesParams",
    "PopularityParams",
    "SatisfactionParams",
    "TrainerParams",
]


class AttentionMemberParams(Params):
    """The attention recommender and its pace."""

    model: AttentionParams
    heat_half_lives_days: list[float] = Field(
        description="tried on validation events by the heat alone, the best for `model`; []: that of `model` stands"
    )
    training: TrainingParams = Field(description="batch_size counts predicted events")
    outcomes: OutcomesParams
    pace: PaceParams | None = Field(description="null: a constant learning rate, and the best epoch on validation")

    def with_epochs(self, n_epochs: int) -> Self:
        """The same member fitted for exactly as long."""
        return self.model_copy(update={"training": self.training.model_copy(update={"max_epochs": n_epochs})})


class EvaluationParams(Params):
    """How every member is judged."""

    k: int = Field(ge=1, description="length of the recommended lists")
    block: int = Field(ge=1, description="users scored at a time; bounds memory")
    cold_below: int = Field(
        ge=1, description="an item with fewer training events, a user with fewer events at the request, is cold"
    )
    least_group: int = Field(ge=1, description="emotion groups with fewer users are merged before gaps are taken")
    jackknife_groups: int = Field(ge=2, description="groups of users that the intervals of coverage and Gini leave out")
    n_candidates: int = Field(ge=1, description="candidates handed to the policy, a user")
    refit: bool = Field(description="fit every member once more, on train and valid with its settings fixed")
