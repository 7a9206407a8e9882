"""Does it help a classifier of rare emotions to learn from generated contents, more than from real ones shown again?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from pydantic import Field
from sklearn.linear_model import LogisticRegression

from affectlens.evaluation.estimate import Estimate, paired_difference
from affectlens.evaluation.generation import weighted_macro_f1
from affectlens.evaluation.generation_judge import LabelledVectors
from affectlens.params import Params

# (rows of the training contents that are known, emotions of the wanted contents (m,), seed) -> vectors (m, d)
Make = Callable[[np.ndarray, np.ndarray, int], np.ndarray]
_LEAST_OF_A_CLASS = 2


class AugmentationParams(Params):
    """How the use of generated contents for rare emotions is measured."""

    shares: list[float] = Field(min_length=1, description="shares of the labelled training contents that are known")
    n_repeats: int = Field(ge=1, description="random parts of each share; each is a pair with and without")
    rare_share: float = Field(gt=0, le=1, description="share of the emotions that count as rare")
    penalty: float = Field(gt=0, description="inverse penalty of the classifier (scikit-learn's C)")


@dataclass(frozen=True)
class AugmentationTask:
    """What is learned from and what is tested on, in the same units."""

    train: LabelledVectors
    test: LabelledVectors
    params: AugmentationParams
    seed: int


def augmentation_estimates(task: AugmentationTask, make: Make) -> dict[str, Estimate]:
    """Lift of macro-F1, over all emotions and over the rare ones, at each share of known labels.

    Rare emotions are topped up to the count of the median emotion: with generated contents in one arm, with as many
    real ones drawn again in the other. A generator learns from the known contents only.

    The repeats share training and test contents and differ by the part that is known, by what is drawn again and by the
    generator's noise; with all contents known only by the last two. Intervals and p-values tell a lift from the luck of
    these draws; they do not hold for other contents.

    Returns:
        `augmentation_lift@P%` and `augmentation_lift_rare@P%`, intervals over the repeats; and their sign-flip p-values
        under `..._p_value`, not corrected for the number of shares.
    """
    known = task.train.labelled()
    rare = rarest_emotions(known.labels, task.params.rare_share)
    found: dict[str, Estimate] = {}
    for share in task.params.shares:
        pairs = [
            _one_pair(task, known, rare, share, task.seed + repeat, make) for repeat in range(task.params.n_repeats)
        ]
        for place, name in enumerate(("augmentation_lift", "augmentation_lift_rare")):
            generated, repeated = (np.array([pair[arm][place] for pair in pairs]) for arm in (0, 1))
            lift, p_value = paired_difference(generated, repeated, task.seed)
            found[f"{name}@{share:.0%}"] = lift
            found[f"{name}@{share:.0%}_p_value"] = Estimate.exact(p_value, lift.n)
    return found


def rarest_emotions(labels: np.ndarray, share: float) -> np.ndarray:
    """The rarest emotions that occur at all, at least one.

    >>> rarest_emotions(np.array([0, 0, 0, 1, 1, 2]), 1 / 3).tolist()
    [2]
    """
    classes, counts = np.unique(labels, return_counts=True)
    n_rare = max(1, round(share * len(classes)))
    return np.sort(classes[np.argsort(counts, kind="stable")[:n_rare]])


def known_rows(labels: np.ndarray, share: float, generator: np.random.Generator) -> np.ndarray:
    """Random rows, the share of each emotion but at least two of it."""
    rows = [generator.permutation(np.flatnonzero(labels == each)) for each in np.unique(labels)]
    kept = [each[: max(_LEAST_OF_A_CLASS, round(share * len(each)))] for each in rows]
    return np.sort(np.concatenate(kept))


def _one_pair(
    task: AugmentationTask, known: LabelledVectors, rare: np.ndarray, share: float, seed: int, make: Make
) -> list[tuple[float, float]]:
    """Macro-F1 over all and over rare emotions: with generated contents, then with real ones drawn again."""
    generator = np.random.default_rng(seed)
    rows = known_rows(known.labels, share, generator)
    labels = known.labels[rows]
    wanted = _missing(labels, rare)
    again = np.array([generator.choice(rows[labels == each]) for each in wanted], dtype=np.int64)
    extras = make(rows, wanted, seed), known.vectors[again]
    return [_scores(task, known.vectors[rows], labels, extra, wanted, rare) for extra in extras]


def _missing(labels: np.ndarray, rare: np.ndarray) -> np.ndarray:
    """Emotion (m,) of each content that would bring the rare emotions to the count of the median one."""
    classes, counts = np.unique(labels, return_counts=True)
    target = int(np.median(counts))
    lacking: Sequence[int] = [max(0, target - int(counts[classes == each].sum())) for each in rare]
    return np.repeat(rare, lacking)


def _scores(
    task: AugmentationTask,
    vectors: np.ndarray,
    labels: np.ndarray,
    extra: np.ndarray,
    extra_labels: np.ndarray,
    rare: np.ndarray,
) -> tuple[float, float]:
    learner = LogisticRegression(C=task.params.penalty, max_iter=1000)
    learner.fit(np.concatenate([vectors, extra]), np.concatenate([labels, extra_labels]))
    test = task.test.labelled()
    predicted, ones = learner.predict(test.vectors), np.ones((1, len(test.labels)))
    return (
        float(weighted_macro_f1(test.labels, predicted, ones)[0]),
        float(weighted_macro_f1(test.labels, predicted, ones, rare)[0]),
    )
