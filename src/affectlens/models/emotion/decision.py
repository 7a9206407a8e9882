"""From raw scores to calibrated probabilities, decisions and sets: the last part of every fitted emotion model."""

# Shapes: n texts, C labels.
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy.special import expit, logsumexp

from affectlens.features.taxonomy import MAPS, coarser_probabilities

_LARGEST = 30.0


def coarser_taxonomies(taxonomy: str) -> tuple[str, ...]:
    """Taxonomies that a published map derives from this one.

    >>> coarser_taxonomies("goemotions"), coarser_taxonomies("sentiment")
    (('ekman', 'sentiment'), ())
    """
    return tuple(coarse for fine, coarse in MAPS if fine == taxonomy)


def in_taxonomies(probabilities: np.ndarray, taxonomy: str) -> dict[str, np.ndarray]:
    """Probabilities (n, C), or 0/1 labels, in their own taxonomy and in every coarser one (noisy-or)."""
    coarse = {name: coarser_probabilities(probabilities, taxonomy, name) for name in coarser_taxonomies(taxonomy)}
    return {taxonomy: probabilities, **coarse}


def competition(scores: np.ndarray) -> np.ndarray:
    """How loud the other labels are together (n, C): the log of the sum of their exponentials.

    >>> competition(np.log([[1.0, 2.0, 5.0]])).round(4).tolist()      # ln 7, ln 6, ln 3
    [[1.9459, 1.7918, 1.0986]]
    """
    top = scores.argmax(axis=1)[:, None]
    total = logsumexp(scores, axis=1, keepdims=True)
    rest = scores.copy()
    np.put_along_axis(rest, top, -np.inf, axis=1)
    with np.errstate(divide="ignore"):
        others = total + np.log1p(-np.exp(scores - total))
    np.put_along_axis(others, top, logsumexp(rest, axis=1, keepdims=True), axis=1)
    return np.asarray(others)


def with_top(scores: np.ndarray, slope: float, intercept: float) -> np.ndarray:
    """Scores (n, C) whose highest of each row is scaled; it stays the highest.

    >>> with_top(np.array([[4.0, 1.0]]), 0.5, 0.0).tolist(), with_top(np.array([[4.0, 3.0]]), 0.5, 0.0).tolist()
    ([[2.0, 1.0]], [[3.0, 3.0]])
    """
    rows, top = np.arange(len(scores)), scores.argmax(axis=1)
    second = np.partition(scores, -2, axis=1)[:, -2]
    scaled = scores.copy()
    scaled[rows, top] = np.maximum(slope * scores[rows, top] + intercept, second)
    return scaled


@dataclass(frozen=True)
class Calibration:
    """Raw scores to probabilities: Platt scaling per label, the competition of the other labels, a scale for the top.

    Attributes:
        slope: (C,) factor of each raw score.
        intercept: (C,) summand.
        own: (C,) factor of each label's scaled score.
        others: (C,) factor of the competition.
        shift: (C,) summand.
        top_slope: temperature of the highest score of a text, as a factor.
        top_intercept: its summand.
    """

    slope: np.ndarray
    intercept: np.ndarray
    own: np.ndarray
    others: np.ndarray
    shift: np.ndarray
    top_slope: float
    top_intercept: float

    @classmethod
    def plain(cls, slope: np.ndarray, intercept: np.ndarray) -> Calibration:
        """Platt scaling and nothing else."""
        nothing = np.zeros(len(slope))
        return cls(slope, intercept, np.ones(len(slope)), nothing, nothing, 1.0, 0.0)

    def log_odds(self, logits: np.ndarray) -> np.ndarray:
        """Log-odds (n, C) of raw scores (n, C) before the scale of the top."""
        scaled = np.clip(logits * self.slope + self.intercept, -_LARGEST, _LARGEST)
        return np.asarray(self.own * scaled + self.others * competition(scaled) + self.shift)

    def probabilities(self, logits: np.ndarray) -> np.ndarray:
        """Calibrated probabilities (n, C) of raw scores (n, C)."""
        return np.asarray(expit(with_top(self.log_odds(logits), self.top_slope, self.top_intercept)))


@dataclass(frozen=True)
class DecisionRule:
    """Calibration, a threshold per label of each taxonomy, and a threshold per label of the conformal sets.

    Attributes:
        taxonomy: taxonomy of the scores.
        calibration: raw scores to probabilities.
        thresholds: taxonomy -> (C_taxonomy,) smallest probability that counts as "present".
        set_thresholds: (C,) smallest probability with which a label is in the set of a text.
    """

    taxonomy: str
    calibration: Calibration
    thresholds: Mapping[str, np.ndarray]
    set_thresholds: np.ndarray

    def probabilities(self, logits: np.ndarray) -> np.ndarray:
        """Calibrated probabilities (n, C) of raw scores (n, C)."""
        return self.calibration.probabilities(logits)

    def decisions(self, probabilities: np.ndarray) -> dict[str, np.ndarray]:
        """Taxonomy -> which labels are present (n, C_taxonomy), from calibrated probabilities (n, C)."""
        views = in_taxonomies(probabilities, self.taxonomy)
        return {name: views[name] >= threshold for name, threshold in self.thresholds.items()}

    def sets(self, probabilities: np.ndarray) -> np.ndarray:
        """Which labels cannot be ruled out (n, C), from calibrated probabilities (n, C)."""
        return np.asarray(probabilities >= self.set_thresholds)

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form, kept in the metadata of a checkpoint."""
        calibration = {name: np.asarray(value).tolist() for name, value in asdict(self.calibration).items()}
        return {
            "taxonomy": self.taxonomy,
            "calibration": calibration,
            "thresholds": {name: values.tolist() for name, values in self.thresholds.items()},
            "set_thresholds": self.set_thresholds.tolist(),
        }

    @classmethod
    def from_dict(cls, facts: Mapping[str, Any]) -> DecisionRule:
        """Inverse of `to_dict`."""
        numbers = facts["calibration"]
        slope, intercept, own, others, shift = (
            np.asarray(numbers[name]) for name in ("slope", "intercept", "own", "others", "shift")
        )
        top = float(numbers["top_slope"]), float(numbers["top_intercept"])
        calibration = Calibration(slope, intercept, own, others, shift, *top)
        thresholds = {name: np.asarray(values) for name, values in facts["thresholds"].items()}
        return cls(facts["taxonomy"], calibration, thresholds, np.asarray(facts["set_thresholds"]))
