"""The state of an unfinished fit on disk, and its event files. Safetensors and JSON only: nothing is unpickled."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import logging
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from pydantic import BaseModel
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

logger = logging.getLogger(__name__)

Event = float | Tensor | np.ndarray | str
_FILE = "state.safetensors"


@dataclass(frozen=True)
class State:
    """What a stopped fit left behind.

    Attributes:
        tensors: group ("model", "best", "optimizer", ...) -> name -> tensor.
        facts: JSON-able facts (history, optimiser groups, ...).
    """

    tensors: Mapping[str, Mapping[str, Tensor]]
    facts: Mapping[str, Any]


def identity_of(model: nn.Module, first_batch: Any, params: BaseModel, seed: int) -> str:
    """Fingerprint of a fit: initial weights, first batch, parameters and seed. Another fit never resumes this one."""
    digest = hashlib.sha256(f"{params.model_dump_json()}/{seed}".encode())
    fields = [getattr(first_batch, field.name) for field in dataclasses.fields(first_batch)]
    parts = [part for field in fields for part in (field if isinstance(field, tuple) else (field,))]
    for tensor in (*model.state_dict().values(), *parts):
        if isinstance(tensor, Tensor):
            digest.update(np.ascontiguousarray(tensor.detach().cpu().float().numpy()).tobytes())
    return digest.hexdigest()


def save(
    work_dir: Path | None, identity: str, tensors: Mapping[str, Mapping[str, Tensor]], facts: Mapping[str, Any]
) -> None:
    """Write the state atomically: a kill leaves the old state or the new one, never half of one."""
    if work_dir is None:
        return
    work_dir.mkdir(parents=True, exist_ok=True)
    flat = {
        f"{group}/{name}": tensor.detach().cpu().contiguous().clone()
        for group, members in tensors.items()
        for name, tensor in members.items()
    }
    temporary = work_dir / f".{_FILE}.{os.getpid()}"
    save_file(flat, temporary, metadata={"identity": identity, "facts": json.dumps(facts)})
    temporary.replace(work_dir / _FILE)


def load(work_dir: Path | None, identity: str) -> State | None:
    """The state of the same fit if one was stopped here, else None; an unreadable file is reported and not used."""
    path = None if work_dir is None else work_dir / _FILE
    if path is None or not path.exists():
        return None
    tensors: dict[str, dict[str, Tensor]] = {}
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata()
            if metadata["identity"] != identity:
                logger.info("%s belongs to another fit; starting anew", path)
                return None
            for key in file.keys():  # noqa: SIM118  safe_open is not a mapping
                group, name = key.split("/", maxsplit=1)
                tensors.setdefault(group, {})[name] = file.get_tensor(key)
    except SafetensorError as error:
        logger.warning("%s cannot be read (%s); starting anew", path, error)
        return None
    return State(tensors, json.loads(metadata["facts"]))


def remove(work_dir: Path | None) -> None:
    """Delete the state: the fit is finished."""
    if work_dir is not None:
        (work_dir / _FILE).unlink(missing_ok=True)


def flatten_optimizer(state_dict: Mapping[str, Any]) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """An optimiser's state as named tensors and JSON-able facts."""
    tensors = {
        f"{index}.{name}": torch.as_tensor(value)
        for index, slots in state_dict["state"].items()
        for name, value in slots.items()
    }
    return tensors, {"param_groups": state_dict["param_groups"]}


def unflatten_optimizer(tensors: Mapping[str, Tensor], facts: Mapping[str, Any]) -> dict[str, Any]:
    """Inverse of `flatten_optimizer`."""
    slots: dict[int, dict[str, Tensor]] = {}
    for key, tensor in tensors.items():
        index, name = key.split(".", maxsplit=1)
        slots.setdefault(int(index), {})[name] = tensor
    return {"state": slots, "param_groups": facts["param_groups"]}


def histograms_of(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The weights of a model that have more than one value, named for the event files."""
    return {f"weights/{name}": tensor.detach().float().cpu() for name, tensor in weights.items() if tensor.numel() > 1}


def _add(writer: Any, values: Mapping[str, Event], step: int) -> None:
    for name, value in values.items():
        if isinstance(value, Tensor):
            writer.add_histogram(name, value, step)
        elif isinstance(value, np.ndarray):
            writer.add_image(name, value, step, dataformats="HWC")
        elif isinstance(value, str):
            writer.add_text(name, value, step)
        else:
            writer.add_scalar(name, value, step)


@contextmanager
def event_writer(work_dir: Path | None) -> Iterator[Callable[[Mapping[str, Event], int], None]]:
    """A function (values, step) that writes TensorBoard events under `work_dir/events`.

    Numbers become curves, tensors histograms, arrays (height, width, 3) pictures, strings texts. Without a folder it
    writes nothing.
    """
    if work_dir is None:
        yield lambda values, step: None
        return
    from torch.utils.tensorboard import SummaryWriter

    writer = SummaryWriter(str(work_dir / "events"))
    try:
        yield partial(_add, writer)
    finally:
        writer.close()
