from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch import Tensor, nn

from affectlens.training import state
from affectlens.training.loop import TrainerParams, TrainingParams, clip_gradients, fit, make_fabric

N_ROWS = 120
CPU = TrainerParams(accelerator="cpu", devices=1, precision="32-true", strategy="auto")
TRAINING = TrainingParams(
    max_epochs=6, batch_size=20, learning_rate=0.01, weight_decay=0.0, patience=3, gradient_clip=1.0
)


@dataclass(frozen=True)
class Rows:
    x: Tensor
    y: Tensor

    def to(self, device: torch.device) -> Rows:
        return Rows(self.x.to(device), self.y.to(device))


def data() -> Rows:
    x = torch.randn(N_ROWS, 5, generator=torch.Generator().manual_seed(0))
    return Rows(x, 2 * x[:, :1])


def batches(order: np.random.Generator) -> Iterator[Rows]:
    rows, positions = data(), order.permutation(N_ROWS)
    for start in range(0, N_ROWS, TRAINING.batch_size):
        chosen = positions[start : start + TRAINING.batch_size]
        yield Rows(rows.x[chosen], rows.y[chosen])


def squared_error(model: nn.Module, batch: Rows) -> Tensor:
    return ((model(batch.x) - batch.y) ** 2).mean()


def negative_error(model: nn.Module) -> float:
    return -squared_error(model, data()).item()


def fresh_model() -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(1)
        return nn.Sequential(nn.Linear(5, 8), nn.Dropout(0.1), nn.Linear(8, 1))


def weights(model: nn.Module) -> list[Tensor]:
    return list(model.state_dict().values())


def killed_after(epochs: int) -> Callable[[nn.Module], float]:
    calls = iter(range(epochs))

    def validate(model: nn.Module) -> float:
        if next(calls, None) is None:
            raise KeyboardInterrupt
        return negative_error(model)

    return validate


def run(model: nn.Module, validate: Callable[[nn.Module], float], work_dir: Path | None, trainer: TrainerParams = CPU):
    return fit(model, batches, squared_error, validate, TRAINING, trainer, seed=3, work_dir=work_dir, metric_name="fit")


def test_the_loss_falls_and_history_has_one_row_an_epoch() -> None:
    history = run(fresh_model(), negative_error, None)
    assert history["epoch"].tolist() == list(range(1, 7))
    assert history["train_loss"].iloc[-1] < 0.5 * history["train_loss"].iloc[0]


@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed"])
def test_half_precision_learns_too_with_clipped_gradients(precision: Literal["32-true", "bf16-mixed"]) -> None:
    history = run(fresh_model(), negative_error, None, CPU.model_copy(update={"precision": precision}))
    assert history["train_loss"].iloc[-1] < 0.5 * history["train_loss"].iloc[0]


def test_the_same_seed_gives_the_same_weights() -> None:
    first, second = fresh_model(), fresh_model()
    run(first, negative_error, None)
    run(second, negative_error, None)
    assert all(torch.equal(a, b) for a, b in zip(weights(first), weights(second), strict=True))


def test_a_killed_fit_resumes_and_ends_as_one_that_was_not_killed(tmp_path: Path) -> None:
    whole, stopped, resumed = fresh_model(), fresh_model(), fresh_model()
    run(whole, negative_error, None)
    with pytest.raises(KeyboardInterrupt):
        run(stopped, killed_after(3), tmp_path)
    assert (tmp_path / "state.safetensors").exists()
    remaining: list[float] = []
    history = run(resumed, lambda model: remaining.append(0.0) or negative_error(model), tmp_path)
    assert len(remaining) == 3
    assert len(history) == 6
    assert all(torch.equal(a, b) for a, b in zip(weights(whole), weights(resumed), strict=True))
    assert not (tmp_path / "state.safetensors").exists()


def test_another_fit_does_not_resume_a_stopped_one(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        run(fresh_model(), killed_after(3), tmp_path)
    other = fresh_model()
    with torch.no_grad():
        other[0].bias.add_(1.0)
    calls: list[float] = []
    run(other, lambda model: calls.append(0.0) or negative_error(model), tmp_path)
    assert len(calls) == 6


def test_a_broken_state_file_is_not_used(tmp_path: Path) -> None:
    (tmp_path / "state.safetensors").write_bytes(b"not a state")
    assert state.load(tmp_path, "any") is None


def test_the_best_epoch_is_kept_and_patience_ends_the_fit() -> None:
    metrics = iter([1.0, 5.0, 2.0, 3.0, 4.0, 0.0])
    snapshots: list[list[Tensor]] = []

    def validate(model: nn.Module) -> float:
        snapshots.append([tensor.clone() for tensor in weights(model)])
        return next(metrics)

    model = fresh_model()
    history = run(model, validate, None)
    assert len(history) == 5
    assert all(torch.equal(a, b) for a, b in zip(weights(model), snapshots[1], strict=True))


def test_a_loss_that_is_not_finite_stops_with_a_way_out() -> None:
    with pytest.raises(FloatingPointError, match="learning_rate"):
        fit(
            fresh_model(),
            batches,
            lambda model, batch: squared_error(model, batch) * float("nan"),
            negative_error,
            TRAINING,
            CPU,
            seed=3,
            work_dir=None,
            metric_name="fit",
        )


def test_losses_metrics_and_histograms_of_weights_are_written_as_events(tmp_path: Path) -> None:
    history = run(fresh_model(), negative_error, tmp_path)
    events = EventAccumulator(str(tmp_path / "events")).Reload()
    assert [event.step for event in events.Scalars("loss/train")] == history["epoch"].tolist()
    assert [event.value for event in events.Scalars("fit/valid")] == pytest.approx(history["valid_metric"].tolist())
    assert events.Tags()["histograms"]
    assert all(name.startswith("weights/") for name in events.Tags()["histograms"])


def test_two_processes_fit_one_model() -> None:
    two = TrainerParams(accelerator="cpu", devices=2, precision="32-true", strategy="ddp_fork")
    model = fresh_model()
    history = run(model, negative_error, None, two)
    assert history["valid_metric"].iloc[-1] > history["valid_metric"].iloc[0]
    assert negative_error(model) == pytest.approx(history["valid_metric"].max(), rel=1e-5)


@pytest.mark.parametrize(("norm", "is_clipped"), [(0.9, False), (3.0, True)])
def test_a_gradient_is_scaled_down_to_the_largest_norm_and_never_up(norm: float, is_clipped: bool) -> None:
    model = fresh_model()
    learning = list(model.parameters())
    drawn = [torch.randn_like(weight) for weight in learning]
    before = [part * norm / nn.utils.get_total_norm(drawn) for part in drawn]
    for weight, gradient in zip(learning, before, strict=True):
        weight.grad = gradient.clone()
    clip_gradients(make_fabric(CPU), model, None, 1.0)
    after = [weight.grad for weight in learning]
    assert float(nn.utils.get_total_norm(after)) == pytest.approx(1.0 if is_clipped else norm, abs=1e-4)
    assert all(map(torch.equal, before, after)) is not is_clipped
