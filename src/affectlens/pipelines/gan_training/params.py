"""What `parameters_gan_training.yml` must hold."""

from pydantic import Field

from affectlens.evaluation.generation_scores import GenerationScoreParams
from affectlens.models.gan import ConditionParams
from affectlens.params import Params
from affectlens.training.gan import Member
from affectlens.training.loop import TrainerParams

__all__ = ["ConditionParams", "GenerationParams", "GenerationScoreParams", "MemberParams", "TrainerParams"]


class MemberParams(Params):
    """One member of the family: its kind, and what that kind needs."""

    member: Member


class GenerationParams(Params):
    """What is generated for each emotion state."""

    n_samples: int = Field(ge=1, description="K, content vectors for each emotion state")
