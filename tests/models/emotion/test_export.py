from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

import tiny_encoder
from affectlens.models.checkpoint import Checkpoint
from affectlens.models.emotion.build import build_emotion_model
from affectlens.models.emotion.export import export_onnx, onnx_scorer, pruned, quantise_onnx, torch_scorer

pytest.importorskip("onnxruntime", reason="the extra `export` is not installed")

DROPOUTS = {"dropout": 0.0, "state_dropout": 0.0, "head_dropout": 0.0}
MODELS = {
    "encoder": {"frozen_layers": 1, "rank": None, **DROPOUTS},
    "lstm": {
        "state_size": 8,
        "language": "en",
        "embedding_size": 10,
        "neighbourhood": None,
        "lexicon": True,
        "dropout": 0.0,
        "word_dropout": 0.0,
    },
}


@pytest.fixture(params=sorted(MODELS), scope="module")
def checkpoint(request: pytest.FixtureRequest) -> Checkpoint:
    kind = request.param
    params = {
        "model": {"kind": kind, "max_tokens": 12, "hidden_size": 9, **MODELS[kind]},
        "vocabulary": [f"w{index}" for index in range(30)],
        "labels": ["anger", "joy"],
        "encoder": tiny_encoder.SIZES,
        "is_lower": True,
    }
    torch.manual_seed(0)
    return Checkpoint.of(build_emotion_model(kind, params), kind, params)


def tokens(n: int, length: int) -> np.ndarray:
    rows = np.random.default_rng(n).integers(1, 30, size=(n, length))
    rows[0, length - 2 :] = 0
    return rows


def test_onnx_gives_the_logits_of_pytorch_for_any_batch_and_length(checkpoint: Checkpoint, tmp_path: Path) -> None:
    export_onnx(checkpoint, tmp_path / "model.onnx")
    run = onnx_scorer(tmp_path / "model.onnx", n_threads=1)
    for n, length in ((1, 3), (5, 11)):
        assert np.abs(run(tokens(n, length)) - torch_scorer(checkpoint)(tokens(n, length))).max() < 1e-4


def test_int8_stays_near_the_full_precision(checkpoint: Checkpoint, tmp_path: Path) -> None:
    export_onnx(checkpoint, tmp_path / "model.onnx")
    quantise_onnx(tmp_path / "model.onnx", tmp_path / "int8.onnx")
    rough = onnx_scorer(tmp_path / "int8.onnx", n_threads=1)(tokens(5, 9))
    assert np.abs(rough - torch_scorer(checkpoint)(tokens(5, 9))).max() < 0.3


def test_pruning_sets_the_smallest_weights_of_each_linear_map_to_zero(checkpoint: Checkpoint) -> None:
    name = "code.weight" if checkpoint.architecture == "encoder" else "hidden.weight"
    before, after = checkpoint.weights[name], pruned(checkpoint, 0.5).weights[name]
    assert (after == 0).mean() == pytest.approx(0.5, abs=0.01)
    assert np.abs(before[after == 0]).max() <= np.abs(after[after != 0]).min()
    assert np.array_equal(checkpoint.weights["head.weight"], pruned(checkpoint, 0.5).weights["head.weight"])


def test_a_model_that_is_no_network_is_not_exported(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="tfidf"):
        export_onnx(Checkpoint("tfidf", {}, {}), tmp_path / "model.onnx")
