"""Generators of content vectors from emotion and interest."""

from .build import build_gan_model, generate
from .conditional import ConditionedVectors, ConditionParams, interest_of, make_projection
from .flow import FlowParams
from .gaussian import GaussianParams
from .mixture import MixtureParams
from .states import generate_at
from .vae import VaeParams
from .wgan import WganParams

__all__ = [
    "ConditionParams",
    "ConditionedVectors",
    "FlowParams",
    "GaussianParams",
    "MixtureParams",
    "VaeParams",
    "WganParams",
    "build_gan_model",
    "generate",
    "generate_at",
    "interest_of",
    "make_projection",
]
