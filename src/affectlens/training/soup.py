"""Several fits from one start: their weights averaged, or the next taught by those before."""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeVar

import pandas as pd
import torch
from torch import Tensor, nn

from affectlens.training import state

logger = logging.getLogger(__name__)

Network = TypeVar("Network", bound=nn.Module)


class FitOne(Protocol):
    """Fits a network in place; gives its history."""

    def __call__(self, one: Any, /, *, number: int, left: float | None) -> pd.DataFrame:
        """Fit number `number` of a soup, in the `left` seconds."""
        ...


def fit_soup(
    model: Network, fit_one: FitOne, n_fits: int, budget_s: float | None, identity: str, work_dir: Path | None
) -> pd.DataFrame:
    """Fit copies of `model` one after another and leave it with the mean of their weights.

    A killed soup goes on with its first fit that was not finished, when it is called again with the same identity.

    Args:
        model: where every fit starts; pretrained, or the weights of two fits cannot be averaged.
        fit_one: (copy, number of the fit, seconds left) -> its history, with the columns epoch and seconds.
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
        weights, history = _finished(model, partial(fit_one, number=number, left=left), f"{identity}/{number}", folder)
        for name, weight in weights.items():
            mean[name] = weight.clone() if number == 0 else torch.lerp(mean[name], weight, 1.0 / (number + 1))
        n_before = sum(map(len, histories))
        histories.append(history.assign(epoch=history["epoch"] + n_before))
    model.load_state_dict(mean)
    if work_dir is not None:
        for number in range(n_fits):
            state.remove(work_dir / f"finished_{number + 1}")
    return pd.concat(histories, ignore_index=True)


def fit_pupil(
    model: Network,
    fit_teacher: Callable[[Network], pd.DataFrame],
    fit_pupil_of: Callable[[Network, Network, float | None], pd.DataFrame],
    times_as_long: float,
    *,
    budget_s: float | None,
    identity: str,
    work_dir: Path | None,
) -> pd.DataFrame:
    """Fit a copy of `model`, let it teach `model`, and leave that as the pupil; as the teacher where time is short.

    Args:
        model: where both start.
        fit_teacher: copy -> its history, with the columns epoch and seconds.
        fit_pupil_of: (copy, fitted teacher, seconds that are left) -> its history.
        times_as_long: time of the pupil by that of the teacher; it begins only if the budget leaves so much.
        budget_s: seconds of both together; None: no limit.
        identity: names data, parameters and seed; a finished teacher of another identity is not used.
        work_dir: folder for the weights of the finished teacher; None keeps nothing.

    Returns:
        The histories, epochs numbered on.

    Source: Furlanello et al. 2018, "Born-Again Neural Networks" (arXiv:1805.04770).
    """
    folder = None if work_dir is None else work_dir / "teacher"
    weights, taught = _finished(model, fit_teacher, identity, folder)
    took = float(taught["seconds"].sum())
    left = None if budget_s is None else budget_s - took
    teacher = copy.deepcopy(model)
    teacher.load_state_dict(weights)
    if left is not None and left < times_as_long * took:
        logger.info("no pupil is taught: %.0f s are left", left)
        model.load_state_dict(weights)
        return taught
    history = fit_pupil_of(model, teacher, left)
    if folder is not None:
        state.remove(folder)
    return pd.concat([taught, history.assign(epoch=history["epoch"] + len(taught))], ignore_index=True)


def _finished(
    model: Network, fit_one: Callable[[Network], pd.DataFrame], identity: str, folder: Path | None
) -> tuple[Mapping[str, Tensor], pd.DataFrame]:
    """Weights and history of one fit, read where it was finished before."""
    saved = state.load(folder, identity)
    if saved is not None:
        logger.info("%s was finished before", folder)
        return saved.tensors["model"], pd.DataFrame(saved.facts["history"])
    one = copy.deepcopy(model)
    history = fit_one(one)
    state.save(folder, identity, {"model": one.state_dict()}, {"history": history.to_dict("records")})
    return one.state_dict(), history
