"""What `parameters_gan_training.yml` must hold."""

from pydantic import Field

from affectlens.evaluation.augmentation import AugmentationParams
from affectlens.evaluation.generation_goals import GoalParams
from affectlens.evaluation.generation_judge import GenerationScoreParams
from affectlens.models.gan import ConditionParams
from affectlens.models.gan.writing import WritingParams
from affectlens.params import Params
from affectlens.training.gan import FittingParams
from affectlens.training.gan_members import Member
from affectlens.training.loop import TrainerParams
from affectlens.training.picture_decoder import PictureDecoderMember
from affectlens.training.text_decoder import TextDecoderMember

__all__ = [
    "AugmentationParams",
    "ColdStartParams",
    "ConditionParams",
    "DecodingParams",
    "FittingParams",
    "GalleryParams",
    "GenerationParams",
    "GenerationScoreParams",
    "GoalsParams",
    "MemberParams",
    "PictureDecoderMember",
    "TextDecoderMember",
    "TrainerParams",
]


class MemberParams(Params):
    """One member of the family: its kind, and what that kind needs."""

    member: Member


class GoalsParams(Params):
    """What a generator should reach, all at once, in the mean over the seeds."""

    all_at_once: list[GoalParams]


class ColdStartParams(Params):
    """Which contents are cold, and what stands in for them."""

    max_events: int = Field(ge=0, description="most train events of a cold content")
    n_neighbours: int = Field(ge=1, description="train contents whose mean is the neighbours' stand-in")
    n_samples: int = Field(ge=1, description="generated vectors whose mean is the generated stand-in")


class GalleryParams(Params):
    """Which generated contents are shown."""

    intensities: list[float] = Field(min_length=2, description="of each emotion, rising")
    n_each: int = Field(ge=1, description="contents for each emotion and intensity")


class DecodingParams(Params):
    """How vectors become contents, and how many of these are scored and shown."""

    max_texts: int = Field(ge=2, description="most texts that the text decoder learns from")
    max_media: int = Field(ge=2, description="most pictures, and most clips, that are opened of each split")
    writing: WritingParams
    n_texts: int = Field(ge=2, description="most texts that are written to be scored")
    n_compared: int = Field(ge=2, description="most of them that are compared with each other, for self-BLEU")
    n_language_texts: int = Field(ge=2, description="most training texts behind the perplexity")
    gallery: GalleryParams


class GenerationParams(Params):
    """What is generated for each emotion state."""

    n_samples: int = Field(ge=1, description="K, content vectors for each emotion state")
