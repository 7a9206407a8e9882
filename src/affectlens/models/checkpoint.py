"""Checkpoint = architecture name + params + weights: what crosses a node boundary instead of a live module."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
import torch
from torch import nn

ModuleT = TypeVar("ModuleT", bound=nn.Module)


@dataclass(frozen=True)
class Checkpoint:
    """A fitted model at rest.

    Attributes:
        architecture: name under which its family's `build_*` finds the class, for instance "cnn".
        params: JSON-able arguments that rebuild the architecture (sizes included).
        weights: name -> array, on the CPU.
        metadata: JSON-able facts about the fit (data fingerprint, validation metric, seed, label order, ...).
    """

    architecture: str
    params: Mapping[str, Any]
    weights: Mapping[str, np.ndarray]
    metadata: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def absent(cls) -> Checkpoint:
        """What stands where no model was fitted."""
        return cls("absent", {}, {})

    @property
    def is_absent(self) -> bool:
        """Whether no model was fitted."""
        return self.architecture == "absent"

    @classmethod
    def of(cls, model: nn.Module, architecture: str, params: Mapping[str, Any], **metadata: Any) -> Checkpoint:
        """The weights of a module, copied to CPU arrays."""
        weights = {name: tensor.detach().cpu().numpy().copy() for name, tensor in model.state_dict().items()}
        return cls(architecture, dict(params), weights, metadata)

    def restore(self, build: Callable[[str, Mapping[str, Any]], ModuleT]) -> ModuleT:
        """Rebuild the module with `build(architecture, params)` and load the weights into it, in evaluation mode.

        Raises:
            RuntimeError: the weights do not fit the architecture.
        """
        model = build(self.architecture, self.params)
        model.load_state_dict({name: torch.from_numpy(np.array(array)) for name, array in self.weights.items()})
        return model.eval()

    def fingerprint(self) -> str:
        """Twelve hexadecimal digits that identify the weights and the params."""
        digest = hashlib.sha256(repr((self.architecture, sorted(self.params.items()))).encode())
        for name in sorted(self.weights):
            digest.update(name.encode())
            digest.update(np.ascontiguousarray(self.weights[name]).tobytes())
        return digest.hexdigest()[:12]

    @classmethod
    def holding(
        cls, architecture: str, parts: Mapping[str, Checkpoint], params: Mapping[str, Any], **metadata: Any
    ) -> Checkpoint:
        """Several fitted models at rest as one; `parts` gives them back. A name of a part holds no slash."""
        known = {
            name: {"architecture": part.architecture, "params": dict(part.params), "metadata": dict(part.metadata)}
            for name, part in parts.items()
        }
        weights = {f"{name}/{key}": array for name, part in parts.items() for key, array in part.weights.items()}
        return cls(architecture, {**params, "parts": known}, weights, metadata)

    def parts(self) -> dict[str, Checkpoint]:
        """The models that `holding` put together, by their names."""
        found: dict[str, dict[str, np.ndarray]] = {name: {} for name in self.params["parts"]}
        for key, array in self.weights.items():
            name, _, own = key.partition("/")
            found[name][own] = array
        known = self.params["parts"]
        return {name: Checkpoint(**known[name], weights=weights) for name, weights in found.items()}
