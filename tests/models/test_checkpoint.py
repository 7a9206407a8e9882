from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from affectlens.datasets import CheckpointDataset
from affectlens.models.checkpoint import Checkpoint


def build(architecture: str, params: dict) -> nn.Module:
    assert architecture == "linear"
    return nn.Linear(params["width"], 2)


def saved(tmp_path: Path) -> tuple[nn.Module, CheckpointDataset]:
    model = nn.Linear(3, 2)
    dataset = CheckpointDataset(filepath=str(tmp_path / "linear.safetensors"))
    dataset.save(Checkpoint.of(model, "linear", {"width": 3}, labels=["joy", "anger"], seed=7))
    return model, dataset


def test_a_checkpoint_survives_save_and_restore(tmp_path: Path) -> None:
    model, dataset = saved(tmp_path)
    loaded = dataset.load()
    x = torch.randn(4, 3)
    assert torch.equal(loaded.restore(build)(x), model(x))
    assert loaded.metadata == {"labels": ["joy", "anger"], "seed": 7}


def test_weights_of_another_architecture_are_refused(tmp_path: Path) -> None:
    _, dataset = saved(tmp_path)
    loaded = dataset.load()
    other = Checkpoint("linear", {"width": 5}, loaded.weights)
    with pytest.raises(RuntimeError, match="size mismatch"):
        other.restore(build)


def test_the_fingerprint_tells_weights_apart() -> None:
    one = Checkpoint("linear", {}, {"w": np.zeros(3)})
    assert one.fingerprint() == Checkpoint("linear", {}, {"w": np.zeros(3)}).fingerprint()
    assert one.fingerprint() != Checkpoint("linear", {}, {"w": np.ones(3)}).fingerprint()


def test_changing_a_module_does_not_change_its_checkpoint() -> None:
    model = nn.Linear(2, 2)
    checkpoint = Checkpoint.of(model, "linear", {"width": 2})
    before = checkpoint.weights["weight"].copy()
    with torch.no_grad():
        model.weight.add_(1.0)
    assert np.array_equal(checkpoint.weights["weight"], before)


def test_models_put_together_come_back_as_they_were(tmp_path: Path) -> None:
    parts = {
        "one": Checkpoint("linear", {"width": 3}, {"a/b": np.ones(2), "w": np.zeros(1)}, {"seed": 1}),
        "empty": Checkpoint("constant", {}, {}, {}),
    }
    dataset = CheckpointDataset(filepath=str(tmp_path / "both.safetensors"))
    dataset.save(Checkpoint.holding("both", parts, {"weight": 0.5}))
    loaded = dataset.load()
    assert loaded.params["weight"] == 0.5
    assert list(loaded.parts()) == ["one", "empty"]
    for name, part in loaded.parts().items():
        assert part.fingerprint() == parts[name].fingerprint()
        assert part.metadata == parts[name].metadata


def test_nothing_put_together_survives_save_and_restore(tmp_path: Path) -> None:
    dataset = CheckpointDataset(filepath=str(tmp_path / "none.safetensors"))
    dataset.save(Checkpoint.holding("none", {}, {}))
    assert dataset.load().parts() == {}
