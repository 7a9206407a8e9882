"""One leaderboard row set for a sampler of content vectors: every metric of `generation.py` with its interval."""

from __future__ import annotations

import numpy as np

from affectlens.evaluation.estimate import Estimate, mean_estimate
from affectlens.evaluation.generation import (
    authenticity_values,
    copy_values,
    frechet_of_moments,
    median_distance,
    mmd2_of_kernel,
    neighbourhood,
    rbf_kernel,
    weighted_moments,
)
from affectlens.evaluation.generation_conditions import (
    Sample,
    condition_estimates,
    cosine,
    obedience_estimates,
    ratio_estimate,
)
from affectlens.evaluation.generation_judge import GenerationTest


def score_sampler(sample: Sample, test: GenerationTest) -> dict[str, Estimate]:
    """Every metric of a sampler that can be asked for any emotion."""
    return {**score_samples(sample(test.emotion), test), **obedience_estimates(sample, test)}


def score_samples(vectors: np.ndarray, test: GenerationTest) -> dict[str, Estimate]:
    """Every metric of one set of vectors.

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
        **condition_estimates(vectors, test),
        "interest_cosine": mean_estimate(cosine(vectors @ test.projection, test.interest), test.seed),
        **_memory_estimates(fake, test),
    }


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
    """Precision, recall, density, coverage, and coverage over that of the other real half."""
    names = ("precision", "recall", "density", "coverage")
    if len(fake) <= test.params.n_neighbours:
        return dict.fromkeys((*names, "coverage_ratio"), Estimate.undefined(len(fake)))
    found, twin = (neighbourhood(test.real.vectors, each, test.params.n_neighbours) for each in (fake, _twin(test)))
    estimates = {name: mean_estimate(getattr(found, name), test.seed) for name in names}
    return {**estimates, "coverage_ratio": _ratio(found.coverage, twin.coverage, test)}


def _memory_estimates(fake: np.ndarray, test: GenerationTest) -> dict[str, Estimate]:
    """Authenticity, the same over that of the other real half, and the copy rate."""
    authentic, twin = (authenticity_values(each, test.train.vectors) for each in (fake, _twin(test)))
    return {
        "authenticity": mean_estimate(authentic, test.seed),
        "authenticity_ratio": _ratio(authentic, twin, test),
        "copy_rate": mean_estimate(copy_values(fake, test.train.vectors, test.real.vectors), test.seed),
    }


def _twin(test: GenerationTest) -> np.ndarray:
    return test.asked.vectors


def _ratio(values: np.ndarray, reference: np.ndarray, test: GenerationTest) -> Estimate:
    """Mean of one value a unit over the mean of the other."""
    return ratio_estimate(lambda weights: weights @ values, lambda weights: weights @ reference, len(values), test)
