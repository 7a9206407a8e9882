"""The one training loop: every model with one optimiser is fitted here."""

from __future__ import annotations

import copy
import itertools
import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, Self

import numpy as np
import pandas as pd
import torch
from pydantic import Field
from torch import Tensor, nn

from affectlens.params import Params
from affectlens.training import state
from affectlens.training.pace import Pace

if TYPE_CHECKING:
    from lightning_fabric import Fabric

logger = logging.getLogger(__name__)


class TrainerParams(Params):
    """Where a training runs (Lightning Fabric)."""

    accelerator: Literal["auto", "cpu", "cuda", "mps"] = Field(description="auto takes a GPU where there is one")
    devices: int = Field(ge=1, description="processes, one a device")
    precision: Literal["auto", "32-true", "bf16-mixed", "16-mixed"] = Field(
        description="auto: bfloat16 for a pretrained encoder and the softmax over items where the device has it, "
        "else 32-true"
    )
    strategy: Literal["auto", "ddp_spawn", "ddp_fork"] = Field(description="used with more than one device")

    @property
    def is_fused(self) -> bool:
        """Whether the optimiser updates all weights in one kernel, which cannot clip what is still to be unscaled."""
        return self.precision != "16-mixed"

    def for_wide_layers(self) -> TrainerParams:
        """The same, with `auto` decided for a network whose seconds are large matrix products."""
        if self.precision != "auto" or not multiplies_bfloat16(self.accelerator):
            return self
        return self.model_copy(update={"precision": "bf16-mixed"})

    @property
    def wide_products(self) -> torch.dtype:
        """Type of the large matrix products of a network whose other layers are thin."""
        return torch.bfloat16 if self.for_wide_layers().precision == "bf16-mixed" else torch.float32


class TrainingParams(Params):
    """How long and how fast a model is fitted."""

    max_epochs: int = Field(ge=1)
    batch_size: int = Field(ge=1)
    learning_rate: float = Field(gt=0)
    weight_decay: float = Field(ge=0)
    patience: int = Field(ge=1, description="epochs without a better validation metric before the fit stops")
    gradient_clip: float = Field(gt=0, description="largest allowed norm of the gradient")


class Batch(Protocol):
    """A dataclass of named tensors; not a frozen one, which mixed precision cannot convert."""

    def to(self, device: torch.device) -> Self:
        """The same batch on a device."""
        ...


Batches = Callable[[np.random.Generator], Iterable[Any]]
LossOf = Callable[[nn.Module, Any], Tensor]
Validate = Callable[[nn.Module], float]


def multiplies_bfloat16(accelerator: str) -> bool:
    """Whether the device that `accelerator` takes has instructions for products of bfloat16 numbers."""
    if accelerator in ("auto", "cuda") and torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    able = torch.cpu.get_capabilities()
    return accelerator in ("auto", "cpu") and any(able.get(name, False) for name in ("avx512_bf16", "amx_bf16"))


def make_fabric(trainer: TrainerParams) -> Fabric:
    """The Fabric that `trainer` describes; one process needs no strategy."""
    from lightning_fabric import Fabric

    strategy = trainer.strategy if trainer.devices > 1 else "auto"
    precision = "32-true" if trainer.precision == "auto" else trainer.precision
    return Fabric(accelerator=trainer.accelerator, devices=trainer.devices, precision=precision, strategy=strategy)


def fit(
    model: nn.Module,
    batches: Batches,
    loss_of: LossOf,
    validate: Validate,
    training: TrainingParams,
    trainer: TrainerParams,
    *,
    seed: int,
    work_dir: Path | None,
    metric_name: str,
    pace: Pace | None = None,
) -> pd.DataFrame:
    """Fit `model` in place by AdamW with early stopping; it ends with the weights of its best epoch, on the CPU.

    A fit with a pace is not stopped early: validation is only watched, and the model ends with its averaged weights.

    A killed fit continues from its last finished epoch when it is called again with the same work_dir, model, first
    batch, parameters and seed, and ends with the same weights as one that was never killed.

    Args:
        model: module to fit, freshly initialised.
        batches: gives the batches of one epoch, in an order drawn from the generator that it is handed.
        loss_of: scalar loss of one batch.
        validate: metric on validation data, higher is better; called in evaluation mode without gradients.
        training: length, pace and patience of the fit.
        trainer: device, precision and processes.
        seed: seed of order and dropout.
        work_dir: folder of the event files and of the state of an unfinished fit; None writes nothing.
        metric_name: name of what `validate` gives.
        pace: learning rate step by step and averaging; None keeps the learning rate as it is.

    Returns:
        One row an epoch: epoch, train_loss, valid_metric, metric_name, seconds.

    Raises:
        FloatingPointError: the loss is not finite.
    """
    fabric = make_fabric(trainer)
    arguments = (model, batches, loss_of, validate, training, trainer.is_fused, seed, work_dir, metric_name, pace)
    if trainer.devices == 1:
        weights, history = _fit_process(fabric, *arguments)
    else:
        weights, history = fabric.launch(_fit_process, *arguments)  # type: ignore[arg-type]  # it passes them on
    model.load_state_dict({name: torch.from_numpy(array) for name, array in weights.items()})
    model.to("cpu").eval()
    return pd.DataFrame(history, columns=["epoch", "train_loss", "valid_metric", "metric_name", "seconds"])


def _fit_process(
    fabric: Fabric,
    model: nn.Module,
    batches: Batches,
    loss_of: LossOf,
    validate: Validate,
    training: TrainingParams,
    is_fused: bool,
    seed: int,
    work_dir: Path | None,
    metric_name: str,
    pace: Pace | None,
) -> tuple[dict[str, np.ndarray], list[dict[str, Any]]]:
    """Fit in one process; returns the best weights (numpy: tensors of a dead process cannot be read) and history."""
    if fabric.world_size > 1 and fabric.device.type == "cpu":
        torch.set_num_threads(1)  # threads of the parent do not live in a fork, and OpenMP would wait for them for ever
    identity = state.identity_of(model, next(iter(batches(np.random.default_rng([seed, 0])))), training, seed)
    identity += "" if pace is None else f"/{pace.params.model_dump_json()}"
    learning = model.parameters() if pace is None else pace.groups(model, training.learning_rate)
    optimizer = torch.optim.AdamW(
        learning, lr=training.learning_rate, weight_decay=training.weight_decay, fused=is_fused
    )
    wrapped, wrapped_optimizer = fabric.setup(model, optimizer)
    best: Mapping[str, Tensor] = copy.deepcopy(model.state_dict())
    history: list[dict[str, Any]] = []
    saved = state.load(work_dir, identity)
    if saved is not None:
        model.load_state_dict(saved.tensors["model"])
        optimizer.load_state_dict(state.unflatten_optimizer(saved.tensors["optimizer"], saved.facts["optimizer"]))
        best, history = saved.tensors["best"], saved.facts["history"]
        if pace is not None:
            pace.resume(saved.tensors.get("average", {}), saved.facts["pace"])
        logger.info("resuming a stopped fit after epoch %d", len(history))
    with torch.random.fork_rng(devices=[]), state.event_writer(work_dir if fabric.is_global_zero else None) as events:
        while not is_finished(history, training, pace):
            epoch, started = len(history) + 1, time.perf_counter()
            torch.manual_seed(seed * 100_003 + epoch)
            order = np.random.default_rng([seed, epoch])
            loss = _train_epoch(fabric, wrapped, wrapped_optimizer, batches(order), loss_of, training, pace)
            model.eval()
            with torch.no_grad(), nullcontext() if pace is None else pace.averaged(model):
                metric = float(validate(model))
                last = copy.deepcopy(model.state_dict())
            history.append(
                {
                    "epoch": epoch,
                    "train_loss": loss,
                    "valid_metric": metric,
                    "metric_name": metric_name,
                    "seconds": time.perf_counter() - started,
                }
            )
            if pace is not None or metric >= max(row["valid_metric"] for row in history):
                best = last
            events({"loss/train": loss, f"{metric_name}/valid": metric}, epoch)
            if fabric.is_global_zero:
                seconds = history[-1]["seconds"]
                logger.info("epoch %d: loss %.4f, %s %.4f, %.1f s", epoch, loss, metric_name, metric, seconds)
                flat, facts = state.flatten_optimizer(optimizer.state_dict())
                tensors = {"model": model.state_dict(), "best": best, "optimizer": flat}
                facts = {"history": history, "optimizer": facts}
                if pace is not None:
                    tensors, facts = {**tensors, "average": pace.average}, {**facts, "pace": pace.facts()}
                state.save(work_dir, identity, tensors, facts)
            fabric.barrier()
        events(state.histograms_of(best), len(history))
    if fabric.is_global_zero:
        state.remove(work_dir)
    return {name: tensor.detach().cpu().numpy().copy() for name, tensor in best.items()}, history


def is_finished(history: list[dict[str, Any]], training: TrainingParams, pace: Pace | None = None) -> bool:
    """Whether the epochs are used up, or the last `patience` of them brought no better validation metric."""
    if not history:
        return False
    if pace is not None:
        return pace.progress >= 1.0 or len(history) >= training.max_epochs
    metrics = [row["valid_metric"] for row in history]
    best_epoch = len(metrics) - int(np.argmax(metrics[::-1]))
    return len(history) >= training.max_epochs or len(history) - best_epoch >= training.patience


def clip_gradients(fabric: Fabric, model: Any, optimizer: Any, max_norm: float) -> None:
    """Scale the gradient down to a largest norm; a CPU, which knows the norm at once, leaves a shorter one alone."""
    if fabric.device.type != "cpu":
        fabric.clip_gradients(model, optimizer, max_norm=max_norm, error_if_nonfinite=False)
        return
    norm = nn.utils.get_total_norm([each.grad for each in model.parameters() if each.grad is not None])
    if not norm <= max_norm:
        nn.utils.clip_grads_with_norm_(model.parameters(), max_norm, norm)


def _share(epoch_batches: Iterable[Any], rank: int, world_size: int) -> Iterator[Any]:
    """Every world_size-th batch; a last round that is not full is left out, or the processes would wait for ever."""
    iterator = iter(epoch_batches)
    while len(group := list(itertools.islice(iterator, world_size))) == world_size:
        yield group[rank]


def _train_epoch(
    fabric: Fabric,
    model: Any,
    optimizer: Any,
    epoch_batches: Iterable[Any],
    loss_of: LossOf,
    training: TrainingParams,
    pace: Pace | None,
) -> float:
    """One pass over the batches of this process; the mean loss, read back once."""
    model.train()
    total = torch.zeros((), device=fabric.device)
    n_batches = 0
    for batch in _share(epoch_batches, fabric.global_rank, fabric.world_size):
        if pace is not None and not pace.begin_step(optimizer):
            break
        loss = loss_of(model, batch.to(fabric.device))
        fabric.backward(loss)
        clip_gradients(fabric, model, optimizer, training.gradient_clip)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        if pace is not None:
            pace.end_step(model.module)  # Fabric's wrapper names the weights otherwise
        total += loss.detach()
        n_batches += 1
    mean = float(total / max(n_batches, 1))
    if not np.isfinite(mean):
        raise FloatingPointError(
            f"training loss is {mean} after {n_batches} batches; lower learning_rate ({training.learning_rate}) "
            f"or gradient_clip ({training.gradient_clip})"
        )
    return mean
