from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from affectlens.features.taxonomy import EKMAN
from affectlens.simulation.annotators import (
    Votes,
    cast_votes,
    confusion,
    draw_annotators,
    label_lists,
    majority_labels,
)
from affectlens.simulation.world import WorldParams

MakeParams = Callable[..., WorldParams]


@pytest.fixture
def truth() -> pd.DataFrame:
    n = 2000
    emotion = np.arange(n) % len(EKMAN)
    is_ironic = emotion < 2
    return pd.DataFrame(
        {
            "emotion_probabilities": list(np.eye(len(EKMAN))[emotion]),
            "surface_emotion": np.where(is_ironic, "joy", np.array(EKMAN)[emotion]),
            "is_ironic": is_ironic,
            "is_mixed": False,
        }
    )


def agreement(truth: pd.DataFrame, params: WorldParams, seed: int = 0) -> float:
    rng = np.random.default_rng(seed)
    votes = cast_votes(truth, draw_annotators(params.annotation, rng), params.annotation, rng)
    expressed = np.array(truth["emotion_probabilities"].tolist()).argmax(axis=1)
    return float(votes.labels[np.arange(len(votes.labels)), expressed[votes.utterance]].mean())


def test_perfect_annotators_see_what_is_expressed(truth: pd.DataFrame, world_params: MakeParams) -> None:
    perfect = {"noise": [0.0, 0.0], "irony_missed": [0.0, 0.0], "neutral_bias_sd": 0.0}
    assert agreement(truth, world_params(annotation=perfect)) == 1.0


def test_noise_and_missed_irony_lower_the_agreement(truth: pd.DataFrame, world_params: MakeParams) -> None:
    noisy = {"noise": [0.3, 0.3], "irony_missed": [0.0, 0.0], "neutral_bias_sd": 0.0}
    literal = {"noise": [0.0, 0.0], "irony_missed": [1.0, 1.0], "neutral_bias_sd": 0.0}
    assert agreement(truth, world_params(annotation=noisy)) == pytest.approx(0.7, abs=0.03)
    assert agreement(truth, world_params(annotation=literal)) == pytest.approx(5 / 7, abs=0.02)


def test_nobody_votes_twice_on_an_utterance(truth: pd.DataFrame, world_params: MakeParams) -> None:
    rng = np.random.default_rng(0)
    params = world_params().annotation
    votes = cast_votes(truth, draw_annotators(params, rng), params, rng)
    pairs = votes.utterance * params.n_annotators + votes.annotator
    assert len(np.unique(pairs)) == len(pairs)
    n_votes = np.bincount(votes.utterance, minlength=len(truth))
    assert set(n_votes) == {0, 3, 4, 5}
    assert (n_votes > 0).mean() == pytest.approx(params.labelled, abs=0.04)


def test_labels_need_half_of_the_votes_or_the_most() -> None:
    joy, anger, fear = EKMAN.index("joy"), EKMAN.index("anger"), EKMAN.index("fear")
    given = [
        (0, joy),
        (0, joy),
        (0, anger),
        (1, joy),
        (1, joy),
        (1, anger),
        (1, anger),
        (3, joy),
        (3, anger),
        (3, fear),
    ]
    utterance, label = (np.array(column) for column in zip(*given, strict=True))
    votes = Votes(utterance, np.zeros(len(given), dtype=int), np.eye(len(EKMAN), dtype=bool)[label])
    labels, n_votes = majority_labels(votes, 4, np.random.default_rng(0))
    lists = label_lists(labels)
    assert lists[:3] == [["joy"], ["anger", "joy"], []]
    assert len(lists[3]) == 1
    assert n_votes.tolist() == [3, 4, 0, 3]


def test_near_emotions_are_confused_more_than_far_ones() -> None:
    table = confusion(0.35)
    np.testing.assert_allclose(table.sum(axis=1), 1.0)
    anger, disgust, joy = (EKMAN.index(name) for name in ("anger", "disgust", "joy"))
    assert table[anger, disgust] > 10 * table[anger, joy]
    assert table[anger, anger] == 0.0
