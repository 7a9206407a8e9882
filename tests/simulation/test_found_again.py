"""What the world put in is found again by the estimators of the report, from the tables that it hands out."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from affectlens.evaluation import prevalence
from affectlens.features.taxonomy import EKMAN
from affectlens.simulation.world import WorldParams, make_history, utterances_and_truth

N_SAMPLES, N_POSTS = 20, 3000


@pytest.fixture(scope="module")
def emotions(world_params: Callable[..., WorldParams]) -> tuple[np.ndarray, np.ndarray]:
    """(N,) what each utterance expresses, and what its words say, which irony turns round."""
    params = world_params(population={"n_users": 700, "gap_days": 6}, time={"years": 2}, bad_row_share=0.0)
    _, truth = utterances_and_truth(make_history(params, seed=3))
    meant = np.stack(truth["emotion_probabilities"].tolist()).argmax(axis=1)
    return meant, truth["surface_emotion"].map(list(EKMAN).index).to_numpy()


def test_adjusted_prevalence_has_at_most_half_of_countings_error_where_the_mix_of_emotions_moves(
    emotions: tuple[np.ndarray, np.ndarray],
) -> None:
    """Samples of posts whose mix of emotions is drawn at random (Esuli, Moreo & Sebastiani); their words are read."""
    meant, read = emotions
    draw, n_classes, errors = np.random.default_rng(0), len(EKMAN), []
    labelled, rest = np.split(draw.permutation(len(meant)), [2 * len(meant) // 3])
    confusion = prevalence.confusion_of(np.eye(n_classes)[meant[labelled]], read[labelled], n_classes)
    pools = [rest[meant[rest] == emotion] for emotion in range(n_classes)]
    for _ in range(N_SAMPLES):
        n = draw.multinomial(N_POSTS, draw.dirichlet(np.ones(n_classes)))
        posts = np.concatenate([draw.choice(pool, k) for pool, k in zip(pools, n, strict=True)])
        counted = prevalence.counted(read[posts], n_classes)
        adjusted = prevalence.adjusted(counted, confusion)
        errors.append([np.abs(found - n / N_POSTS).mean() for found in (counted, adjusted)])
    counting, adjusting = np.mean(errors, axis=0)
    assert counting > 0.015
    assert adjusting < 0.5 * counting
