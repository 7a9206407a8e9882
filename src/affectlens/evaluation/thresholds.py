"""From probabilities to decisions: thresholds per label, tuned where they are not reported."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from pydantic import Field

from affectlens.evaluation.blending import fit_blend
from affectlens.evaluation.calibrating import fit_calibration
from affectlens.evaluation.conformal import set_thresholds
from affectlens.models.emotion.decision import DecisionRule, in_taxonomies
from affectlens.params import Params

_EDGE = 1e-9


class DecisionParams(Params):
    """How calibration and thresholds are tuned on the validation split."""

    n_folds: int = Field(ge=2, description="folds of the validation split for the cross-fitted figures")
    shrinkage: float = Field(ge=0, description="positives at which counted and expected hits of a label weigh the same")
    smoothing: float = Field(ge=0, description="cuts on either side over which F1 is averaged, by a label's positives")
    ridge: float = Field(gt=0, description="pull of Platt scaling towards the raw score")
    coverage: float = Field(gt=0, lt=1, description="share of true labels that the conformal sets are to hold")
    min_set_rows: int = Field(ge=1, description="rows of a label with which its sets have a threshold of their own")


def best_threshold(probability: np.ndarray, hits: np.ndarray, reach: int = 0) -> float:
    """Threshold with the highest F1 of one label: midway between the last accepted and the first refused probability.

    Among equal F1 the highest threshold is taken.

    Args:
        probability: (n,).
        hits: (n,) in [0, 1], 1 where the row has the label.
        reach: cuts on either side over which the curve of F1 is averaged before its highest point is sought.

    >>> round(best_threshold(np.array([0.9, 0.7, 0.4, 0.1]), np.array([1, 1, 0, 0])), 4)     # midway of 0.7 and 0.4
    0.55
    """
    order = np.argsort(-probability, kind="stable")
    ranked, found = probability[order], np.cumsum(hits[order])
    f1 = _averaged(2.0 * found / np.maximum(np.arange(1, len(ranked) + 1) + found[-1], _EDGE), reach)
    following = np.append(ranked[1:], 0.0)
    is_cut = ranked > following
    is_cut[-1] = True  # everything accepted
    best = int(np.argmax(np.where(is_cut, f1, -1.0)))
    return float((ranked[best] + following[best]) / 2.0)


def _averaged(curve: np.ndarray, reach: int) -> np.ndarray:
    """Mean of each point and `reach` neighbours on either side, as far as there are any.

    >>> _averaged(np.array([0.0, 3.0, 6.0]), 1).tolist()
    [1.5, 3.0, 4.5]
    """
    place = np.arange(len(curve))
    first, last = np.maximum(place - reach, 0), np.minimum(place + reach + 1, len(curve))
    total = np.append(0.0, np.cumsum(curve))
    return np.asarray((total[last] - total[first]) / (last - first))


def tuned_thresholds(probabilities: np.ndarray, truth: np.ndarray, shrinkage: float, smoothing: float) -> np.ndarray:
    """Threshold per label (C,) with the highest F1, from counted hits and, for rare labels, from expected ones too.

    A row counts as w * truth + (1 - w) * probability hits of a label of n positives, w = n / (n + shrinkage): what few
    positives happen to say is drawn to what calibrated probabilities expect. The curve of F1 is averaged over
    `smoothing` * n cuts on either side, since its single peaks are chance.

    Args:
        probabilities: (n, C) calibrated.
        truth: (n, C) 0/1.
        shrinkage: positives at which counted and expected hits weigh the same.
        smoothing: share of a label's positives.
    Source: Lipton et al. 2014, "Optimal thresholding of classifiers to maximize F1 measure" (expected hits).
    """
    n_positive = truth.sum(axis=0)
    weight = np.divide(n_positive, n_positive + shrinkage, out=np.zeros(truth.shape[1]), where=n_positive > 0)
    hits = weight * truth + (1.0 - weight) * probabilities
    reach = np.ceil(smoothing * n_positive).astype(int)
    return np.array([best_threshold(*each) for each in zip(probabilities.T, hits.T, reach, strict=True)])


def tune_decision_rule(logits: np.ndarray, truth: np.ndarray, taxonomy: str, params: DecisionParams) -> DecisionRule:
    """Calibration, thresholds (own taxonomy and coarser ones) and set thresholds from validation rows.

    Args:
        logits: (n, C) raw scores.
        truth: (n, C) 0/1 labels.
        taxonomy: taxonomy of the labels.
        params: how they are tuned.
    """
    calibration = fit_calibration(logits, truth, params.ridge)
    probabilities = calibration.probabilities(logits)
    views, truths = in_taxonomies(probabilities, taxonomy), in_taxonomies(truth, taxonomy)
    thresholds = {
        name: tuned_thresholds(views[name], truths[name], params.shrinkage, params.smoothing) for name in views
    }
    sets = set_thresholds(probabilities, truth, params.coverage, params.min_set_rows)
    return DecisionRule(taxonomy, calibration, thresholds, sets)


def folds_of(n: int, n_folds: int, seed: int) -> np.ndarray:
    """Fold (n,) of each validation row, drawn by `seed`; no more folds than rows."""
    return np.asarray(np.random.default_rng(seed).permutation(n) % min(n_folds, n))


@dataclass(frozen=True)
class Said:
    """What was said about rows.

    Attributes:
        probabilities: (n, C) calibrated.
        decisions: taxonomy -> (n, C_taxonomy) which labels are called present.
        sets: (n, C) which labels cannot be ruled out.
    """

    probabilities: np.ndarray
    decisions: dict[str, np.ndarray]
    sets: np.ndarray


def cross_fitted(logits: np.ndarray, truth: np.ndarray, taxonomy: str, params: DecisionParams, seed: int) -> Said:
    """What validation rows are called by rules tuned on the other folds only.

    Args:
        logits: (n, C) raw scores; (M, n, C) those of the members of a blend, whose weights are tuned too.
        truth: (n, C) 0/1 labels.
        taxonomy: taxonomy of the labels.
        params: how rules are tuned.
        seed: draws the folds.
    """
    fold = folds_of(len(truth), params.n_folds, seed)
    probabilities, sets = np.empty(truth.shape), np.zeros(truth.shape, dtype=bool)
    decisions = {name: np.zeros(view.shape, dtype=bool) for name, view in in_taxonomies(truth, taxonomy).items()}
    for held_out in np.unique(fold):
        rows = fold == held_out
        seen, unseen = logits[..., ~rows, :], logits[..., rows, :]
        if logits.ndim == 3:
            blend = fit_blend(seen, truth[~rows], params.ridge)
            seen, unseen = blend(seen), blend(unseen)
        rule = tune_decision_rule(seen, truth[~rows], taxonomy, params)
        probabilities[rows] = rule.probabilities(unseen)
        sets[rows] = rule.sets(probabilities[rows])
        for name, decided in rule.decisions(probabilities[rows]).items():
            decisions[name][rows] = decided
    return Said(probabilities, decisions, sets)
