"""The strong statistical baseline: a Gaussian mixture around a mean that the emotion moves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from pydantic import Field
from sklearn.linear_model import Ridge
from torch import Tensor

from affectlens.models.gan.conditional import ConditionalGenerator, ConditionedVectors
from affectlens.models.gan.mixture_em import fit_mixture_by_em
from affectlens.params import Params


class MixtureParams(Params):
    """What the conditional mixture needs to know."""

    ridge: float = Field(gt=0, description="penalty of the regression of the vectors on the emotion")
    components: list[int] = Field(min_length=1, description="candidate numbers of components; validation chooses")
    covariance_floor: float = Field(gt=0, description="added to every variance of a component")


# Shapes: B contents, d vector size, C emotions, u interest size, J components.
class ConditionalMixture(ConditionalGenerator):
    """g = W e + r with r from a Gaussian mixture, given an interest u = P'g + noise.

    An interest is an observation, so means and covariances of the components are the posterior ones, in closed form
    (Bishop 2006, "Pattern Recognition and Machine Learning", 2.3.3). The component itself is read off the interest as
    if the emotion were the mean one: what a person likes says what kind of content it is, and a sample whose asked
    emotion grows moves inside its component instead of hopping to another.
    """

    coefficient: Tensor
    mean_emotion: Tensor
    log_weight: Tensor
    center: Tensor
    gain: Tensor
    factor: Tensor
    evidence: Tensor

    def __init__(self, n_emotions: int, vector_size: int, interest_size: int, n_components: int) -> None:
        super().__init__(n_emotions, vector_size, interest_size)
        self.noise_size = vector_size + 1
        self.register_buffer("coefficient", torch.zeros(n_emotions, vector_size))
        self.register_buffer("mean_emotion", torch.full((n_emotions,), 1.0 / n_emotions))
        self.register_buffer("log_weight", torch.zeros(n_components))
        self.register_buffer("center", torch.zeros(n_components, vector_size))
        self.register_buffer("gain", torch.zeros(n_components, vector_size, interest_size))
        self.register_buffer("factor", torch.eye(vector_size).repeat(n_components, 1, 1))
        self.register_buffer("evidence", torch.eye(interest_size).repeat(n_components, 1, 1))

    def sample(self, emotion: Tensor, interest: Tensor, noise: Tensor) -> Tensor:
        """Content vectors (B, d): noise (B, d + 1) picks a component by its last number, then a place in it."""
        chosen = self._chosen(interest, noise[:, -1])
        mean = emotion @ self.coefficient + self.center[chosen]  # (B, d)
        surprise = interest - mean @ self.projection  # (B, u)
        moved = torch.einsum("bdu,bu->bd", self.gain[chosen], surprise)
        spread = torch.einsum("bij,bj->bi", self.factor[chosen], noise[:, :-1])
        return mean + moved + spread

    def _chosen(self, interest: Tensor, noise: Tensor) -> Tensor:
        """Component (B,) of each row: its posterior weights, met by the quantile that a standard normal number is."""
        usual = (self.mean_emotion @ self.coefficient + self.center) @ self.projection  # (J, u)
        standard = torch.einsum("juv,bjv->bju", self.evidence, interest[:, None, :] - usual)
        log_density = torch.log(self.evidence.diagonal(dim1=1, dim2=2)).sum(dim=1) - 0.5 * (standard**2).sum(dim=2)
        weights = torch.softmax(self.log_weight + log_density, dim=1)  # (B, J)
        quantile = torch.special.ndtr(noise)[:, None]
        passed: Tensor = (weights.cumsum(dim=1) < quantile).sum(dim=1)
        return passed.clamp(max=weights.shape[1] - 1)


@dataclass(frozen=True)
class MixtureFit:
    """Mean negative log-likelihood (nats) of training vectors, and of validation vectors, under a fitted mixture."""

    train_loss: float
    valid_loss: float
    weights: dict[str, np.ndarray]


def fit_mixture(
    train: ConditionedVectors, valid: ConditionedVectors, projection: np.ndarray, interest_noise: float,
    params: MixtureParams, seed: int,
) -> MixtureFit:  # fmt: skip
    """Fit every candidate number of components by EM and keep the one under which validation vectors are likeliest.

    Args:
        train: contents to imitate.
        valid: contents that choose the number of components.
        projection: (d, u) fixed projection that makes an interest.
        interest_noise: sd of the noise on the interest of a content.
        params: candidates and penalties.
        seed: seed of EM's start.
    """
    coefficient = Ridge(alpha=params.ridge, fit_intercept=False).fit(train.emotion, train.vectors).coef_.T
    residuals = [each.vectors - each.emotion @ coefficient for each in (train, valid)]
    fits = [
        fit_mixture_by_em(residuals[0], min(n, len(train) // 2), params.covariance_floor, seed)
        for n in params.components
    ]
    losses = [-mixture.mean_log_density(residuals[1]) for mixture in fits]
    best = fits[int(np.argmin(losses))]
    weights = {"coefficient": coefficient, "mean_emotion": train.emotion.mean(axis=0)}
    weights |= {"log_weight": np.log(best.weights), "center": best.means}
    weights |= _posterior(best.covariances, projection, interest_noise)
    return MixtureFit(-best.mean_log_density(residuals[0]), min(losses), weights)


def load_mixture(model: ConditionalMixture, fit: MixtureFit) -> None:
    """Put fitted weights into the module, in place."""
    for name, values in fit.weights.items():
        getattr(model, name).copy_(torch.from_numpy(np.asarray(values)))


def _posterior(covariances: np.ndarray, projection: np.ndarray, interest_noise: float) -> dict[str, np.ndarray]:
    """What an observed interest does to a component: gain, factor of the covariance that is left, and evidence.

    `evidence` is the inverse factor of the interest's covariance: with it, the log density of an interest is a sum.
    """
    crossed = covariances @ projection  # (J, d, u)
    observed = projection.T @ crossed + interest_noise**2 * np.eye(projection.shape[1])
    gain = np.linalg.solve(observed, np.swapaxes(crossed, 1, 2)).swapaxes(1, 2)
    left = covariances - gain @ np.swapaxes(crossed, 1, 2)
    left = (left + np.swapaxes(left, 1, 2)) / 2.0
    evidence = np.linalg.inv(np.linalg.cholesky(observed))
    return {"gain": gain, "factor": np.linalg.cholesky(left), "evidence": evidence}
