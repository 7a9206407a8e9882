"""What `parameters_emotion_training.yml` must hold."""

import logging
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from affectlens.evaluation.thresholds import DecisionParams
from affectlens.models.emotion.build import NETWORKS, PRETRAINED
from affectlens.models.emotion.fusion import FusionParams
from affectlens.models.emotion.pixels import PixelsParams
from affectlens.models.emotion.pretrained import missing_extra
from affectlens.models.emotion.state import RecencyParams
from affectlens.params import Params
from affectlens.training.emotion import MemberModel
from affectlens.training.emotion_media import ClipFitParams, ImageFitParams
from affectlens.training.emotion_state import RecurrentFitParams
from affectlens.training.loop import TrainerParams, TrainingParams
from affectlens.training.pace import PaceParams

__all__ = [
    "ClipFitParams",
    "DecisionParams",
    "EmotionMemberParams",
    "ExplainingParams",
    "FewLabelsParams",
    "FusionParams",
    "ImageFitParams",
    "MembersParams",
    "PixelsParams",
    "RecencyParams",
    "RecurrentFitParams",
    "RobustnessParams",
    "TrainerParams",
]

logger = logging.getLogger(__name__)


class EmotionMemberParams(Params):
    """One member of the family: its sizes, and its length and pace if it is a network."""

    model: Annotated[MemberModel, Field(discriminator="kind")]
    training: TrainingParams | None = Field(description="null for a member without epochs")
    pace: PaceParams | None = Field(description="null: a constant learning rate, and the epoch that valid likes best")

    @model_validator(mode="after")
    def _only_networks_train(self) -> Self:
        if (self.training is not None) != (self.model.kind in NETWORKS):
            raise ValueError(f"{self.model.kind}: networks ({', '.join(NETWORKS)}) need `training`, others null")
        return self


class ExplainingParams(Params):
    """How many answers are explained."""

    n_shown: int = Field(ge=0, description="texts answered right, and as many answered wrong, with their words marked")
    n_texts: int = Field(ge=1, description="texts on which the faithfulness of marked words is measured")
    n_pictures: int = Field(ge=1, description="pictures on which that of marked regions is measured")


class RobustnessParams(Params):
    """What is read beside the labelled texts as they were written."""

    n_edited: int = Field(ge=1, description="texts that are read again with typing errors, in capitals and so on")
    n_other: int = Field(ge=1, description="labelled texts of each other source that are read")
    language: Literal["en", "zh"] = Field(description="the probes of negation are English")


class FewLabelsParams(Params):
    """A network that learns from few labels, and from what a teacher says of the other texts."""

    share: float = Field(gt=0, lt=1, description="of the train texts whose labels are shown")
    fewest: int = Field(ge=4, description="labelled texts; with fewer nothing is fitted")
    training: TrainingParams = Field(description="of both fits; valid ends them")
    taught_epochs: int = Field(ge=1, description="most epochs of the fit on all train texts")


class MembersParams(Params):
    """Who is fitted: the members of one profile."""

    profile: str
    edited_copies: float = Field(ge=0, description="train texts that are read once more with an edit, as a share")
    fallback: str = Field(description="profile that runs where the extra `encoder` is needed and not installed")
    profiles: dict[str, tuple[str, ...]] = Field(description="profile -> its members")
    source: str = Field(
        description="pretrained encoder: package (the extra `encoder`), a folder, or owner/name on the hub"
    )

    @model_validator(mode="after")
    def _profiles_exist(self) -> Self:
        for name in (self.profile, self.fallback):
            if name not in self.profiles:
                raise ValueError(f"profile {name!r} is unknown; expected one of {', '.join(self.profiles)}")
        return self

    def fitted(self) -> tuple[str, ...]:
        """The members that are fitted here, those of the fallback where what the profile needs is not installed."""
        asked = self.profiles[self.profile]
        missing = missing_extra(self.source) if set(asked) & set(PRETRAINED) else None
        if missing is None:
            return asked
        logger.warning(
            "emotion.members.profile %r needs %s, which is not installed: %r is fitted instead, without pretrained "
            "weights; pip install 'affectlens[encoder]' brings it",
            self.profile,
            missing,
            self.fallback,
        )
        return self.profiles[self.fallback]
