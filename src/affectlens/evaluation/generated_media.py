"""How good drawn pictures and clips are: does an outside judge see the emotion, do clips move with it, are they new?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.pipeline import Pipeline, make_pipeline

from affectlens.evaluation.estimate import Estimate, mean_estimate, resampled_estimate
from affectlens.evaluation.generation import authenticity_values, mmd2
from affectlens.features.images import appearance, motion

_MOST_COMPONENTS = 30
_N_RESAMPLES = 200


@dataclass(frozen=True)
class MediaTest:
    """What drawn pictures or clips are held against.

    Attributes:
        real: (n, F, 32, 32, 3) real media in [0, 1].
        labels: (n,) index of the emotion of each, which is what was asked.
        arousal: (n,) how stirring what was asked is.
        train: (m, F, 32, 32, 3) what could have been copied.
        judge: looks (n, k) -> emotion.
        seed: seed of all draws.
    """

    real: np.ndarray
    labels: np.ndarray
    arousal: np.ndarray
    train: np.ndarray
    judge: Pipeline | None
    seed: int


def looks(frames: np.ndarray) -> np.ndarray:
    """What media (n, F, 32, 32, 3) show: the mean frame and the last one, (n, 2304)."""
    if not len(frames):
        return np.zeros((0, 2304), dtype=np.float32)
    return np.stack([np.concatenate([appearance(each), appearance(each[-1:])]) for each in frames])


def fit_media_judge(frames: np.ndarray, labels: np.ndarray) -> Pipeline | None:
    """Principal components, then discriminant analysis: nothing that a decoder learned from; None for one label."""
    n_kept = min(_MOST_COMPONENTS, len(frames) // 3)
    if len(np.unique(labels)) < 2 or n_kept < 2:
        return None
    judge: Pipeline = make_pipeline(
        PCA(n_kept, svd_solver="full"), LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto")
    ).fit(looks(frames), labels)
    return judge


def score_media(frames: np.ndarray, test: MediaTest) -> dict[str, Estimate]:
    """Every metric of drawn media, picture i drawn for the emotion of real picture i."""
    drawn, real = looks(frames), looks(test.real)
    scores = {
        "picture_mmd2": Estimate.exact(mmd2(real, drawn), len(frames)),
        "picture_authenticity": mean_estimate(authenticity_values(drawn, looks(test.train)), test.seed),
    }
    if test.judge is not None:
        hits = (test.judge.predict(drawn) == test.labels).astype(np.float64)
        scores["picture_accuracy"] = mean_estimate(hits, test.seed)
    if frames.shape[1] > 1:
        moved = np.array([motion(each)[0] for each in frames])
        scores["motion_arousal_correlation"] = resampled_estimate(
            _weighted_rank_correlation(test.arousal, moved), len(frames), test.seed, _N_RESAMPLES
        )
    return scores


def _weighted_rank_correlation(asked: np.ndarray, moved: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Spearman correlation (b,) of units counted `weights` (b, n) times, with the ranks of the whole sample."""
    ranks = [rankdata(values) for values in (asked, moved)]

    def correlation(weights: np.ndarray) -> np.ndarray:
        total = weights.sum(axis=1, keepdims=True)
        centred = [each - weights @ each[:, None] / total for each in ranks]
        covariance, first, second = (
            (weights * left * right).sum(axis=1)
            for left, right in ((centred[0], centred[1]), (centred[0], centred[0]), (centred[1], centred[1]))
        )
        norm = np.sqrt(first * second)
        result: np.ndarray = np.divide(covariance, norm, out=np.full(len(weights), np.nan), where=norm > 0)
        return result

    return correlation
