"""Several fits from one start, their weights averaged: a network that costs as one and varies less from fit to fit."""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

import pandas as pd
import torch
from torch import Tensor, nn

from affectlens.training import state

logger = logging.getLogger(__name__)

Network = TypeVar("Network", bound=nn.Module)
FitOne = Callable[[Network, int, float | None], pd.DataFrame]


def fit_soup(
    model: Network, fit_one: FitOne[Network], n_fits: int, budget_s: float | None, identity: str, work_dir: Path | None
) -> pd.DataFrame:
    """Fit copies of `model` one after another and leave it with the mean of their weights.

    A killed soup goes on with its first fit that was not finished, when it is called again with the same identity.

    Args:
        model: where every fit starts; pretrained, or the weights of two fits cannot be averaged.
        fit_one: (copy, number of the fit, seconds that are left) -> its history, with the columns epoch and seconds.
        n_fits: fits wanted.
        budget_s: seconds of all fits together; another fit begins only if they leave it what the longest took. None:
            no limit.
        identity: names data, parameters and seed; finished fits of another identity are not used.
        work_dir: folder for the weights of finished fits; None keeps nothing.

    Returns:
        The histories, epochs numbered on from fit to fit.

    Source: Wortsman et al. 2022, "Model soups: averaging weights of multiple fine-tuned models" (arXiv:2203.05482).
    """
    histories: list[pd.DataFrame] = []
    mean: dict[str, Tensor] = {}
    for number in range(n_fits):
        took = [float(history["seconds"].sum()) for history in histories]
        left = None if budget_s is None else budget_s - sum(took)
        if took and left is not None and left < max(took):
            logger.info("%d of %d fits: the time is used up", number, n_fits)
            break
        folder = None if work_dir is None or n_fits == 1 else work_dir / f"finished_{number + 1}"
        weights, history = _finished(model, fit_one, number, left, f"{identity}/{number}", folder)
        for name, weight in weights.items():
            mean[name] = weight.clone() if number == 0 else torch.lerp(mean[name], weight, 1.0 / (number + 1))
        n_before = sum(map(len, histories))
        histories.append(history.assign(epoch=history["epoch"] + n_before))
    model.load_state_dict(mean)
    if work_dir is not None:
        for number in range(n_fits):
            state.remove(work_dir / f"finished_{number + 1}")
    return pd.concat(histories, ignore_index=True)


def _finished(
    model: Network, fit_one: FitOne[Network], number: int, left: float | None, identity: str, folder: Path | None
) -> tuple[Mapping[str, Tensor], pd.DataFrame]:
    """Weights and history of one fit, read where it was finished before."""
    saved = state.load(folder, identity)
    if saved is not None:
        logger.info("fit %d was finished before", number + 1)
        return saved.tensors["model"], pd.DataFrame(saved.facts["history"])
    one = copy.deepcopy(model)
    history = fit_one(one, number, left)
    state.save(folder, identity, {"model": one.state_dict()}, {"history": history.to_dict("records")})
    return one.state_dict(), history
