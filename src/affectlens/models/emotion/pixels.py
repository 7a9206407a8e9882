"""The baseline of pictures and clips: one logistic regression a label on brightness, colours and movement."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from pydantic import Field
from scipy.special import logit
from sklearn.linear_model import LogisticRegression

from affectlens.features.images import appearance, motion
from affectlens.models.checkpoint import Checkpoint
from affectlens.params import Params

Metric = Callable[[np.ndarray, np.ndarray], float]


class PixelsParams(Params):
    """Candidates for the penalty; validation picks one."""

    inverse_penalties: tuple[float, ...] = Field(min_length=1, description="C of the regressions, larger is freer")
    max_iterations: int = Field(ge=1)


@dataclass(frozen=True)
class PixelClassifier:
    """Fitted regressions on standardised features.

    Attributes:
        center: (k,) mean of each feature in train.
        scale: (k,) its standard deviation, 1 where it does not vary.
        coefficients: (C, k).
        intercepts: (C,).
    """

    center: np.ndarray
    scale: np.ndarray
    coefficients: np.ndarray
    intercepts: np.ndarray

    def logits(self, features: np.ndarray) -> np.ndarray:
        """Scores (n, C) of features (n, k)."""
        standard = (features - self.center) / self.scale
        return np.asarray(standard @ self.coefficients.T + self.intercepts, dtype=np.float32)

    def checkpoint(self, architecture: str, names: Sequence[str], **metadata: Any) -> Checkpoint:
        """The classifier at rest."""
        return Checkpoint(architecture, {"labels": list(names)}, vars(self), metadata)

    @classmethod
    def restore(cls, checkpoint: Checkpoint) -> PixelClassifier:
        """Inverse of `checkpoint`."""
        return cls(**checkpoint.weights)


def pixel_features(pixels: np.ndarray, n_frames: np.ndarray) -> np.ndarray:
    """Mean frame and movement (n, k) of pictures or clips.

    Args:
        pixels: (n, F, 32, 32, 3) uint8, padded at the end.
        n_frames: (n,) real frames of each.
    """
    rows = [_features(frames[:real].astype(np.float32) / 255.0) for frames, real in zip(pixels, n_frames, strict=True)]
    return np.stack(rows) if rows else np.empty((0, 0), dtype=np.float32)


def _features(frames: np.ndarray) -> np.ndarray:
    return np.concatenate([appearance(frames), motion(frames)])


def fit_pixels(
    features: np.ndarray,
    labels: np.ndarray,
    valid_features: np.ndarray,
    valid_labels: np.ndarray,
    params: PixelsParams,
    metric: Metric,
) -> PixelClassifier:
    """Fit one regression a label; the penalty with the best metric on valid is kept.

    Args:
        features: (n, k) of train.
        labels: (n, C) 0/1.
        valid_features: (m, k).
        valid_labels: (m, C) 0/1.
        params: candidates.
        metric: (truth, scores) -> number, higher is better.
    """
    scale = features.std(axis=0)
    center, scale = features.mean(axis=0), np.where(scale > 0, scale, 1.0)
    standard, best, best_value = (features - center) / scale, None, -np.inf
    for penalty in params.inverse_penalties:
        fitted = [_regression(standard, column, penalty, params.max_iterations) for column in labels.T]
        one = PixelClassifier(
            center, scale, np.stack([pair[0] for pair in fitted]), np.array([pair[1] for pair in fitted])
        )
        value = metric(valid_labels, one.logits(valid_features))
        if best is None or value > best_value:
            best, best_value = one, value
    assert best is not None
    return best


def _regression(features: np.ndarray, is_present: np.ndarray, penalty: float, most: int) -> tuple[np.ndarray, float]:
    if is_present.min() == is_present.max():
        share = (is_present.sum() + 0.5) / (len(is_present) + 1.0)
        return np.zeros(features.shape[1]), float(logit(share))
    found = LogisticRegression(C=penalty, max_iter=most).fit(features, is_present)
    return found.coef_[0], float(found.intercept_[0])
