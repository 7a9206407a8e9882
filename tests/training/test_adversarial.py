from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch import Tensor, nn

from affectlens.training import state
from affectlens.training.adversarial import AdversarialLosses, AdversarialParams, fit_adversarial
from affectlens.training.loop import TrainerParams, TrainingParams

CPU = TrainerParams(accelerator="cpu", devices=1, precision="32-true", strategy="auto")
STEPS = TrainingParams(
    max_epochs=6, batch_size=20, learning_rate=0.01, weight_decay=0.01, patience=6, gradient_clip=5.0
)
PARAMS = AdversarialParams(steps=STEPS, critic_learning_rate=0.02, critic_steps=2, average_decay=0.8)
LOSSES = AdversarialLosses(
    generator=lambda generator, critic, batch: -critic(generator(torch.randn_like(batch.x))).mean(),
    critic=lambda generator, critic, batch: (
        critic(generator(torch.randn_like(batch.x)).detach()).mean()
        - critic(batch.x).mean()
        + sum((weight**2).sum() for weight in critic.parameters())
    ),
)


@dataclass(frozen=True)
class Rows:
    x: Tensor

    def to(self, device: torch.device) -> Rows:
        return Rows(self.x.to(device))


def batches(order: np.random.Generator) -> Iterator[Rows]:
    x = torch.randn(120, 3, generator=torch.Generator().manual_seed(0)) + 2.0
    for rows in np.array_split(order.permutation(120), 6):
        yield Rows(x[rows])


def pair() -> tuple[nn.Module, nn.Module]:
    torch.manual_seed(0)
    return nn.Linear(3, 3), nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 1))


def nearness(generator: nn.Module) -> float:
    noise = torch.randn(64, 3, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        return -float((generator(noise).mean(dim=0) - 2.0).norm())


def run(
    work_dir: Path | None, validate: Callable[[nn.Module], float] = nearness, **changes: Any
) -> tuple[dict[str, Tensor], Any]:
    generator, critic = pair()
    options = {"params": PARAMS, "losses": LOSSES, "seed": 3} | changes
    history = fit_adversarial(
        generator,
        critic,
        batches,
        options["losses"],
        validate,
        options["params"],
        CPU,
        seed=options["seed"],
        work_dir=work_dir,
        metric_name="nearness",
    )
    return generator.state_dict(), history


def dying_after(epochs: int) -> Callable[[nn.Module], float]:
    calls = iter(range(100))

    def validate(generator: nn.Module) -> float:
        if next(calls) == epochs:
            raise KeyboardInterrupt
        return nearness(generator)

    return validate


def assert_equal_weights(left: dict[str, Tensor], right: dict[str, Tensor]) -> None:
    for name, tensor in left.items():
        torch.testing.assert_close(tensor, right[name], rtol=0, atol=0)


def longer(**changes: Any) -> AdversarialParams:
    return PARAMS.model_copy(update={"steps": STEPS.model_copy(update=changes)})


def test_the_generator_comes_near_the_real_rows() -> None:
    before = nearness(pair()[0])
    _, history = run(None, params=longer(max_epochs=40, patience=40))
    assert history["valid_metric"].max() > 0.5 * before  # both are negative distances


@pytest.mark.parametrize("epochs", [1, 3, 5])
def test_a_killed_fit_ends_exactly_as_an_uninterrupted_one(tmp_path: Path, epochs: int) -> None:
    weights, history = run(tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "killed", dying_after(epochs))
    assert (tmp_path / "killed/state.safetensors").exists()
    resumed_weights, resumed_history = run(tmp_path / "killed")
    assert_equal_weights(weights, resumed_weights)
    columns = ["epoch", "train_loss", "valid_metric"]
    assert resumed_history[columns].equals(history[columns])
    # The first epochs were not run again: their seconds are those of the killed fit.
    assert len(resumed_history) == STEPS.max_epochs


def test_a_resume_runs_only_the_epochs_that_are_left(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, dying_after(4))
    calls: list[float] = []
    run(tmp_path, lambda generator: calls.append(nearness(generator)) or calls[-1])
    assert len(calls) == STEPS.max_epochs - 4


def test_the_state_holds_both_optimisers_and_the_average(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, dying_after(2))
    first = next(iter(batches(np.random.default_rng([3, 0]))))
    saved = state.load(tmp_path, state.identity_of(nn.ModuleList(pair()), first, PARAMS, 3))
    assert saved is not None
    players = {"generator", "critic", "average", "best", "generator_optimizer", "critic_optimizer"}
    assert set(saved.tensors) == players
    assert any(name.endswith("exp_avg_sq") for name in saved.tensors["critic_optimizer"])


def test_another_seed_does_not_resume_the_fit(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "a", dying_after(2))
    weights, _ = run(tmp_path / "a", seed=4)
    assert_equal_weights(weights, run(None, seed=4)[0])


def test_a_finished_fit_leaves_events_and_no_state(tmp_path: Path) -> None:
    run(tmp_path)
    assert not (tmp_path / "state.safetensors").exists()
    tags = EventAccumulator(str(tmp_path / "events")).Reload().Tags()
    assert {"loss/train", "loss/critic"} <= set(tags["scalars"])
    assert tags["histograms"]


def test_same_seed_same_weights_and_another_seed_others() -> None:
    first, again, other = (run(None, seed=seed)[0] for seed in (3, 3, 4))
    assert_equal_weights(first, again)
    assert not torch.equal(first["weight"], other["weight"])


def test_the_generator_ends_with_the_average_of_its_best_epoch() -> None:
    seen: list[dict[str, Tensor]] = []

    def validate(generator: nn.Module) -> float:
        seen.append({name: tensor.clone() for name, tensor in generator.state_dict().items()})
        return {1: 1.0, 2: 5.0}.get(len(seen), 0.0)

    weights, history = run(None, validate)
    assert_equal_weights(weights, seen[1])
    assert history["valid_metric"].tolist()[1] == 5.0


def test_without_a_better_epoch_the_fit_stops_after_its_patience() -> None:
    values = iter([1.0, 0.5, 0.4, 0.3, 0.2, 0.1])
    _, history = run(None, lambda generator: next(values), params=longer(patience=2))
    assert len(history) == 3


def test_an_average_that_keeps_nothing_is_the_generator_itself() -> None:
    params = PARAMS.model_copy(update={"average_decay": 0.0, "steps": STEPS.model_copy(update={"max_epochs": 1})})
    slow = params.model_copy(update={"average_decay": 0.99})
    start = pair()[0].state_dict()
    last, averaged = (run(None, params=each)[0]["weight"] for each in (params, slow))
    assert (averaged - start["weight"]).norm() < 0.1 * (last - start["weight"]).norm()


def test_the_critic_moves_more_often_than_the_generator() -> None:
    counts = {"generator": 0, "critic": 0}

    def counted(name: str, loss: Callable[..., Tensor]) -> Callable[..., Tensor]:
        def wrapped(*arguments: Any) -> Tensor:
            counts[name] += 1
            return loss(*arguments)

        return wrapped

    losses = AdversarialLosses(**{name: counted(name, getattr(LOSSES, name)) for name in counts})
    run(None, losses=losses)
    assert counts == {"critic": 36, "generator": 18}


def test_a_loss_that_is_not_finite_stops_the_fit() -> None:
    broken = dataclasses.replace(LOSSES, critic=lambda generator, critic, batch: critic(batch.x).mean() * float("nan"))
    with pytest.raises(FloatingPointError, match="critic_learning_rate"):
        run(None, losses=broken)
