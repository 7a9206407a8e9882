"""What `parameters_recommender_training.yml` must hold."""

from pydantic import Field

from affectlens.models.recommender.attention import AttentionParams
from affectlens.models.recommender.content_knn import ContentKnnParams
from affectlens.models.recommender.ease import EaseParams
from affectlens.models.recommender.item_knn import ItemKnnParams
from affectlens.models.recommender.popularity import PopularityParams
from affectlens.models.recommender.satisfaction import SatisfactionParams
from affectlens.params import Params
from affectlens.training.loop import TrainerParams, TrainingParams

__all__ = [
    "AttentionMemberParams",
    "ContentKnnParams",
    "EaseParams",
    "EvaluationParams",
    "ItemKnnParams",
    "PopularityParams",
    "SatisfactionParams",
    "TrainerParams",
]


class AttentionMemberParams(Params):
    """The attention recommender and its pace."""

    model: AttentionParams
    training: TrainingParams = Field(description="batch_size counts predicted events")


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
