"""One leaderboard row set for a sampler of content vectors: every metric of `generation.py` with its interval."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from pydantic import Field
from sklearn.linear_model import LogisticRegression

from affectlens.evaluation.estimate import Estimate, mean_estimate, resampled_estimate
from affectlens.evaluation.generation import (
    authenticity_values,
    copy_values,
    dose_correlation,
    frechet_of_moments,
    median_distance,
    mmd2_of_kernel,
    neighbourhood,
    rbf_kernel,
    weighted_macro_f1,
    weighted_moments,
)
from affectlens.params import Params

NO_LABEL = -1


class GenerationScoreParams(Params):
    """How generated vectors are scored."""

    max_samples: int = Field(ge=2, description="largest N, the number of real and of generated vectors in every row")
    n_neighbours: int = Field(ge=1, description="k of precision, recall, density and coverage")
    n_resamples: int = Field(ge=100, description="bootstrap draws of the metrics that are no mean over samples")
    n_permutations: int = Field(ge=19, description="label permutations of the MMD test")
    judge_penalty: float = Field(gt=0, description="inverse strength of the judge's penalty (scikit-learn's C)")
    dose_levels: list[float] = Field(min_length=3, description="asked intensities of one emotion, in [0, 1]")


@dataclass(frozen=True)
class LabelledVectors:
    """Vectors (n, d) with the index (n,) of their strongest emotion, `NO_LABEL` where it is unknown."""

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
        interest: (N, u) the asked interest.
        train: what could have been copied.
        judge: names the emotion of a vector; fitted on validation contents, which no generator imitates.
        projection: (d, u) projection of raw vectors to interest.
        center: (d,) training means.
        scale: (d,) training standard deviations.
        params: sizes of the tests.
        seed: seed of all draws.
    """

    real: LabelledVectors
    asked: LabelledVectors
    interest: np.ndarray
    train: LabelledVectors
    judge: LogisticRegression | None
    projection: np.ndarray
    center: np.ndarray
    scale: np.ndarray
    params: GenerationScoreParams
    seed: int

    def standardised(self, vectors: np.ndarray) -> np.ndarray:
        """Raw vectors (..., d) in the units of the test."""
        result: np.ndarray = (vectors - self.center) / self.scale
        return result


def score_samples(vectors: np.ndarray, test: GenerationTest) -> dict[str, Estimate]:
    """Every metric of one sampler.

    Args:
        vectors: (N, d) raw vectors, row i generated for the condition of `test.asked` row i.
        test: the held-out contents.

    Raises:
        ValueError: there is not one vector for each asked condition.
    """
    if vectors.shape != test.asked.vectors.shape:
        raise ValueError(f"expected one vector a condition, {test.asked.vectors.shape}, got {vectors.shape}")
    fake = test.standardised(vectors)
    return {
        **_distance_estimates(fake, test),
        **_neighbourhood_estimates(fake, test),
        **_condition_estimates(fake, test),
        "interest_cosine": mean_estimate(_cosine(vectors @ test.projection, test.interest), test.seed),
        "authenticity": mean_estimate(authenticity_values(fake, test.train.vectors), test.seed),
        "copy_rate": mean_estimate(copy_values(fake, test.train.vectors, test.real.vectors), test.seed),
    }


def fit_judge(contents: LabelledVectors, params: GenerationScoreParams) -> LogisticRegression | None:
    """A logistic regression that names the emotion of a vector; None where fewer than two emotions are known."""
    known = contents.labelled()
    if len(np.unique(known.labels)) < 2:
        return None
    return LogisticRegression(C=params.judge_penalty, max_iter=2000).fit(known.vectors, known.labels)


def dose_response(
    sample: Callable[[np.ndarray], np.ndarray], mean_emotion: np.ndarray, test: GenerationTest
) -> Estimate:
    """Spearman correlation of asked intensity and judged probability, interest and noise of each sample held fixed.

    The asked emotion moves from the training mean (intensity 0) to one class alone (intensity 1); the value of a
    sample is its mean over the classes that the judge knows.

    Args:
        sample: emotion (N, C) -> raw vectors (N, d), with the asked interest and always the same noise.
        mean_emotion: (C,) mean emotion of the training contents.
        test: the held-out contents.
    """
    if test.judge is None:
        return Estimate.undefined(len(test.interest))
    levels = np.asarray(test.params.dose_levels)
    correlations = []
    for column, index in enumerate(test.judge.classes_):
        target = np.eye(len(mean_emotion))[index]
        mixtures = (1.0 - levels)[:, None] * mean_emotion + levels[:, None] * target
        vectors = [sample(np.tile(mixture, (len(test.interest), 1))) for mixture in mixtures]
        judged = [test.judge.predict_proba(test.standardised(each))[:, column] for each in vectors]
        correlations.append(dose_correlation(levels, np.stack(judged, axis=1)))
    return mean_estimate(np.mean(correlations, axis=0), test.seed)


def _distance_estimates(fake: np.ndarray, test: GenerationTest) -> dict[str, Estimate]:
    """Frechet distance, its excess over real-vs-real, and MMD² with its permutation p-value."""
    real, twin, n = test.real.vectors, test.asked.vectors, len(fake)
    draws = np.random.default_rng(test.seed).multinomial(n, np.full(n, 1 / n), (2, test.params.n_resamples))
    ones = np.ones((1, n))
    of_real, of_fake, of_twin = (
        [weighted_moments(sample, weights) for weights in (ones, resampled.astype(np.float64))]
        for sample, resampled in ((real, draws[0]), (fake, draws[1]), (twin, draws[1]))
    )
    frechet = [frechet_of_moments(*left, *right) for left, right in zip(of_real, of_fake, strict=True)]
    expected = [frechet_of_moments(*left, *right) for left, right in zip(of_real, of_twin, strict=True)]
    excess = [found - reference for found, reference in zip(frechet, expected, strict=True)]
    kernel = rbf_kernel(np.concatenate([real, fake]), median_distance(real))
    halves = np.concatenate([draws[0], np.zeros_like(draws[0])], axis=1).astype(np.float64)
    others = np.concatenate([np.zeros_like(draws[1]), draws[1]], axis=1).astype(np.float64)
    mmd = [_observed_mmd(kernel), mmd2_of_kernel(kernel, halves, others)]
    return {
        "frechet_distance": _centred(frechet[0], frechet[1], n),
        "frechet_excess": _centred(excess[0], excess[1], n),
        "mmd2": _centred(mmd[0], mmd[1], n),
        "mmd2_p_value": Estimate.exact(_permutation_p(kernel, test), n),
    }


def _observed_mmd(kernel: np.ndarray) -> np.ndarray:
    is_real = (np.arange(len(kernel)) < len(kernel) // 2)[None, :].astype(np.float64)
    return mmd2_of_kernel(kernel, is_real, 1.0 - is_real)


def _permutation_p(kernel: np.ndarray, test: GenerationTest) -> float:
    """Share of random relabellings with an MMD² at least as large as the observed one."""
    n = len(kernel)
    keys = np.random.default_rng(test.seed + 1).random((test.params.n_permutations, n))
    is_real = (keys.argsort(axis=1) < n // 2).astype(np.float64)
    permuted = mmd2_of_kernel(kernel, is_real, 1.0 - is_real)
    return float((1 + (permuted >= _observed_mmd(kernel)[0]).sum()) / (1 + len(permuted)))


def _centred(value: np.ndarray, draws: np.ndarray, n: int) -> Estimate:
    """The spread of the bootstrap about its own mean, put around the value.

    Drawing rows twice makes two samples of one law look farther apart, so the plain percentiles lie above the value.
    """
    lower, upper = np.percentile(draws, [2.5, 97.5]) - draws.mean()
    return Estimate(float(value[0]), float(value[0] + lower), float(value[0] + upper), n)


def _neighbourhood_estimates(fake: np.ndarray, test: GenerationTest) -> dict[str, Estimate]:
    names = ("precision", "recall", "density", "coverage")
    if len(fake) <= test.params.n_neighbours:
        return dict.fromkeys(names, Estimate.undefined(len(fake)))
    found = neighbourhood(test.real.vectors, fake, test.params.n_neighbours)
    return {name: mean_estimate(getattr(found, name), test.seed) for name in names}


def _condition_estimates(fake: np.ndarray, test: GenerationTest) -> dict[str, Estimate]:
    """Does the judge see the asked emotion, and does a classifier that learns from fakes know real contents?"""
    asked = test.asked.labelled()
    generated = LabelledVectors(fake, test.asked.labels).labelled()
    undefined = Estimate.undefined(len(asked.labels))
    found = dict.fromkeys(("conditional_accuracy", "conditional_accuracy_ratio", "tstr_ratio"), undefined)
    if test.judge is None or len(asked.labels) == 0:
        return found
    hits = (test.judge.predict(generated.vectors) == asked.labels).astype(np.float64)
    real_hits = (test.judge.predict(asked.vectors) == asked.labels).astype(np.float64)
    found["conditional_accuracy"] = mean_estimate(hits, test.seed)
    found["conditional_accuracy_ratio"] = _ratio(
        lambda weights: weights @ hits, lambda weights: weights @ real_hits, len(hits), test
    )
    learners = [fit_judge(sample, test.params) for sample in (generated, asked)]
    real = test.real.labelled()
    if learners[0] is not None and learners[1] is not None and len(real.labels) > 0:
        from_fake, from_real = (learner.predict(real.vectors) for learner in learners if learner is not None)
        found["tstr_ratio"] = _ratio(
            lambda weights: weighted_macro_f1(real.labels, from_fake, weights),
            lambda weights: weighted_macro_f1(real.labels, from_real, weights),
            len(real.labels),
            test,
        )
    return found


def _ratio(
    above: Callable[[np.ndarray], np.ndarray],
    below: Callable[[np.ndarray], np.ndarray],
    n: int,
    test: GenerationTest,
) -> Estimate:
    def ratio(weights: np.ndarray) -> np.ndarray:
        divisor = below(weights)
        result: np.ndarray = np.divide(above(weights), divisor, out=np.full(len(weights), np.nan), where=divisor > 0)
        return result

    if not below(np.ones((1, n)))[0] > 0:
        return Estimate.undefined(n)
    return resampled_estimate(ratio, n, test.seed, test.params.n_resamples)


def _cosine(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    norms = np.linalg.norm(left, axis=1) * np.linalg.norm(right, axis=1)
    products = (left * right).sum(axis=1)
    cosines: np.ndarray = np.divide(products, norms, out=np.full(len(left), np.nan), where=norms > 0)
    return cosines
