from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from affectlens.training import pace as module
from affectlens.training.pace import Pace, PaceParams


def params(**changes: float | None) -> PaceParams:
    return PaceParams(**{"warmup_steps": 0, "budget_s": None, "averaging": 0.0, "head_factor": 1.0, **changes})


def rates(pace: Pace, model: nn.Module, learning_rate: float = 1.0) -> list[float]:
    optimizer, seen = torch.optim.SGD(pace.groups(model, learning_rate), lr=learning_rate), []
    while pace.begin_step(optimizer):
        seen.append(optimizer.param_groups[0]["lr"])
        pace.end_step(model)
    return seen


def test_the_learning_rate_rises_and_then_falls_to_zero_with_the_steps() -> None:
    seen = rates(Pace(params(warmup_steps=2), n_steps=10), nn.Linear(2, 1))
    assert seen[:3] == pytest.approx([1 / 3, 2 / 3 * 0.9, 0.8])
    assert seen[-1] == pytest.approx(0.1)
    assert len(seen) == 10


def test_a_clock_that_runs_out_ends_the_fit_at_a_decayed_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(np.arange(0.0, 1000.0, 1.0))
    monkeypatch.setattr(module.time, "perf_counter", lambda: float(next(clock)))
    seen = rates(Pace(params(budget_s=5.0), n_steps=1000), nn.Linear(2, 1))
    assert 1 < len(seen) < 6
    assert seen == sorted(seen, reverse=True)
    assert seen[-1] <= 0.4


def test_new_weights_learn_faster_than_pretrained_ones() -> None:
    model = nn.ModuleDict({"known": nn.Linear(2, 2), "head": nn.Linear(2, 1)})
    groups = Pace(params(head_factor=3.0), 10, ("known",)).groups(model, 0.1)
    assert [group["full_lr"] for group in groups] == pytest.approx([0.1, 0.3])
    assert [len(group["params"]) for group in groups] == [2, 2]


def test_frozen_weights_are_in_no_group() -> None:
    model = nn.Linear(2, 1)
    model.bias.requires_grad_(requires_grad=False)
    assert [len(group["params"]) for group in Pace(params(), 10).groups(model, 0.1)] == [1]


def test_averaged_weights_lie_between_those_of_the_steps_and_are_lent_only() -> None:
    model, pace = nn.Linear(1, 1, bias=False), Pace(params(averaging=0.9), 10)
    optimizer = torch.optim.SGD(pace.groups(model, 1.0), lr=1.0)
    for value in (0.0, 1.0, 2.0):
        pace.begin_step(optimizer)
        with torch.no_grad():
            model.weight.fill_(value)
        pace.end_step(model)
    with pace.averaged(model):
        assert 0.0 < float(model.weight) < 2.0
    assert float(model.weight) == 2.0


def test_a_resumed_pace_goes_on_at_the_step_and_second_where_it_stopped() -> None:
    stopped = Pace(params(), 10)
    rates_before = torch.optim.SGD(stopped.groups(nn.Linear(1, 1), 1.0), lr=1.0)
    for _ in range(4):
        stopped.begin_step(rates_before)
        stopped.end_step(nn.Linear(1, 1))
    again = Pace(params(budget_s=100.0), 10)
    again.resume({}, {**stopped.facts(), "seconds": 50.0})
    assert again.progress == pytest.approx(0.5)
    again.resume({}, stopped.facts())
    assert again.progress == pytest.approx(0.4, abs=0.01)
