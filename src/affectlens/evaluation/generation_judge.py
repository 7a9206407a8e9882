"""What generated vectors are held against: real contents that no generator saw, and a judge of their emotion."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from pydantic import Field
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression

from affectlens.params import Params

NO_LABEL = -1


class GenerationScoreParams(Params):
    """How generated vectors are scored."""

    max_samples: int = Field(ge=2, description="largest N, the number of real and of generated vectors in every row")
    n_neighbours: int = Field(ge=1, description="k of precision, recall, density and coverage")
    n_resamples: int = Field(ge=100, description="bootstrap draws of the metrics that are no mean over samples")
    n_permutations: int = Field(ge=19, description="label permutations of the MMD test")
    learner_penalty: float = Field(gt=0, description="inverse penalty of what learns from generated contents (C)")
    dose_levels: list[float] = Field(min_length=3, description="asked intensities of one emotion, in [0, 1]")
    dose_bound: float = Field(gt=0, le=1, description="rank correlation from which an emotion follows its dose")
    calm_share: float = Field(gt=0, le=1, description="share of neutral that asking for something calmer mixes in")


@dataclass(frozen=True)
class LabelledVectors:
    """Vectors (n, d) with the index (n,) of their emotion, `NO_LABEL` where it is unknown or not one alone."""

    vectors: np.ndarray
    labels: np.ndarray

    def labelled(self) -> LabelledVectors:
        """The rows with a known emotion."""
        known = self.labels != NO_LABEL
        return LabelledVectors(self.vectors[known], self.labels[known])


@dataclass(frozen=True)
class GenerationTest:
    """The held-out contents in two disjoint halves of N, and what judges them. Vectors are standardised by train.

    Attributes:
        real: the half that every sampler is compared with.
        asked: the half whose conditions every sampler is asked for; as a sampler, it is the reference "real".
        emotion: (N, C) the asked emotion.
        interest: (N, u) the asked interest.
        train: what could have been copied.
        judge: names the emotion of a vector; fitted on validation contents, which no generator imitates.
        mean_emotion: (C,) mean emotion of the training contents.
        calm: index of the emotion that is none.
        projection: (d, u) projection of raw vectors to interest.
        center: (d,) training means.
        scale: (d,) training standard deviations.
        params: sizes of the tests.
        seed: seed of all draws.
    """

    real: LabelledVectors
    asked: LabelledVectors
    emotion: np.ndarray
    interest: np.ndarray
    train: LabelledVectors
    judge: LinearDiscriminantAnalysis | None
    mean_emotion: np.ndarray
    calm: int
    projection: np.ndarray
    center: np.ndarray
    scale: np.ndarray
    params: GenerationScoreParams
    seed: int

    def standardised(self, vectors: np.ndarray) -> np.ndarray:
        """Raw vectors (..., d) in the units of the test."""
        result: np.ndarray = (vectors - self.center) / self.scale
        return result

    def judged(self, vectors: np.ndarray) -> np.ndarray:
        """Probability (n, C) that the judge gives each emotion in raw vectors (n, d); 0 for one that it never saw."""
        assert self.judge is not None
        probabilities = np.zeros((len(vectors), self.emotion.shape[1]))
        probabilities[:, self.judge.classes_] = self.judge.predict_proba(self.standardised(vectors))
        return probabilities


def fit_judge(contents: LabelledVectors) -> LinearDiscriminantAnalysis | None:
    """A judge that names the emotion of a vector; None where fewer than two emotions are known.

    Linear discriminant analysis with the shrunk covariance of Ledoit and Wolf: no gradient, no weight and no content
    that a generator or the emotion model learned from.
    """
    known = contents.labelled()
    if len(np.unique(known.labels)) < 2 or len(known.labels) <= len(np.unique(known.labels)):
        return None
    return LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto").fit(known.vectors, known.labels)


def fit_learner(contents: LabelledVectors, params: GenerationScoreParams) -> LogisticRegression | None:
    """A logistic regression that learns the emotion of a vector; None where fewer than two emotions are known."""
    known = contents.labelled()
    if len(np.unique(known.labels)) < 2:
        return None
    return LogisticRegression(C=params.learner_penalty, max_iter=2000).fit(known.vectors, known.labels)
