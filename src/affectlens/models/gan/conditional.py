"""What every generator of content vectors shares: its condition, and how it is sampled."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn

from affectlens.params import Params


class ConditionParams(Params):
    """The condition c = [emotion ; interest] of every generator."""

    interest_size: int = Field(ge=1, description="u, how many leading axes of a content vector tell an interest")
    interest_noise: float = Field(gt=0, description="sd of the noise on the interest of a training content")


@dataclass(frozen=True)
class ConditionedVectors:
    """Contents with their condition, as arrays.

    Attributes:
        vectors: (n, d) whitened content vectors.
        emotion: (n, C) soft emotion probabilities.
        interest: (n, u) interest vectors.
    """

    vectors: np.ndarray
    emotion: np.ndarray
    interest: np.ndarray

    def __len__(self) -> int:
        return len(self.vectors)


@dataclass
class GeneratorBatch:
    """Contents with their condition, as tensors (B, d), (B, C), (B, u)."""

    vectors: Tensor
    emotion: Tensor
    interest: Tensor

    def to(self, device: torch.device) -> GeneratorBatch:
        """The same batch on a device."""
        return GeneratorBatch(self.vectors.to(device), self.emotion.to(device), self.interest.to(device))


# Shapes: B samples, d vector size, C emotions, u interest size, z noise size.
class ConditionalGenerator(nn.Module, ABC):
    """A sampler of content vectors given a soft emotion and an interest; each member of the family derives from it.

    It carries the fixed `projection` P (d, u) that makes an interest of content vectors, and the `mean_interest` (u,)
    that stands in for a user without history.
    """

    projection: Tensor
    mean_interest: Tensor
    noise_size: int

    def __init__(self, n_emotions: int, vector_size: int, interest_size: int) -> None:
        super().__init__()
        self.n_emotions, self.vector_size, self.interest_size = n_emotions, vector_size, interest_size
        self.register_buffer("projection", torch.zeros(vector_size, interest_size))
        self.register_buffer("mean_interest", torch.zeros(interest_size))

    @abstractmethod
    def sample(self, emotion: Tensor, interest: Tensor, noise: Tensor) -> Tensor:
        """Content vectors (B, d) from emotion (B, C), interest (B, u) and standard normal noise (B, z)."""


def make_projection(vector_size: int, interest_size: int) -> np.ndarray:
    """The fixed projection (d, min(u, d)) onto the leading axes of a content vector.

    Content vectors are principal components in the order of the variance that they explain, each scaled to variance 1:
    the first ones tell contents apart best.

    >>> make_projection(3, 2).tolist()
    [[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]]
    """
    return np.eye(vector_size, min(interest_size, vector_size), dtype=np.float32)


def interest_of(vectors: np.ndarray, projection: np.ndarray) -> np.ndarray:
    """Interest P'g of content vectors: of one content, or of the mean content of a user.

    Args:
        vectors: (..., d) content vectors.
        projection: (d, u), `checkpoint.weights["projection"]`.

    Returns:
        (..., u) interest vectors.

    >>> interest_of(np.array([[1.0, 2.0, 3.0]]), np.eye(3)[:, :2]).tolist()
    [[1.0, 2.0]]
    """
    result: np.ndarray = np.asarray(vectors) @ projection
    return result


def perceptron(sizes: tuple[int, ...], *, normalise: bool) -> nn.Sequential:
    """Linear layers of the given widths with leaky rectifiers between them, and layer norm before each if asked."""
    layers: list[nn.Module] = []
    for index, (width_in, width_out) in enumerate(pairwise(sizes)):
        layers.append(nn.Linear(width_in, width_out))
        if index < len(sizes) - 2:
            layers += [nn.LayerNorm(width_out)] if normalise else []
            layers.append(nn.LeakyReLU(0.2))
    return nn.Sequential(*layers)
