"""What `parameters_feature_engineering.yml` must hold."""

from typing import Literal

from pydantic import Field

from affectlens.features.content_blocks import ContentParams
from affectlens.features.splits import SplitParams
from affectlens.features.text import VocabularyParams
from affectlens.params import Params


class FeatureEngineeringParams(Params):
    """Everything of this stage; each node asks for its part."""

    split: SplitParams
    has_clock: bool = Field(description="false: the source's times tell the order of a user's events and nothing else")
    taxonomy: Literal["goemotions", "ekman", "sentiment"]
    vocabulary: VocabularyParams
    content: ContentParams
