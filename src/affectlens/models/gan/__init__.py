"""Generators of content vectors from emotion and interest."""

from .build import build_gan_model, generate
from .conditional import ConditionedVectors, ConditionParams, interest_of, make_projection
from .gaussian import GaussianParams
from .vae import VaeParams
from .wgan import WganParams

__all__ = [
    "ConditionParams",
    "ConditionedVectors",
    "GaussianParams",
    "VaeParams",
    "WganParams",
    "build_gan_model",
    "generate",
    "interest_of",
    "make_projection",
]
