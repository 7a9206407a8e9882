"""The base class of every parameter model."""

from pydantic import BaseModel, ConfigDict


class Params(BaseModel):
    """A closed, immutable set of parameters: an unknown key or a wrong type is an error.

    Subclasses state types, bounds and meaning, never defaults: each value is written once, in `conf/`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
