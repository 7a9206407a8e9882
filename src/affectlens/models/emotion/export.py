"""Emotion networks outside PyTorch: ONNX, dynamic int8 and magnitude pruning. Needs the extra `export`."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils import prune

from affectlens.models.checkpoint import Checkpoint
from affectlens.models.emotion.build import NETWORKS, build_emotion_model

TokenScorer = Callable[[np.ndarray], np.ndarray]
_EXAMPLE_SHAPE = (2, 4)


class _Outputs(nn.Module):
    """A network that gives logits and emotion codes at once."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (B, C) and codes (B, H) of token indices (B, T)."""
        code = self.network.encode(tokens)  # type: ignore[operator]
        return self.network.head(code), code  # type: ignore[operator]


def export_onnx(checkpoint: Checkpoint, path: Path) -> None:
    """Write a network as one ONNX file: tokens (B, T) int64 in, logits (B, C) and code (B, H) out, B and T free.

    Raises:
        ValueError: the checkpoint is no network of the emotion family.
    """
    if checkpoint.architecture not in NETWORKS:
        raise ValueError(f"{checkpoint.architecture!r} is no network; export one of {', '.join(NETWORKS)}")
    model = _Outputs(checkpoint.restore(build_emotion_model)).eval()
    example = torch.ones(_EXAMPLE_SHAPE, dtype=torch.int64)
    free = {0: "n", 1: "length"}
    # Recurrent layers go through the older exporter: the newer one unrolls them to the length of the example.
    is_recurrent = any(isinstance(module, nn.RNNBase) for module in model.modules())
    how: dict[str, Any] = (
        {"dynamo": False, "dynamic_axes": {"tokens": free, "logits": {0: "n"}, "code": {0: "n"}}}
        if is_recurrent
        else {
            "dynamo": True,
            "dynamic_shapes": {"tokens": {axis: torch.export.Dim(name) for axis, name in free.items()}},
        }
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporters warn of their own internals
        torch.onnx.export(
            model,
            (example,),
            path,
            input_names=["tokens"],
            output_names=["logits", "code"],
            external_data=False,
            verbose=False,
            **how,
        )


def quantise_onnx(path: Path, quantised: Path) -> None:
    """Write the model with its matrix multiplications in int8, scales of activations found at run time."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    quantize_dynamic(path, quantised, weight_type=QuantType.QInt8)


def onnx_scorer(path: Path, n_threads: int) -> TokenScorer:
    """A function from token indices (B, T) to logits (B, C), by ONNX Runtime on the CPU."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = n_threads
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return lambda tokens: np.asarray(session.run(["logits"], {"tokens": tokens})[0])


def torch_scorer(checkpoint: Checkpoint) -> TokenScorer:
    """A function from token indices (B, T) to logits (B, C), by PyTorch."""
    model = _Outputs(checkpoint.restore(build_emotion_model)).eval()

    def score(tokens: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            return np.asarray(model(torch.from_numpy(tokens))[0].numpy())

    return score


def pruned(checkpoint: Checkpoint, share: float) -> Checkpoint:
    """The checkpoint with this share of the weights of each linear map set to zero, the smallest ones."""
    model = checkpoint.restore(build_emotion_model)
    for module in model.modules():
        if isinstance(module, nn.Linear) and module is not model.head:
            prune.l1_unstructured(module, "weight", amount=share)  # type: ignore[no-untyped-call]
            prune.remove(module, "weight")  # type: ignore[no-untyped-call]
    return Checkpoint.of(model, checkpoint.architecture, checkpoint.params, **checkpoint.metadata)
