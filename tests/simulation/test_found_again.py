"""What the world put in is found again by the estimators of the report, from the tables that it hands out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from affectlens.evaluation import half_life, prevalence
from affectlens.features.event_log import CountingParams, EventLog, half_ages
from affectlens.features.taxonomy import EKMAN
from affectlens.simulation.known import HALF_LIFE_DAYS
from affectlens.simulation.world import (
    WorldParams,
    interactions_and_truth,
    make_history,
    statistics,
    users_and_contents,
    utterances_and_truth,
)

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


def test_the_half_life_of_contents_is_found_from_the_log(
    world_params: Callable[..., WorldParams], tmp_path: Path
) -> None:
    sizes = {"population": {"n_users": 400, "gap_days": 12}, "catalogue": {"n_contents": 80, "pool_size": 12}}
    params = world_params(**sizes, time={"years": 2}, bad_row_share=0.0)
    history = make_history(params, seed=3)
    contents, log = users_and_contents(history)[1], EventLog(tmp_path / "log.parquet")
    events = interactions_and_truth(history)[0]
    events.to_parquet(log.path)
    births = contents[["content_id"]].assign(born_at=contents["created_at"])
    births = births[births["born_at"] >= events["occurred_at"].min()]
    ages = half_ages(log, births, ("view",), HALF_LIFE_DAYS, CountingParams(memory_limit_mb=64, threads=1))
    told = births.merge(ages, on="content_id")
    observed = (events["occurred_at"].max() - told["born_at"]).dt.total_seconds() / 86400
    columns = told["half_age_days"].to_numpy(), told["n"].to_numpy(), observed.to_numpy()
    found = half_life.half_life(*columns, HALF_LIFE_DAYS)
    known = statistics(history).set_index("quantity").loc["half_life", "value"]
    assert found.n >= 20
    assert found.value == pytest.approx(known, rel=0.02)
    assert found.lower < known < found.upper
