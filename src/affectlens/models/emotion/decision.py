"""From raw scores to calibrated probabilities and to decisions: the last part of every fitted emotion model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import expit

from affectlens.features.taxonomy import MAPS, coarser_probabilities


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


@dataclass(frozen=True)
class DecisionRule:
    """Platt scaling per label, and a threshold per label of each taxonomy.

    Attributes:
        taxonomy: taxonomy of the scores.
        slope: (C,) factor of each raw score.
        intercept: (C,) summand; probability = sigmoid(slope * score + intercept).
        thresholds: taxonomy -> (C_taxonomy,) smallest probability that counts as "present".
    """

    taxonomy: str
    slope: np.ndarray
    intercept: np.ndarray
    thresholds: Mapping[str, np.ndarray]

    def probabilities(self, logits: np.ndarray) -> np.ndarray:
        """Calibrated probabilities (n, C) of raw scores (n, C)."""
        return np.asarray(expit(logits * self.slope + self.intercept))

    def decisions(self, probabilities: np.ndarray) -> dict[str, np.ndarray]:
        """Taxonomy -> which labels are present (n, C_taxonomy), from calibrated probabilities (n, C)."""
        views = in_taxonomies(probabilities, self.taxonomy)
        return {name: views[name] >= threshold for name, threshold in self.thresholds.items()}

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form, kept in the metadata of a checkpoint."""
        return {
            "taxonomy": self.taxonomy,
            "slope": self.slope.tolist(),
            "intercept": self.intercept.tolist(),
            "thresholds": {name: values.tolist() for name, values in self.thresholds.items()},
        }

    @classmethod
    def from_dict(cls, facts: Mapping[str, Any]) -> DecisionRule:
        """Inverse of `to_dict`."""
        thresholds = {name: np.asarray(values) for name, values in facts["thresholds"].items()}
        return cls(facts["taxonomy"], np.asarray(facts["slope"]), np.asarray(facts["intercept"]), thresholds)
