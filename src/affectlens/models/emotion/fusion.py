"""Late fusion: what words, picture and clip say on their own, added up; whichever of them is missing adds nothing."""

# Shapes: n documents, M modalities, C emotions.
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np
from pydantic import Field
from scipy.optimize import minimize
from scipy.special import expit, logit

from affectlens.models.checkpoint import Checkpoint
from affectlens.params import Params

MODALITIES = ("text", "image", "clip")
MODALITY_SETS = tuple(chosen for size in range(1, 4) for chosen in combinations(MODALITIES, size))
_EDGE = 1e-4


class FusionParams(Params):
    """How strongly the weights are held at what independent witnesses deserve."""

    ridge: float = Field(gt=0, description="pull of each modality's weight to 1 and of each label's shift to 0")


@dataclass(frozen=True)
class Evidence:
    """What each modality says on its own.

    Attributes:
        probabilities: (n, M, C) calibrated; anything where the modality is missing.
        is_there: (n, M).
    """

    probabilities: np.ndarray
    is_there: np.ndarray

    def __len__(self) -> int:
        return len(self.is_there)

    def only(self, modalities: Sequence[str]) -> Evidence:
        """The same documents as if they had these modalities at most."""
        return replace(self, is_there=self.is_there & np.isin(MODALITIES, modalities))

    def take(self, rows: np.ndarray) -> Evidence:
        """Some of the documents."""
        return Evidence(self.probabilities[rows], self.is_there[rows])


@dataclass(frozen=True)
class LateFusion:
    """log-odds = prior + shift + sum over modalities of weight x (own log-odds - prior).

    Attributes:
        prior: (C,) share of each label among training texts.
        weights: (M,).
        shift: (C,).
    """

    prior: np.ndarray
    weights: np.ndarray
    shift: np.ndarray

    def log_odds(self, evidence: Evidence) -> np.ndarray:
        """Fused log-odds (n, C); a document of which nothing is known gets the prior, shifted.

        >>> fusion = LateFusion(np.array([0.5]), np.array([1.0, 1.0, 1.0]), np.array([0.0]))
        >>> said = Evidence(np.array([[[0.75], [0.75], [0.1]]]), np.array([[True, True, False]]))
        >>> fusion.log_odds(said).round(4).tolist()                     # 2 ln 3
        [[2.1972]]
        """
        return np.asarray(
            _log_odds(self.prior) + self.shift + np.einsum("nmc,m->nc", self._news(evidence), self.weights)
        )

    def probabilities(self, evidence: Evidence) -> np.ndarray:
        """Fused probabilities (n, C)."""
        return np.asarray(expit(self.log_odds(evidence)))

    def _news(self, evidence: Evidence) -> np.ndarray:
        return np.where(evidence.is_there[:, :, None], _log_odds(evidence.probabilities) - _log_odds(self.prior), 0.0)

    def checkpoint(self, **metadata: Any) -> Checkpoint:
        """The fusion at rest."""
        return Checkpoint("late_fusion", {"modalities": list(MODALITIES)}, vars(self), metadata)

    @classmethod
    def restore(cls, checkpoint: Checkpoint) -> LateFusion:
        """Inverse of `checkpoint`."""
        return cls(**checkpoint.weights)


def fit_fusion(evidence: Evidence, labels: np.ndarray, prior: np.ndarray, params: FusionParams) -> LateFusion:
    """Weights and shifts of the best likelihood, over every document with every subset of its modalities.

    Args:
        evidence: n documents that no modality's model was fitted on.
        labels: (n, C) 0/1.
        prior: (C,) share of each label among training texts.
        params: strength of the pull.
    """
    taught, truth = _with_subsets(evidence, labels)
    n_modalities = len(MODALITIES)
    start = LateFusion(prior, np.ones(n_modalities), np.zeros(len(prior)))
    news, base = start._news(taught), _log_odds(prior)

    def loss(theta: np.ndarray) -> tuple[float, np.ndarray]:
        weights, shift = theta[:n_modalities], theta[n_modalities:]
        scores = base + shift + np.einsum("nmc,m->nc", news, weights)
        residual = expit(scores) - truth
        value = float((np.logaddexp(0.0, scores) - truth * scores).sum())
        gradient = np.concatenate([np.einsum("nmc,nc->m", news, residual), residual.sum(axis=0)])
        away = theta - np.concatenate([start.weights, start.shift])
        return value + 0.5 * params.ridge * float(away @ away), gradient + params.ridge * away

    found = minimize(loss, np.concatenate([start.weights, start.shift]), jac=True, method="L-BFGS-B").x
    return LateFusion(prior, found[:n_modalities], found[n_modalities:])


def _with_subsets(evidence: Evidence, labels: np.ndarray) -> tuple[Evidence, np.ndarray]:
    """Every document once for each non-empty subset of the modalities that it has, with its labels."""
    parts, truth = [], []
    for subset in MODALITY_SETS:
        has_all = evidence.is_there[:, np.isin(MODALITIES, subset)].all(axis=1)
        parts.append(evidence.only(subset).take(np.flatnonzero(has_all)))
        truth.append(labels[has_all])
    probabilities, is_there = (np.concatenate([getattr(part, name) for part in parts]) for name in vars(evidence))
    return Evidence(probabilities, is_there), np.concatenate(truth)


def _log_odds(probabilities: np.ndarray) -> np.ndarray:
    return np.asarray(logit(np.clip(probabilities, _EDGE, 1.0 - _EDGE)))
