"""What parameters_ingestion.yml must hold."""

import re
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, Field

from affectlens.params import Params


def _is_pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"not a regular expression: {error}") from error
    return text


class Mask(Params):
    """Personal data in texts: what matches the pattern is replaced."""

    pattern: Annotated[str, AfterValidator(_is_pattern)]
    replacement: str


class IngestionParams(Params):
    """Which rows are refused, and how many may be."""

    max_rejected_share: float = Field(ge=0, le=1, description="a source above it stops the run")
    max_text_length: int = Field(ge=1, description="characters")
    max_image_pixels: int = Field(ge=1, description="of the first frame")
    earliest_time: AwareDatetime
    latest_time: AwareDatetime
    clock_tolerance_s: float = Field(ge=0, description="how long an event may lie before its content's creation")
    masks: tuple[Mask, ...]
