"""Fusion of what words, pictures and clips say: whatever is missing adds nothing."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit, logit

from affectlens.models.emotion.fusion import MODALITIES, MODALITY_SETS, Evidence, FusionParams, LateFusion, fit_fusion

PRIOR = np.array([0.3, 0.5])


def witnesses(n: int, noise: tuple[float, float, float], seed: int = 0) -> tuple[Evidence, np.ndarray]:
    """Independent calibrated witnesses of drawn labels: each hears the truth through noise of its own."""
    generator = np.random.default_rng(seed)
    truth = (generator.random((n, 2)) < PRIOR).astype(float)
    heard = [truth + generator.normal(size=truth.shape) * one for one in noise]
    said = [logit(PRIOR) + (one - 0.5) / width**2 for one, width in zip(heard, noise, strict=True)]
    is_there = generator.random((n, 3)) < (1.0, 0.6, 0.4)
    return Evidence(expit(np.stack(said, axis=1)), is_there), truth


def loss(probabilities: np.ndarray, truth: np.ndarray) -> float:
    return float(-np.where(truth > 0, np.log(probabilities), np.log1p(-probabilities)).mean())


@pytest.mark.parametrize("subset", MODALITY_SETS)
def test_every_subset_of_modalities_gives_probabilities_whatever_stands_in_the_missing_ones(
    subset: tuple[str, ...],
) -> None:
    evidence, truth = witnesses(300, (0.8, 0.7, 0.9))
    fusion = fit_fusion(evidence, truth, PRIOR, FusionParams(ridge=1.0))
    kept = evidence.only(subset)
    spoiled = Evidence(np.where(kept.is_there[:, :, None], kept.probabilities, np.nan), kept.is_there)
    found = fusion.probabilities(spoiled)
    assert np.isfinite(found).all()
    assert ((found > 0) & (found < 1)).all()
    assert np.array_equal(found, fusion.probabilities(kept))


def test_a_document_of_which_nothing_is_known_gets_the_shifted_prior() -> None:
    fusion = LateFusion(PRIOR, np.array([1.0, 2.0, 3.0]), np.array([0.5, 0.0]))
    silent = Evidence(np.full((1, 3, 2), np.nan), np.zeros((1, 3), dtype=bool))
    assert fusion.log_odds(silent) == pytest.approx(logit(PRIOR)[None] + [[0.5, 0.0]])


def test_independent_calibrated_witnesses_keep_their_weight_of_one() -> None:
    evidence, truth = witnesses(4000, (0.8, 0.7, 0.9))
    fusion = fit_fusion(evidence, truth, PRIOR, FusionParams(ridge=1.0))
    assert fusion.weights == pytest.approx([1.0, 1.0, 1.0], abs=0.12)
    assert np.abs(fusion.shift).max() < 0.12


def test_a_witness_who_guesses_loses_his_weight() -> None:
    evidence, truth = witnesses(2000, (0.8, 0.7, 0.9))
    noise = np.random.default_rng(1).permutation(len(truth))
    said = evidence.probabilities.copy()
    said[:, 1] = said[noise, 1]
    fusion = fit_fusion(Evidence(said, evidence.is_there), truth, PRIOR, FusionParams(ridge=1.0))
    assert abs(fusion.weights[1]) < 0.2
    assert min(fusion.weights[0], fusion.weights[2]) > 0.8


def test_all_modalities_together_beat_each_alone_on_fresh_documents() -> None:
    fusion = fit_fusion(*witnesses(2000, (0.8, 0.7, 0.9)), PRIOR, FusionParams(ridge=1.0))
    evidence, truth = witnesses(2000, (0.8, 0.7, 0.9), seed=9)
    together = loss(fusion.probabilities(evidence), truth)
    assert all(together < loss(fusion.probabilities(evidence.only([one])), truth) for one in MODALITIES)


def test_a_restored_fusion_says_the_same() -> None:
    evidence, truth = witnesses(100, (0.8, 0.7, 0.9))
    fusion = fit_fusion(evidence, truth, PRIOR, FusionParams(ridge=1.0))
    again = LateFusion.restore(fusion.checkpoint(seed=7))
    assert np.array_equal(again.log_odds(evidence), fusion.log_odds(evidence))
