from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from affectlens.evaluation.generation import local_mmd2
from affectlens.models.gan import (
    ConditionedVectors,
    ConditionParams,
    GaussianParams,
    VaeParams,
    WganParams,
    build_gan_model,
    generate,
    make_projection,
)
from affectlens.models.gan.vae import ConditionalVae
from affectlens.training.adversarial import AdversarialParams
from affectlens.training.gan import (
    EpochBatches,
    GaussianMember,
    GeneratorTask,
    Member,
    VaeMember,
    WganMember,
    active_units,
    condition_contents,
    fit_generator,
    minus_distance,
)
from affectlens.training.gan_losses import VaeLossParams, WganLossParams
from affectlens.training.loop import TrainerParams, TrainingParams

CPU = TrainerParams(accelerator="cpu", devices=1, precision="32-true", strategy="auto")
CONDITION = ConditionParams(interest_size=2, interest_noise=0.3)
STEPS = TrainingParams(
    max_epochs=12, batch_size=32, learning_rate=5e-3, weight_decay=0.0, patience=12, gradient_clip=5.0
)
MEMBERS: dict[str, Member] = {
    "gaussian": GaussianMember(kind="gaussian", model=GaussianParams(ridge=1.0, min_class_rows=10)),
    "vae": VaeMember(
        kind="vae",
        model=VaeParams(hidden_size=16, latent_size=4),
        loss=VaeLossParams(warmup_batches=20, kl_weight=1.0, free_bits=0.01, emotion_weight=1.0),
        training=STEPS,
    ),
    "wgan": WganMember(
        kind="wgan",
        model=WganParams(hidden_size=16, noise_size=4),
        loss=WganLossParams(gradient_penalty=1.0, emotion_weight=0.5, interest_weight=0.1),
        training=AdversarialParams(
            steps=STEPS.model_copy(update={"max_epochs": 30, "patience": 30}),
            critic_learning_rate=1e-2,
            critic_steps=1,
            average_decay=0.9,
        ),
    ),
}


def contents(n: int, seed: int) -> ConditionedVectors:
    draws = np.random.default_rng(seed)
    labels = draws.integers(3, size=n)
    vectors = (2.0 * np.eye(3, 5, k=1)[labels] + 0.5 * draws.normal(size=(n, 5))).astype(np.float32)
    return condition_contents(vectors, np.eye(3)[labels], make_projection(5, 2), CONDITION, seed)


def task_of(train: ConditionedVectors) -> GeneratorTask:
    return GeneratorTask(
        train, contents(120, 1), make_projection(5, 2), CONDITION.interest_noise, distance=local_mmd2, seed=0
    )


@pytest.fixture(scope="module")
def task() -> GeneratorTask:
    return task_of(contents(300, 0))


@pytest.mark.parametrize("kind", list(MEMBERS))
def test_a_fitted_member_is_nearer_to_validation_than_noise_is(kind: str, task: GeneratorTask) -> None:
    _, history = fit_generator(MEMBERS[kind], task, CPU, None)
    noise = np.random.default_rng(0).normal(size=task.valid.vectors.shape)
    condition = np.concatenate([task.valid.emotion, task.valid.interest], axis=1)
    real, fake = (np.concatenate([part, condition], axis=1) for part in (task.valid.vectors, noise))
    assert history["valid_metric"].max() > -0.8 * local_mmd2(real, fake), history["valid_metric"].tolist()
    assert np.isfinite(history["train_loss"]).all()


@pytest.mark.parametrize("kind", list(MEMBERS))
def test_the_checkpoint_is_the_best_epoch_of_the_history(kind: str, task: GeneratorTask) -> None:
    checkpoint, history = fit_generator(MEMBERS[kind], task, CPU, None)
    assert checkpoint.architecture == kind
    assert checkpoint.metadata["valid_metric"] == history["valid_metric"].max()
    found = minus_distance(checkpoint.restore(build_gan_model), task)
    assert found == pytest.approx(history["valid_metric"].max(), abs=1e-6)


@pytest.mark.parametrize("kind", list(MEMBERS))
def test_same_seed_same_checkpoint(kind: str, task: GeneratorTask) -> None:
    torch.manual_seed(99)
    first, _ = fit_generator(MEMBERS[kind], task, CPU, None)
    torch.manual_seed(5)
    again, _ = fit_generator(MEMBERS[kind], task, CPU, None)
    assert first.fingerprint() == again.fingerprint()


def test_a_fit_leaves_the_global_random_state_alone(task: GeneratorTask) -> None:
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    fit_generator(MEMBERS["gaussian"], task, CPU, None)
    assert torch.equal(torch.rand(3), expected)


@pytest.mark.parametrize("kind", ["vae", "wgan"])
def test_a_killed_member_resumes_to_the_same_weights(
    kind: str, task: GeneratorTask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, _ = fit_generator(MEMBERS[kind], task, CPU, tmp_path / "whole")
    calls = iter(range(100))

    def dying(model: torch.nn.Module, task: GeneratorTask) -> float:
        if next(calls) == 5:
            raise KeyboardInterrupt
        return minus_distance(model, task)

    with monkeypatch.context() as patch:
        patch.setattr("affectlens.training.gan.minus_distance", dying)
        with pytest.raises(KeyboardInterrupt):
            fit_generator(MEMBERS[kind], task, CPU, tmp_path / "killed")
    resumed, _ = fit_generator(MEMBERS[kind], task, CPU, tmp_path / "killed")
    assert resumed.fingerprint() == whole.fingerprint()


def test_the_checkpoint_carries_the_projection_and_the_mean_interest(task: GeneratorTask) -> None:
    checkpoint, _ = fit_generator(MEMBERS["vae"], task, CPU, None)
    np.testing.assert_array_equal(checkpoint.weights["projection"], task.projection)
    np.testing.assert_allclose(checkpoint.weights["mean_interest"], task.train.vectors[:, :2].mean(axis=0), rtol=1e-5)
    assert generate(checkpoint, task.valid.emotion, task.valid.interest, 2, seed=0).shape == (120, 2, 5)


def test_the_interest_of_a_content_is_its_own_noisy_projection() -> None:
    data = contents(2000, 0)
    noise = data.interest - data.vectors[:, :2]
    assert noise.std() == pytest.approx(CONDITION.interest_noise, rel=0.05)
    assert abs(noise.mean()) < 0.03


def test_a_generator_that_ignores_its_condition_is_far_away(task: GeneratorTask) -> None:
    class Replay(torch.nn.Module):
        """Gives the validation vectors back, in a given order."""

        def __init__(self, order: np.ndarray) -> None:
            super().__init__()
            self.order = order

    def distance(order: np.ndarray) -> float:
        condition = np.concatenate([task.valid.emotion, task.valid.interest], axis=1)
        real = np.concatenate([task.valid.vectors, condition], axis=1)
        return local_mmd2(real, np.concatenate([task.valid.vectors[order], condition], axis=1))

    shuffled = np.random.default_rng(0).permutation(len(task.valid))
    assert distance(shuffled) > distance(np.arange(len(task.valid))) + 0.005
    with pytest.raises(TypeError, match="ConditionalGenerator"):
        minus_distance(Replay(shuffled), task)


def test_an_epoch_shows_every_content_once() -> None:
    data = contents(65, 0)
    seen = [batch.vectors for batch in EpochBatches(task_of(data), 32)(np.random.default_rng(0))]
    assert [len(rows) for rows in seen] == [32, 32]  # a last batch of one content is left out
    whole = torch.cat([batch.vectors for batch in EpochBatches(task_of(contents(60, 0)), 32)(np.random.default_rng(0))])
    assert torch.equal(
        whole.sum(dim=1).sort().values, torch.from_numpy(contents(60, 0).vectors).sum(dim=1).sort().values
    )


def test_every_epoch_draws_new_noise_on_the_interests(task: GeneratorTask) -> None:
    batches = EpochBatches(task, 300)
    first, again, other = (next(iter(batches(np.random.default_rng(seed)))) for seed in (0, 0, 1))
    assert torch.equal(first.interest, again.interest)
    noise = [batch.interest - batch.vectors[:, :2] for batch in (first, other)]
    assert noise[0].std().item() == pytest.approx(CONDITION.interest_noise, rel=0.1)
    assert not torch.equal(noise[0].sort(dim=0).values, noise[1].sort(dim=0).values)


def test_a_vae_that_ignores_its_latents_has_no_active_unit() -> None:
    torch.manual_seed(0)
    model, data = ConditionalVae(3, 5, 2, hidden_size=8, latent_size=4).eval(), contents(50, 0)
    assert active_units(model, data) == 4
    last = model.encode[-1]
    with torch.no_grad():
        last.weight.zero_()
    assert active_units(model, data) == 0
