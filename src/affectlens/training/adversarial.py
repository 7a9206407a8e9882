"""The training loop of an adversarial pair: two optimisers, and an average of the generator that is sampled from."""

from __future__ import annotations

import copy
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import torch
from pydantic import Field
from torch import Tensor, nn

from affectlens.params import Params
from affectlens.training import state
from affectlens.training.loop import (
    Batches,
    TrainerParams,
    TrainingParams,
    Validate,
    clip_gradients,
    is_finished,
    make_fabric,
)

if TYPE_CHECKING:
    from lightning_fabric import Fabric

logger = logging.getLogger(__name__)

PairLoss = Callable[[nn.Module, nn.Module, Any], Tensor]
_COLUMNS = ["epoch", "train_loss", "valid_metric", "metric_name", "seconds"]


class AdversarialParams(Params):
    """How a generator and its critic are fitted; `steps.learning_rate` is the generator's."""

    steps: TrainingParams
    critic_learning_rate: float = Field(gt=0)
    critic_steps: int = Field(ge=1, description="critic steps for one step of the generator")
    average_decay: float = Field(ge=0, lt=1, description="share that the averaged generator keeps at each step")


@dataclass(frozen=True)
class AdversarialLosses:
    """Scalar losses (generator, critic, batch) of the two players; each is minimised by its own player only."""

    generator: PairLoss
    critic: PairLoss


@dataclass
class _Fit:
    """What an epoch changes; everything but `fabric` and the wrapped twins is saved for a resume."""

    fabric: Fabric
    modules: dict[str, nn.Module]
    optimizers: dict[str, torch.optim.Optimizer]
    wrapped: dict[str, Any]
    best: dict[str, Tensor]
    history: list[dict[str, Any]]


def fit_adversarial(
    generator: nn.Module,
    critic: nn.Module,
    batches: Batches,
    losses: AdversarialLosses,
    validate: Validate,
    params: AdversarialParams,
    trainer: TrainerParams,
    *,
    seed: int,
    work_dir: Path | None,
    metric_name: str,
) -> pd.DataFrame:
    """Fit a pair by two Adams with early stopping; `generator` ends with the averaged weights of its best epoch.

    The generator's exponential moving average is what is validated and kept. A killed fit continues from its last
    finished epoch, as in `loop.fit`. The pair is small: it runs in one process, whatever `trainer.devices` says.

    Args:
        generator: module to fit, freshly initialised, without buffers that training changes.
        critic: its opponent; its weights are not used afterwards.
        batches: gives the batches of one epoch, in an order drawn from the generator that it is handed.
        losses: the losses of the two players.
        validate: metric of a generator on validation data, higher is better.
        params: length and pace of the fit.
        trainer: device and precision.
        seed: seed of order and noise.
        work_dir: folder of the event files and of the state of an unfinished fit; None writes nothing.
        metric_name: name of what `validate` gives.

    Returns:
        One row an epoch: epoch, train_loss (of the generator), valid_metric, metric_name, seconds.

    Raises:
        FloatingPointError: a loss is not finite.
    """
    first_batch = next(iter(batches(np.random.default_rng([seed, 0]))))
    identity = state.identity_of(nn.ModuleList([generator, critic]), first_batch, params, seed)
    current = _start(generator, critic, params, trainer)
    _resume(current, state.load(work_dir, identity))
    with torch.random.fork_rng(devices=[]), state.event_writer(work_dir) as events:
        while not is_finished(current.history, params.steps):
            row = _run_epoch(current, batches, losses, validate, params, seed) | {"metric_name": metric_name}
            current.history.append({name: row[name] for name in _COLUMNS})
            if row["valid_metric"] >= max(past["valid_metric"] for past in current.history):
                current.best = copy.deepcopy(current.modules["average"].state_dict())
            scalars = {"loss/train": row["train_loss"], "loss/critic": row["critic_loss"]}
            events({**scalars, f"{metric_name}/valid": row["valid_metric"]}, row["epoch"])
            logger.info(
                "epoch %d: loss %.4f, critic %.4f, %s %.4f, %.1f s",
                *(
                    row[name]
                    for name in ("epoch", "train_loss", "critic_loss", "metric_name", "valid_metric", "seconds")
                ),
            )
            state.save(work_dir, identity, *_state_of(current))
        events(state.histograms_of(current.best), len(current.history))
    state.remove(work_dir)
    generator.load_state_dict(current.best)
    generator.to("cpu").eval()
    return pd.DataFrame(current.history, columns=_COLUMNS)


def _start(generator: nn.Module, critic: nn.Module, params: AdversarialParams, trainer: TrainerParams) -> _Fit:
    fabric = make_fabric(trainer.model_copy(update={"devices": 1}))
    modules = {"generator": generator, "critic": critic}
    rates = {"generator": params.steps.learning_rate, "critic": params.critic_learning_rate}
    optimizers: dict[str, torch.optim.Optimizer] = {
        # No momentum of the gradient (first beta 0), as in Gulrajani et al. 2017: the opponent moves.
        name: torch.optim.AdamW(
            module.parameters(),
            lr=rates[name],
            betas=(0.0, 0.9),
            weight_decay=params.steps.weight_decay,
            fused=trainer.is_fused,
        )
        for name, module in modules.items()
    }
    wrapped: dict[str, Any] = {}
    for name, module in modules.items():
        wrapped[name], wrapped[f"{name}_optimizer"] = fabric.setup(module, optimizers[name])
    modules["average"] = copy.deepcopy(generator).requires_grad_(requires_grad=False).eval()
    return _Fit(fabric, modules, optimizers, wrapped, copy.deepcopy(generator.state_dict()), [])


def _resume(current: _Fit, saved: state.State | None) -> None:
    if saved is None:
        return
    for name, module in current.modules.items():
        module.load_state_dict(saved.tensors[name])
    for name, optimizer in current.optimizers.items():
        flat = saved.tensors.get(f"{name}_optimizer", {})
        optimizer.load_state_dict(state.unflatten_optimizer(flat, saved.facts[name]))
    current.best, current.history = dict(saved.tensors["best"]), saved.facts["history"]
    logger.info("resuming a stopped adversarial fit after epoch %d", len(current.history))


def _state_of(current: _Fit) -> tuple[Mapping[str, Mapping[str, Tensor]], Mapping[str, Any]]:
    tensors: dict[str, Mapping[str, Tensor]] = {name: module.state_dict() for name, module in current.modules.items()}
    facts: dict[str, Any] = {"history": current.history}
    for name, optimizer in current.optimizers.items():
        tensors[f"{name}_optimizer"], facts[name] = state.flatten_optimizer(optimizer.state_dict())
    return {**tensors, "best": current.best}, facts


def _run_epoch(
    current: _Fit, batches: Batches, losses: AdversarialLosses, validate: Validate, params: AdversarialParams, seed: int
) -> dict[str, Any]:
    """One pass over the batches and one validation of the averaged generator."""
    epoch, started = len(current.history) + 1, time.perf_counter()
    torch.manual_seed(seed * 100_003 + epoch)
    loss, critic_loss = _train_epoch(current, batches(np.random.default_rng([seed, epoch])), losses, params)
    with torch.no_grad():
        metric = float(validate(current.modules["average"]))
    seconds = time.perf_counter() - started
    row = {"epoch": epoch, "train_loss": loss, "critic_loss": critic_loss, "valid_metric": metric, "seconds": seconds}
    if not np.isfinite([loss, critic_loss]).all():
        raise FloatingPointError(
            f"losses of epoch {epoch} are {loss} (generator) and {critic_loss} (critic); lower learning_rate "
            f"({params.steps.learning_rate}) or critic_learning_rate ({params.critic_learning_rate})"
        )
    return row


def _train_epoch(
    current: _Fit, epoch_batches: Any, losses: AdversarialLosses, params: AdversarialParams
) -> tuple[float, float]:
    """Critic steps, every `critic_steps` one generator step; the mean losses, read back once."""
    device = current.fabric.device
    totals, counts = torch.zeros(2, device=device), [0, 0]
    generator, critic = current.wrapped["generator"].train(), current.wrapped["critic"].train()
    for index, raw in enumerate(epoch_batches, start=1):
        batch = raw.to(device)
        totals[1] += _step(current, "critic", losses.critic(generator, critic, batch), params)
        counts[1] += 1
        if index % params.critic_steps == 0:
            totals[0] += _step(current, "generator", losses.generator(generator, critic, batch), params)
            counts[0] += 1
            _update_average(current, params.average_decay)
    means = (totals / torch.tensor(counts, device=device).clamp(min=1)).tolist()
    return means[0], means[1]


def _step(current: _Fit, player: str, loss: Tensor, params: AdversarialParams) -> Tensor:
    """One step of one player; gradients that its loss leaves on the opponent are thrown away."""
    current.fabric.backward(loss)
    module, optimizer = current.wrapped[player], current.wrapped[f"{player}_optimizer"]
    clip_gradients(current.fabric, module, optimizer, params.steps.gradient_clip)
    optimizer.step()
    for each in current.optimizers.values():
        each.zero_grad(set_to_none=True)
    return loss.detach()


def _update_average(current: _Fit, decay: float) -> None:
    with torch.no_grad():
        pairs = zip(current.modules["average"].parameters(), current.modules["generator"].parameters(), strict=True)
        for average, parameter in pairs:
            average.lerp_(parameter, 1.0 - decay)
