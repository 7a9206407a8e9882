"""The statistical baseline: one Gaussian a class, its mean linear in the condition."""

from __future__ import annotations

import numpy as np
import torch
from pydantic import Field
from sklearn.covariance import LedoitWolf
from sklearn.linear_model import Ridge
from torch import Tensor

from affectlens.models.gan.conditional import ConditionalGenerator, ConditionedVectors
from affectlens.params import Params


class GaussianParams(Params):
    """What the conditional Gaussian needs to know."""

    ridge: float = Field(gt=0, description="penalty of the regression of the vectors on the condition")
    min_class_rows: int = Field(ge=2, description="a class with fewer contents takes the covariance of all")


class ConditionalGaussian(ConditionalGenerator):
    """N(W [e ; u], S_k), k the strongest emotion: linear regression and shrunk residual covariance a class.

    The covariances are those of Ledoit & Wolf 2004, "A well-conditioned estimator for large-dimensional covariance
    matrices". A soft emotion sums to 1, so the regression needs no intercept.
    """

    coefficient: Tensor
    factor: Tensor

    def __init__(self, n_emotions: int, vector_size: int, interest_size: int) -> None:
        super().__init__(n_emotions, vector_size, interest_size)
        self.noise_size = vector_size
        self.register_buffer("coefficient", torch.zeros(n_emotions + interest_size, vector_size))
        self.register_buffer("factor", torch.eye(vector_size).repeat(n_emotions, 1, 1))

    def sample(self, emotion: Tensor, interest: Tensor, noise: Tensor) -> Tensor:
        """Content vectors (B, d): mean plus the Cholesky factor of the strongest emotion times noise (B, d)."""
        mean = torch.cat([emotion, interest], dim=1) @ self.coefficient  # (B, d)
        spread = torch.einsum("kij,bj->bki", self.factor, noise)  # (B, C, d)
        return mean + spread[torch.arange(len(noise)), emotion.argmax(dim=1)]


def fit_gaussian(model: ConditionalGaussian, train: ConditionedVectors, params: GaussianParams) -> float:
    """Fit `model` in place in closed form; returns the mean negative log-likelihood (nats) of the training vectors."""
    condition = np.concatenate([train.emotion, train.interest], axis=1).astype(np.float64)
    coefficient = Ridge(alpha=params.ridge, fit_intercept=False).fit(condition, train.vectors).coef_.T
    residual = train.vectors - condition @ coefficient
    strongest = train.emotion.argmax(axis=1)
    pooled = LedoitWolf(assume_centered=True).fit(residual).covariance_
    members = [residual[strongest == index] for index in range(model.n_emotions)]
    covariances = [
        LedoitWolf(assume_centered=True).fit(rows).covariance_ if len(rows) >= params.min_class_rows else pooled
        for rows in members
    ]
    factor = np.linalg.cholesky(np.stack(covariances))
    model.coefficient.copy_(torch.from_numpy(coefficient))
    model.factor.copy_(torch.from_numpy(factor))
    return _negative_log_likelihood(members, factor)


def _negative_log_likelihood(members: list[np.ndarray], factor: np.ndarray) -> float:
    size = factor.shape[1]
    total = 0.0
    for rows, lower in zip(members, factor, strict=True):
        standard = np.linalg.solve(lower, rows.T)
        log_determinant = 2.0 * np.log(np.diag(lower)).sum()
        total += 0.5 * ((standard**2).sum() + len(rows) * (log_determinant + size * np.log(2.0 * np.pi)))
    return total / sum(len(rows) for rows in members)
