"""Do generated vectors obey: the asked emotion, more of it, something calmer, and the interest all the while?"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.spatial.distance import jensenshannon

from affectlens.evaluation.estimate import Estimate, mean_estimate, resampled_estimate
from affectlens.evaluation.generation import dose_correlation, weighted_macro_f1
from affectlens.evaluation.generation_judge import NO_LABEL, GenerationTest, LabelledVectors, fit_learner

# emotion (N, C) -> raw vectors (N, d), with the asked interest and always the same noise
Sample = Callable[[np.ndarray], np.ndarray]
_ASKED = ("conditional_accuracy", "conditional_accuracy_ratio", "condition_jsd", "tstr_ratio")
_MOVED = ("dose_response", "dose_share", "dose_drift", "counterfactual_interest", "counterfactual_calm")


def condition_estimates(vectors: np.ndarray, test: GenerationTest) -> dict[str, Estimate]:
    """Does the judge see the asked emotion, and does a classifier that learns from fakes know real contents?

    Args:
        vectors: (N, d) raw vectors, row i generated for the condition of `test.asked` row i.
        test: the held-out contents.
    """
    labels = test.asked.labels
    known = labels != NO_LABEL
    if test.judge is None or not known.any():
        return dict.fromkeys(_ASKED, Estimate.undefined(int(known.sum())))
    judged, real = test.judged(vectors), test.judged(test.asked.vectors * test.scale + test.center)
    hits, real_hits = ((each.argmax(axis=1) == labels)[known].astype(np.float64) for each in (judged, real))
    return {
        "conditional_accuracy": mean_estimate(hits, test.seed),
        "conditional_accuracy_ratio": ratio_estimate(
            lambda weights: weights @ hits, lambda weights: weights @ real_hits, len(hits), test
        ),
        "condition_jsd": mean_estimate(divergence(judged, test.emotion), test.seed),
        "tstr_ratio": _tstr_ratio(LabelledVectors(test.standardised(vectors), labels), test),
    }


def obedience_estimates(sample: Sample, test: GenerationTest) -> dict[str, Estimate]:
    """What changes, and what stays, when only the asked emotion moves; see `dose_estimates`, `calmer_estimates`."""
    if test.judge is None:
        return dict.fromkeys(_MOVED, Estimate.undefined(len(test.interest)))
    return {**dose_estimates(sample, test), **calmer_estimates(sample, test)}


def dose_estimates(sample: Sample, test: GenerationTest) -> dict[str, Estimate]:
    """Asked intensity against judged probability, interest and noise of each sample held fixed.

    The asked emotion moves from the training mean (intensity 0) to one class alone (intensity 1).

    Returns:
        `dose_response`: Spearman correlation of a sample, mean over the emotions that the judge knows. `dose_share`:
        share of emotions whose mean correlation over the samples reaches `dose_bound`. `dose_drift`: largest rise of
        the mean judged probability of any other emotion from intensity 0 to 1, mean over the asked emotions.
    """
    assert test.judge is not None
    levels = np.asarray(test.params.dose_levels)
    correlations, drifts = [], []
    for index in test.judge.classes_:
        target = np.eye(len(test.mean_emotion))[index]
        mixtures = (1.0 - levels)[:, None] * test.mean_emotion + levels[:, None] * target
        judged = [test.judged(sample(np.tile(mixture, (len(test.interest), 1)))) for mixture in mixtures]
        correlations.append(dose_correlation(levels, np.stack([each[:, index] for each in judged], axis=1)))
        drifts.append(np.delete(judged[-1].mean(axis=0) - judged[0].mean(axis=0), index).max())
    follows = [np.nan_to_num(each).mean() >= test.params.dose_bound for each in correlations]
    return {
        "dose_response": mean_estimate(np.mean(correlations, axis=0), test.seed),
        "dose_share": Estimate.exact(float(np.mean(follows)), len(follows)),
        "dose_drift": mean_estimate(np.array(drifts), test.seed),
    }


def calmer_estimates(sample: Sample, test: GenerationTest) -> dict[str, Estimate]:
    """The same interest, calmer: `calm_share` of no emotion mixed into what was asked, the rest held fixed.

    Returns:
        `counterfactual_interest`: cosine of the interest before and after. `counterfactual_calm`: rise of the judged
        probability of no emotion. Contents that were calm already are left out.
    """
    share, calm = test.params.calm_share, np.eye(test.emotion.shape[1])[test.calm]
    stirred = test.emotion.argmax(axis=1) != test.calm
    if not stirred.any():
        return dict.fromkeys(_MOVED[-2:], Estimate.undefined(0))
    before, after = sample(test.emotion), sample((1.0 - share) * test.emotion + share * calm)
    rise = (test.judged(after) - test.judged(before))[:, test.calm]
    kept = cosine(before @ test.projection, after @ test.projection)
    return {
        "counterfactual_interest": mean_estimate(kept[stirred], test.seed),
        "counterfactual_calm": mean_estimate(rise[stirred], test.seed),
    }


def _tstr_ratio(generated: LabelledVectors, test: GenerationTest) -> Estimate:
    """Macro-F1 on real contents after learning from generated ones, over that after as many real ones."""
    learners = [fit_learner(sample, test.params) for sample in (generated, test.asked)]
    real = test.real.labelled()
    if learners[0] is None or learners[1] is None or len(real.labels) == 0:
        return Estimate.undefined(len(real.labels))
    from_fake, from_real = (learner.predict(real.vectors) for learner in learners if learner is not None)
    return ratio_estimate(
        lambda weights: weighted_macro_f1(real.labels, from_fake, weights),
        lambda weights: weighted_macro_f1(real.labels, from_real, weights),
        len(real.labels),
        test,
    )


def ratio_estimate(
    above: Callable[[np.ndarray], np.ndarray],
    below: Callable[[np.ndarray], np.ndarray],
    n: int,
    test: GenerationTest,
) -> Estimate:
    """A ratio of two statistics of the same weighted units (b, n) -> (b,); undefined where the divisor is 0."""

    def ratio(weights: np.ndarray) -> np.ndarray:
        divisor = below(weights)
        result: np.ndarray = np.divide(above(weights), divisor, out=np.full(len(weights), np.nan), where=divisor > 0)
        return result

    if not below(np.ones((1, n)))[0] > 0:
        return Estimate.undefined(n)
    return resampled_estimate(ratio, n, test.seed, test.params.n_resamples)


def divergence(judged: np.ndarray, emotion: np.ndarray) -> np.ndarray:
    """Jensen-Shannon divergence (n,) in bits between two distributions a row, each made to sum to 1; NaN for zeros.

    >>> judged = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 0.0]])
    >>> divergence(judged, np.array([[2.0, 0.0], [0.0, 1.0], [1.0, 0.0]])).tolist()
    [0.0, 1.0, nan]
    """
    values = np.full(len(judged), np.nan)
    known = (judged.sum(axis=1) > 0) & (emotion.sum(axis=1) > 0)
    # The root of a divergence that rounding put below 0 is no number.
    values[known] = np.nan_to_num(jensenshannon(judged[known], emotion[known], base=2, axis=1) ** 2)
    return values


def cosine(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Cosine (n,) of two vectors a row; NaN where one is zero.

    >>> cosine(np.array([[1.0, 0.0], [0.0, 0.0]]), np.array([[1.0, 1.0], [1.0, 0.0]])).round(4).tolist()
    [0.7071, nan]
    """
    norms = np.linalg.norm(left, axis=1) * np.linalg.norm(right, axis=1)
    products = (left * right).sum(axis=1)
    cosines: np.ndarray = np.divide(products, norms, out=np.full(len(left), np.nan), where=norms > 0)
    return cosines
