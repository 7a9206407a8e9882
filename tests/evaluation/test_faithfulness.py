"""Faithfulness on an answer whose reasons are known."""

from __future__ import annotations

import numpy as np
import pytest

from affectlens.evaluation.faithfulness import comprehensiveness, sufficiency, top_parts

WEIGHTS = np.random.default_rng(0).exponential(size=(200, 12))
IS_PART = np.arange(12) < np.random.default_rng(1).integers(3, 13, size=(200, 1))


def without(hidden: np.ndarray) -> np.ndarray:
    """An answer that is the share of the weight that is left."""
    kept = WEIGHTS * IS_PART
    return (kept * ~hidden).sum(axis=1) / kept.sum(axis=1)


def test_the_true_ranking_is_more_faithful_than_a_random_one() -> None:
    chance = np.random.default_rng(2).random(WEIGHTS.shape)
    assert (comprehensiveness(WEIGHTS, IS_PART, without) >= comprehensiveness(-WEIGHTS, IS_PART, without)).all()
    assert comprehensiveness(WEIGHTS, IS_PART, without).mean() > comprehensiveness(chance, IS_PART, without).mean()
    assert sufficiency(WEIGHTS, IS_PART, without).mean() < sufficiency(chance, IS_PART, without).mean()


def test_padding_is_never_among_the_top_parts_and_there_is_at_least_one() -> None:
    ranking = np.where(IS_PART, WEIGHTS, 99.0)
    for fraction in (0.01, 0.2, 0.5, 1.0):
        top = top_parts(ranking, IS_PART, fraction)
        assert not (top & ~IS_PART).any()
        assert np.array_equal(top.sum(axis=1), np.maximum(np.ceil(fraction * IS_PART.sum(axis=1)), 1))


def test_taking_away_the_top_half_by_hand() -> None:
    # Weights 4, 3, 2, 1: one part is hidden at 1, 5, 10 and 20 % and two at 50 %, so 4 x 0.4 and once 0.7 is lost.
    weights, part = np.array([[4.0, 3.0, 2.0, 1.0]]), np.ones((1, 4), dtype=bool)
    left = lambda hidden: (weights * ~hidden).sum(axis=1) / 10.0  # noqa: E731
    assert comprehensiveness(weights, part, left) == pytest.approx([(4 * 0.4 + 0.7) / 5])
    assert sufficiency(weights, part, left) == pytest.approx([(4 * 0.6 + 0.3) / 5])


def test_a_text_without_parts_loses_nothing() -> None:
    nothing = np.zeros((1, 3), dtype=bool)
    assert comprehensiveness(np.zeros((1, 3)), nothing, lambda hidden: 0.4 - 0.1 * hidden.sum(axis=1)) == [0.0]
