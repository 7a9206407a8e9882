"""What `parameters_emotion_training.yml` must hold."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from affectlens.evaluation.thresholds import DecisionParams
from affectlens.models.emotion.state import EmotionStateParams
from affectlens.params import Params
from affectlens.training.emotion import NETWORKS, MemberModel
from affectlens.training.loop import TrainerParams, TrainingParams

__all__ = ["DecisionParams", "EmotionMemberParams", "EmotionStateParams", "TrainerParams"]


class EmotionMemberParams(Params):
    """One member of the family: its sizes, and its pace if it is a network."""

    model: Annotated[MemberModel, Field(discriminator="kind")]
    training: TrainingParams | None = Field(description="null for a member without epochs")

    @model_validator(mode="after")
    def _only_networks_train(self) -> Self:
        if (self.training is not None) != (self.model.kind in NETWORKS):
            raise ValueError(f"{self.model.kind}: networks ({', '.join(NETWORKS)}) need `training`, others null")
        return self
