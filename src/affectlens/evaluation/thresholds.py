"""From probabilities to decisions: thresholds per label, tuned where they are not reported."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from pydantic import Field
from scipy.special import expit, logit

from affectlens.evaluation.blending import fit_blend
from affectlens.evaluation.calibrating import fit_calibration
from affectlens.evaluation.conformal import set_thresholds
from affectlens.models.emotion.decision import DecisionRule, in_taxonomies
from affectlens.params import Params

_EDGE = 1e-9


class DecisionParams(Params):
    """How calibration and thresholds are tuned on the validation split."""

    n_folds: int = Field(ge=2, description="folds of the validation split for the cross-fitted figures")
    shrinkage: float = Field(ge=0, description="positives at which a label's own threshold weighs one half")
    ridge: float = Field(gt=0, description="pull of Platt scaling towards the raw score")
    n_global: int = Field(ge=2, description="candidates for the global threshold, equally spaced in log-odds")
    coverage: float = Field(gt=0, lt=1, description="share of true labels that the conformal sets are to hold")
    min_set_rows: int = Field(ge=1, description="rows of a label with which its sets have a threshold of their own")


def best_threshold(probability: np.ndarray, is_present: np.ndarray) -> float:
    """Threshold with the highest F1 of one label: midway between the last accepted and the first refused probability.

    NaN where no row has the label. Among equal F1 the highest threshold is taken.

    Args:
        probability: (n,).
        is_present: (n,) 0/1.

    >>> round(best_threshold(np.array([0.9, 0.7, 0.4, 0.1]), np.array([1, 1, 0, 0])), 4)     # midway of 0.7 and 0.4
    0.55
    """
    if is_present.sum() == 0:
        return float("nan")
    order = np.argsort(-probability, kind="stable")
    ranked, hits = probability[order], np.cumsum(is_present[order])
    f1 = 2.0 * hits / (np.arange(1, len(ranked) + 1) + hits[-1])
    following = np.append(ranked[1:], 0.0)
    is_cut = ranked > following
    is_cut[-1] = True  # everything accepted
    best = int(np.argmax(np.where(is_cut, f1, -1.0)))
    return float((ranked[best] + following[best]) / 2.0)


def best_global_threshold(probabilities: np.ndarray, truth: np.ndarray, n_candidates: int) -> float:
    """The one threshold for all labels with the highest macro-F1, among candidates equally spaced in log-odds.

    Args:
        probabilities: (n, C).
        truth: (n, C) 0/1.
        n_candidates: number of candidates between the smallest and the largest probability.
    """
    low, high = logit(np.clip([probabilities.min(), probabilities.max()], _EDGE, 1.0 - _EDGE))
    candidates = expit(np.linspace(low, high, n_candidates))
    f1 = np.stack([_f1_of_thresholds(p, y, candidates) for p, y in zip(probabilities.T, truth.T, strict=True)])
    is_present = truth.sum(axis=0) > 0
    if not is_present.any():
        return 0.5
    return float(candidates[int(np.argmax(f1[is_present].mean(axis=0)))])


def _f1_of_thresholds(probability: np.ndarray, is_present: np.ndarray, candidates: np.ndarray) -> np.ndarray:
    ranked = np.sort(probability)
    positives = np.sort(probability[is_present > 0])
    n_accepted = len(ranked) - np.searchsorted(ranked, candidates, side="left")
    n_hits = len(positives) - np.searchsorted(positives, candidates, side="left")
    return np.asarray(2.0 * n_hits / np.maximum(n_accepted + len(positives), 1))


def tuned_thresholds(probabilities: np.ndarray, truth: np.ndarray, shrinkage: float, n_global: int) -> np.ndarray:
    """Threshold per label (C,): its own best, drawn in log-odds to the global one with weight n / (n + shrinkage).

    A label of n positives weighs n / (n + shrinkage); one without positives takes the global threshold.

    Args:
        probabilities: (n, C) calibrated.
        truth: (n, C) 0/1.
        shrinkage: positives at which own and global threshold weigh the same.
        n_global: candidates for the global threshold.
    """
    own = np.array([best_threshold(p, y) for p, y in zip(probabilities.T, truth.T, strict=True)])
    common = best_global_threshold(probabilities, truth, n_global)
    n_positive = truth.sum(axis=0)
    weight = np.divide(n_positive, n_positive + shrinkage, out=np.zeros(len(own)), where=n_positive > 0)
    own = np.where(np.isnan(own), common, own)
    shrunk = weight * logit(np.clip(own, _EDGE, 1 - _EDGE)) + (1 - weight) * logit(np.clip(common, _EDGE, 1 - _EDGE))
    return np.asarray(expit(shrunk))


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
        name: tuned_thresholds(views[name], truths[name], params.shrinkage, params.n_global) for name in views
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
