from __future__ import annotations

import numpy as np
import pytest
import torch

from affectlens.models.recommender.two_tower import TwoTower, TwoTowerParams
from affectlens.training.exposures import Reading, fit_two_tower, log_likelihoods, mean_log_likelihood, outcome_loss
from affectlens.training.loop import TrainerParams, TrainingParams

PARAMS = TwoTowerParams(rank=4, dropout=0.0)
TRAINING = TrainingParams(
    max_epochs=12, batch_size=64, learning_rate=0.03, weight_decay=0.0, patience=12, gradient_clip=5.0
)
TRAINER = TrainerParams(accelerator="cpu", devices=1, precision="32-true", strategy="auto")
N, N_ITEMS = 1200, 20


@pytest.fixture
def reading() -> Reading:
    """A view where mood and tone agree; a like, where viewed, by chance."""
    generator = np.random.default_rng(0)
    mood, tone = generator.normal(size=(N, 2)), generator.normal(size=(N_ITEMS, 2))
    item = generator.integers(0, N_ITEMS, N)
    viewed = generator.random(N) < 1 / (1 + np.exp(-3 * (mood * tone[item]).sum(axis=1)))
    liked = np.where(viewed, generator.random(N) < 0.3, np.nan)
    outcomes = np.column_stack([viewed, liked]).astype(np.float32)
    return Reading([mood.astype(np.float32)], [tone.astype(np.float32)], item, outcomes)


def test_agreement_of_user_and_item_is_learnt(reading: Reading) -> None:
    train, valid = np.arange(900), np.arange(900, N)
    model, value = fit_two_tower(reading, train, valid, PARAMS, TRAINING, TRAINER, seed=1)
    found = log_likelihoods(model, reading, valid)
    assert np.isclose(value, mean_log_likelihood(found), atol=1e-5)
    assert np.nanmean(found[:, 0]) > np.log(0.5) + 0.15  # far better than not knowing
    assert np.array_equal(np.isnan(found), np.isnan(reading.outcomes[valid]))


def test_the_same_seed_gives_the_same_model(reading: Reading) -> None:
    training = TRAINING.model_copy(update={"max_epochs": 1})
    rows = np.arange(200)
    values = [fit_two_tower(reading, rows, rows, PARAMS, training, TRAINER, seed=seed)[1] for seed in (3, 3, 4)]
    assert values[0] == values[1] != values[2]


def test_numbers_that_say_nothing_do_not_stand_in_for_what_is_usual() -> None:
    """A rare outcome, one epoch: a constant column must not look like knowledge because it is learnt sooner."""
    generator = np.random.default_rng(0)
    done = (generator.random((2000, 1)) < 0.05).astype(np.float32)
    item, one = np.zeros(2000, dtype=np.int64), np.ones((1, 1), np.float32)
    train, valid = np.arange(1500), np.arange(1500, 2000)
    training = TRAINING.model_copy(update={"max_epochs": 1, "learning_rate": 0.002})
    values = []
    for column in (np.zeros((2000, 1)), 3.0 + generator.normal(size=(2000, 1))):
        reading = Reading([column.astype(np.float32)], [one], item, done)
        values.append(fit_two_tower(reading, train, valid, PARAMS, training, TRAINER, seed=1)[1])
    assert values[1] < values[0] + 0.002


def test_outcomes_that_could_not_be_do_not_count(reading: Reading) -> None:
    model = TwoTower(PARAMS, [(2, 2)], 2)
    batch = reading.batch(np.arange(50))
    with torch.no_grad():
        whole = outcome_loss(model, batch)
        known = ~batch.outcomes[:, 1].isnan()
        liked = torch.nn.functional.binary_cross_entropy_with_logits(
            model(batch.users, batch.items)[known, 1], batch.outcomes[known, 1]
        )
        viewed = torch.nn.functional.binary_cross_entropy_with_logits(
            model(batch.users, batch.items)[:, 0], batch.outcomes[:, 0]
        )
    assert torch.isclose(whole, (liked + viewed) / 2)
