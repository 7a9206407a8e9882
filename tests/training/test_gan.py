from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from affectlens.evaluation.generation import LocalMmd2
from affectlens.models.checkpoint import Checkpoint
from affectlens.models.gan import (
    ConditionedVectors,
    ConditionParams,
    FlowParams,
    GaussianParams,
    MixtureParams,
    VaeParams,
    WganParams,
    build_gan_model,
    generate,
    make_projection,
)
from affectlens.models.gan.vae import ConditionalVae
from affectlens.training.adversarial import AdversarialParams
from affectlens.training.collapse import CollapseError, CollapseParams, CollapseWatch
from affectlens.training.gan import (
    FittingParams,
    GeneratorTask,
    Validation,
    active_units,
    condition_contents,
    fit_generator,
)
from affectlens.training.gan_losses import VaeLossParams, WganLossParams
from affectlens.training.gan_members import FlowMember, GaussianMember, Member, MixtureMember, VaeMember, WganMember
from affectlens.training.loop import TrainerParams, TrainingParams

CPU = TrainerParams(accelerator="cpu", devices=1, precision="32-true", strategy="auto")
CONDITION = ConditionParams(interest_size=2, interest_noise=0.3)
STEPS = TrainingParams(
    max_epochs=12, batch_size=32, learning_rate=5e-3, weight_decay=0.0, patience=12, gradient_clip=5.0
)
COLLAPSE = CollapseParams(patience=4, least_spread=0.3, least_active_units=1, largest_critic_gap=5.0)
FITTING = FittingParams(minority_share=0.35, collapse=COLLAPSE)
ORDER = np.random.default_rng(0)
MEMBERS: dict[str, Member] = {
    "gaussian": GaussianMember(kind="gaussian", model=GaussianParams(ridge=1.0, min_class_rows=10)),
    "mixture": MixtureMember(
        kind="mixture",
        model=MixtureParams(ridge=1.0, components=[1, 3], covariance_floor=0.01),
    ),
    "flow": FlowMember(
        kind="flow",
        model=FlowParams(hidden_size=32, n_waves=3, n_steps=6),
        training=STEPS.model_copy(update={"max_epochs": 25, "patience": 25, "learning_rate": 1e-2}),
    ),
    "vae": VaeMember(
        kind="vae",
        model=VaeParams(hidden_size=16, latent_size=4),
        loss=VaeLossParams(warmup_batches=20, kl_weight=1.0, free_bits=0.01, emotion_weight=1.0),
        training=STEPS,
    ),
    "wgan": WganMember(
        kind="wgan",
        model=WganParams(hidden_size=16, noise_size=4),
        spectral_norm=False,
        loss=WganLossParams(gradient_penalty=1.0, emotion_weight=0.5, interest_weight=0.1),
        training=AdversarialParams(
            steps=STEPS.model_copy(update={"max_epochs": 30, "patience": 30}),
            critic_learning_rate=1e-2,
            critic_steps=1,
            average_decay=0.9,
        ),
    ),
}


Fits = dict[str, tuple[Checkpoint, pd.DataFrame]]


def contents(n: int, seed: int) -> ConditionedVectors:
    draws = np.random.default_rng(seed)
    labels = draws.integers(3, size=n)
    vectors = (2.0 * np.eye(3, 5, k=1)[labels] + 0.5 * draws.normal(size=(n, 5))).astype(np.float32)
    return condition_contents(vectors, np.eye(3)[labels], make_projection(5, 2), CONDITION, seed)


def task_of(train: ConditionedVectors) -> GeneratorTask:
    return GeneratorTask(
        train, contents(120, 1), make_projection(5, 2), CONDITION.interest_noise, FITTING, distance=LocalMmd2, seed=0
    )


@pytest.fixture(scope="module")
def task() -> GeneratorTask:
    return task_of(contents(300, 0))


@pytest.fixture(scope="module")
def fits(task: GeneratorTask) -> Fits:
    """Every member, fitted once."""
    return {kind: fit_generator(member, task, CPU, None) for kind, member in MEMBERS.items()}


@pytest.mark.parametrize("kind", list(MEMBERS))
def test_a_fitted_member_is_nearer_to_validation_than_noise_is(kind: str, task: GeneratorTask, fits: Fits) -> None:
    _, history = fits[kind]
    noise = np.random.default_rng(0).normal(size=task.valid.vectors.shape)
    condition = np.concatenate([task.valid.emotion, task.valid.interest], axis=1)
    real, fake = (np.concatenate([part, condition], axis=1) for part in (task.valid.vectors, noise))
    assert history["valid_metric"].max() > -0.8 * LocalMmd2(real)(fake), history["valid_metric"].tolist()
    assert np.isfinite(history["train_loss"]).all()


@pytest.mark.parametrize("kind", list(MEMBERS))
def test_the_checkpoint_is_the_best_epoch_of_the_history(kind: str, task: GeneratorTask, fits: Fits) -> None:
    checkpoint, history = fits[kind]
    assert checkpoint.architecture == kind
    assert checkpoint.metadata["valid_metric"] == history["valid_metric"].max()
    found = Validation(task, None)(checkpoint.restore(build_gan_model))
    assert found == pytest.approx(history["valid_metric"].max(), abs=1e-6)


@pytest.mark.parametrize("kind", list(MEMBERS))
def test_same_seed_same_checkpoint(kind: str, task: GeneratorTask, fits: Fits) -> None:
    torch.manual_seed(5)
    again, _ = fit_generator(MEMBERS[kind], task, CPU, None)
    assert fits[kind][0].fingerprint() == again.fingerprint()


def test_a_fit_leaves_the_global_random_state_alone(task: GeneratorTask) -> None:
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    fit_generator(MEMBERS["gaussian"], task, CPU, None)
    assert torch.equal(torch.rand(3), expected)


@pytest.mark.parametrize("kind", ["vae", "wgan", "flow"])
def test_a_member_learns_in_bfloat16_too(kind: str, task: GeneratorTask, fits: Fits) -> None:
    half = CPU.model_copy(update={"precision": "bf16-mixed"})
    _, history = fit_generator(MEMBERS[kind], task, half, None)
    assert history["valid_metric"].max() == pytest.approx(fits[kind][1]["valid_metric"].max(), abs=0.05)


@pytest.mark.parametrize("kind", ["vae", "wgan", "flow"])
def test_a_killed_member_resumes_to_the_same_weights(
    kind: str, task: GeneratorTask, fits: Fits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, _ = fits[kind]
    calls = iter(range(100))

    alive = Validation.__call__

    def dying(self: Validation, model: torch.nn.Module) -> float:
        if next(calls) == 5:
            raise KeyboardInterrupt
        return alive(self, model)

    with monkeypatch.context() as patch:
        patch.setattr(Validation, "__call__", dying)
        with pytest.raises(KeyboardInterrupt):
            fit_generator(MEMBERS[kind], task, CPU, tmp_path / "killed")
    resumed, _ = fit_generator(MEMBERS[kind], task, CPU, tmp_path / "killed")
    assert resumed.fingerprint() == whole.fingerprint()


def test_the_checkpoint_carries_the_projection_and_the_mean_interest(task: GeneratorTask, fits: Fits) -> None:
    checkpoint, _ = fits["vae"]
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
        return LocalMmd2(real)(np.concatenate([task.valid.vectors[order], condition], axis=1))

    shuffled = np.random.default_rng(0).permutation(len(task.valid))
    assert distance(shuffled) > distance(np.arange(len(task.valid))) + 0.005
    with pytest.raises(TypeError, match="ConditionalGenerator"):
        Validation(task, None)(Replay(shuffled))


def balanced(counts: list[int]) -> ConditionedVectors:
    """Contents with as many of each emotion; the first number of a vector is its own."""
    n = sum(counts)
    vectors = np.random.default_rng(0).normal(size=(n, 5))
    vectors[:, 0] = np.arange(n)
    emotion = np.repeat(np.eye(len(counts)), counts, axis=0)
    return condition_contents(vectors, emotion, make_projection(5, 2), CONDITION, 0)


def test_an_epoch_shows_every_content_of_an_even_world_once() -> None:
    batches = list(task_of(balanced([13] * 5)).batches(32)(np.random.default_rng(0)))
    assert [len(batch.vectors) for batch in batches] == [32, 32]  # a last batch of one content is left out
    seen = torch.cat([batch.vectors[:, 0] for batch in task_of(balanced([20, 20, 20])).batches(32)(ORDER)])
    assert seen.sort().values.tolist() == list(range(60))


def test_a_rare_emotion_gets_its_share_of_every_epoch() -> None:
    task = task_of(balanced([190, 5, 0]))
    (batch,) = task.batches(1000)(np.random.default_rng(0))
    rare = batch.vectors[batch.emotion[:, 1] == 1.0, 0]
    assert len(rare) > 0.3 * len(batch.vectors) / 2
    assert set(rare.tolist()) == {190.0, 191.0, 192.0, 193.0, 194.0}


def test_an_emotion_beyond_its_quota_shows_other_contents_in_every_epoch() -> None:
    task = task_of(balanced([190, 5]))
    first, second = ({float(x) for x in next(iter(task.batches(1000)(np.random.default_rng(seed)))).vectors[:, 0]}
                     for seed in (0, 1))  # fmt: skip
    assert len(first | second) > max(len(first), len(second))


def test_every_epoch_draws_new_noise_on_the_interests(task: GeneratorTask) -> None:
    batches = task.batches(300)
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


def with_steps(member: WganMember | VaeMember, **changes: object) -> Member:
    """The same member with a longer or shorter fit."""
    if isinstance(member, VaeMember):
        return member.model_copy(update={"training": member.training.model_copy(update=changes)})
    steps = member.training.steps.model_copy(update=changes)
    return member.model_copy(update={"training": member.training.model_copy(update={"steps": steps})})


def test_spectral_norm_changes_the_fit_and_resumes_too(
    task: GeneratorTask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bounded = with_steps(MEMBERS["wgan"], max_epochs=4).model_copy(update={"spectral_norm": True})
    free, _ = fit_generator(with_steps(MEMBERS["wgan"], max_epochs=4), task, CPU, None)
    whole, _ = fit_generator(bounded, task, CPU, tmp_path / "whole")
    assert whole.fingerprint() != free.fingerprint()
    alive, calls = Validation.__call__, iter(range(100))

    def dying(self: Validation, model: torch.nn.Module) -> float:
        if next(calls) == 2:
            raise KeyboardInterrupt
        return alive(self, model)

    with monkeypatch.context() as patch:
        patch.setattr(Validation, "__call__", dying)
        with pytest.raises(KeyboardInterrupt):
            fit_generator(bounded, task, CPU, tmp_path / "killed")
    resumed, _ = fit_generator(bounded, task, CPU, tmp_path / "killed")
    assert resumed.fingerprint() == whole.fingerprint()


def test_a_vae_whose_latents_fall_silent_stops_the_run_with_the_way_out(task: GeneratorTask) -> None:
    member = MEMBERS["vae"]
    assert isinstance(member, VaeMember)
    silent = member.model_copy(update={"loss": member.loss.model_copy(update={"kl_weight": 1e4, "free_bits": 0.0})})
    with pytest.raises(CollapseError, match=r"lower gan\.vae\.member\.loss\.kl_weight"):
        fit_generator(with_steps(silent, max_epochs=60, patience=60), task, CPU, None)


def test_a_critic_that_runs_away_stops_the_run_with_the_way_out(task: GeneratorTask) -> None:
    member = MEMBERS["wgan"]
    assert isinstance(member, WganMember)
    unbounded = member.model_copy(update={"loss": member.loss.model_copy(update={"gradient_penalty": 0.0})})
    strict = FITTING.collapse.model_copy(update={"largest_critic_gap": 0.2, "patience": 2})
    watched = dataclasses.replace(task, fitting=FITTING.model_copy(update={"collapse": strict}))
    with pytest.raises(CollapseError, match=r"raise gan\.wgan\.member\.loss\.gradient_penalty"):
        fit_generator(unbounded, watched, CPU, None)


def test_vectors_that_all_coincide_are_seen_after_the_patience_and_not_before() -> None:
    real = np.random.default_rng(0).normal(size=(50, 3))
    watch = CollapseWatch(COLLAPSE, real, "wgan")
    for _ in range(COLLAPSE.patience - 1):
        watch.look(np.ones((50, 3)), None, None)
    watch.look(real, None, None)  # one good epoch starts the count anew
    for _ in range(COLLAPSE.patience - 1):
        watch.look(np.ones((50, 3)), None, None)
    with pytest.raises(CollapseError, match=r"0\.00 times as far apart"):
        watch.look(np.ones((50, 3)), None, None)
