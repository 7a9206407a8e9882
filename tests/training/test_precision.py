"""Mixed precision: which fits take it by themselves, and that every batch can pass through it."""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil
from collections.abc import Iterator

import pytest
import torch

import affectlens.models
import affectlens.training
from affectlens.training import loop
from affectlens.training.loop import TrainerParams, make_fabric


def trainer(precision: str) -> TrainerParams:
    return TrainerParams(accelerator="cpu", devices=1, precision=precision, strategy="auto")


def batch_classes() -> Iterator[type]:
    for package in (affectlens.training, affectlens.models):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            for value in vars(importlib.import_module(module.name)).values():
                if isinstance(value, type) and dataclasses.is_dataclass(value) and hasattr(value, "to"):
                    yield value


def test_no_batch_is_a_frozen_dataclass_which_fabric_could_not_convert() -> None:
    found = set(batch_classes())
    assert len(found) > 5
    assert [each.__name__ for each in found if each.__dataclass_params__.frozen] == []


@pytest.mark.parametrize("is_able", [True, False])
def test_auto_is_bfloat16_for_wide_layers_where_the_device_multiplies_it(
    monkeypatch: pytest.MonkeyPatch, is_able: bool
) -> None:
    monkeypatch.setattr(loop, "multiplies_bfloat16", lambda accelerator: is_able)
    assert trainer("auto").for_wide_layers().precision == ("bf16-mixed" if is_able else "auto")
    assert trainer("32-true").for_wide_layers().precision == "32-true"
    assert trainer("auto").wide_products == (torch.bfloat16 if is_able else torch.float32)
    assert trainer("32-true").wide_products == torch.float32


def test_auto_is_single_precision_for_all_other_fits() -> None:
    assert make_fabric(trainer("auto"))._precision.precision == "32-true"


@pytest.mark.parametrize(("name", "is_able"), [("avx512_bf16", True), ("amx_bf16", True), ("avx2", False)])
def test_a_processor_is_asked_for_its_instructions(monkeypatch: pytest.MonkeyPatch, name: str, is_able: bool) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {name: True})
    assert loop.multiplies_bfloat16("cpu") is is_able
