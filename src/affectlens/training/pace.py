"""The pace of a fit whose length is known beforehand: warm-up, decay by steps or by the clock, averaged weights."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from pydantic import Field
from torch import Tensor, nn

from affectlens.params import Params


class PaceParams(Params):
    """How the learning rate rises and falls, and whose weights a fit ends with."""

    warmup_steps: int = Field(ge=0, description="steps in which the learning rate rises from zero")
    budget_s: float | None = Field(
        gt=0, description="seconds after which the learning rate has fallen to zero, whatever is left; null: no limit"
    )
    averaging: float = Field(ge=0, lt=1, description="weight of the past in the moving average of weights; 0: none")
    head_factor: float = Field(gt=0, description="learning rate of new parts by that of pretrained ones")


@dataclass
class Pace:
    """Learning rate and averaged weights of one fit, step by step.

    The learning rate follows max(steps done / all steps, seconds / budget): a slow or shared machine ends with a
    decayed rate too. Without a budget, or on a machine that keeps it, the same seed gives the same weights.

    Attributes:
        params: warm-up, budget and averaging.
        n_steps: steps of the whole fit.
        pretrained: beginnings of the names of weights that were not new; () means that all are.
    """

    params: PaceParams
    n_steps: int
    pretrained: Sequence[str] = ()
    step: int = 0
    earlier_s: float = 0.0
    average: dict[str, Tensor] = field(default_factory=dict)
    _started: float | None = None

    def groups(self, model: nn.Module, learning_rate: float) -> list[dict[str, Any]]:
        """Parameters that learn, the new ones `head_factor` times faster; for an optimiser."""
        known: list[Tensor] = []
        new: list[Tensor] = []
        for name, weight in model.named_parameters():
            if weight.requires_grad:
                (known if name.startswith(tuple(self.pretrained)) and self.pretrained else new).append(weight)
        head_rate = learning_rate * (self.params.head_factor if self.pretrained else 1.0)
        rates = ((known, learning_rate), (new, head_rate))
        return [{"params": weights, "lr": rate, "full_lr": rate} for weights, rate in rates if weights]

    @property
    def seconds(self) -> float:
        """Seconds that this fit has taken, those before a stop included."""
        return self.earlier_s + (0.0 if self._started is None else time.perf_counter() - self._started)

    @property
    def progress(self) -> float:
        """Share of the fit that is done; 1 and more: it is over."""
        of_clock = 0.0 if self.params.budget_s is None else self.seconds / self.params.budget_s
        return max(self.step / self.n_steps, of_clock)

    def begin_step(self, optimizer: torch.optim.Optimizer) -> bool:
        """Set the learning rate of the next step; False if the fit is over."""
        if self._started is None:
            self._started = time.perf_counter()
        left = 1.0 - self.progress
        if left <= 0.0:
            return False
        rise = min(1.0, (self.step + 1) / (self.params.warmup_steps + 1))
        for group in optimizer.param_groups:
            group["lr"] = group["full_lr"] * rise * left
        return True

    def end_step(self, model: nn.Module) -> None:
        """Take the new weights into the average."""
        self.step += 1
        if self.params.averaging == 0.0:
            return
        past = min(self.params.averaging, self.step / (self.step + 10.0))
        with torch.no_grad():
            for name, weight in model.named_parameters():
                if weight.requires_grad:
                    self.average.setdefault(name, weight.detach().clone()).lerp_(weight, 1.0 - past)

    @contextmanager
    def averaged(self, model: nn.Module) -> Iterator[None]:
        """Within it, the model has its averaged weights."""
        weights = {name: weight for name, weight in model.named_parameters() if name in self.average}
        latest = {name: weight.detach().clone() for name, weight in weights.items()}
        with torch.no_grad():
            for name, weight in weights.items():
                weight.copy_(self.average[name])
        yield
        with torch.no_grad():
            for name, weight in weights.items():
                weight.copy_(latest[name])

    def facts(self) -> dict[str, float]:
        """What a stopped fit needs beside the averaged weights."""
        return {"step": self.step, "seconds": self.seconds}

    def resume(self, average: Mapping[str, Tensor], facts: Mapping[str, float]) -> None:
        """Go on where a stopped fit was."""
        self.average = dict(average)
        self.step, self.earlier_s = int(facts["step"]), float(facts["seconds"])
