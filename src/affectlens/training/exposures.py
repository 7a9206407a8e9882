"""Fitting the two-tower model of what is done with what is shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from affectlens.models.recommender.two_tower import TwoTower, TwoTowerParams
from affectlens.training.loop import Batches, TrainerParams, TrainingParams, fit

# Shapes: n rows, B rows of a batch, N items, J pairs of blocks, T outcomes.
_ROWS_AT_ONCE = 8192


@dataclass(frozen=True)
class Reading:
    """What a model may read of every exposure.

    Attributes:
        users: J blocks (n, d_u), one row an exposure.
        items: J blocks (N, d_i), one row an item.
        item: (n,) the item of each exposure.
        outcomes: (n, T) 1, 0 or NaN.
    """

    users: Sequence[np.ndarray]
    items: Sequence[np.ndarray]
    item: np.ndarray
    outcomes: np.ndarray

    def batch(self, rows: np.ndarray) -> ExposureBatch:
        """Some exposures as tensors."""
        users = tuple(torch.from_numpy(block[rows]) for block in self.users)
        items = tuple(torch.from_numpy(block[self.item[rows]]) for block in self.items)
        return ExposureBatch(users, items, torch.from_numpy(self.outcomes[rows]))


@dataclass
class ExposureBatch:
    """B exposures.

    Attributes:
        users: J blocks (B, d_u).
        items: J blocks (B, d_i).
        outcomes: (B, T) 1, 0 or NaN.
    """

    users: tuple[Tensor, ...]
    items: tuple[Tensor, ...]
    outcomes: Tensor

    def to(self, device: torch.device) -> Self:
        """The same batch on a device."""
        users, items = (tuple(block.to(device) for block in blocks) for blocks in (self.users, self.items))
        return type(self)(users, items, self.outcomes.to(device))


def outcome_loss(model: nn.Module, batch: ExposureBatch) -> Tensor:
    """Mean over outcomes of the mean cross-entropy of the rows where it could be done."""
    return known_cross_entropy(model(batch.users, batch.items), batch.outcomes)


def known_cross_entropy(logits: Tensor, outcomes: Tensor) -> Tensor:
    """Mean over outcomes of the mean cross-entropy of the rows (n, T) where they are known, not NaN."""
    known = ~outcomes.isnan()
    target = torch.where(known, outcomes, 0.0)
    losses = functional.binary_cross_entropy_with_logits(logits, target, reduction="none")
    per_outcome = (losses * known).sum(dim=0) / known.sum(dim=0).clamp(min=1)
    return per_outcome.mean()


def log_likelihoods(model: TwoTower, reading: Reading, rows: np.ndarray) -> np.ndarray:
    """(b, T) log-likelihood of what was done, in nats; NaN where it could not be done; model in evaluation mode."""
    found = []
    with torch.no_grad():
        for start in range(0, len(rows), _ROWS_AT_ONCE):
            batch = reading.batch(rows[start : start + _ROWS_AT_ONCE])
            losses = functional.binary_cross_entropy_with_logits(
                model(batch.users, batch.items), batch.outcomes.nan_to_num(), reduction="none"
            )
            found.append(torch.where(batch.outcomes.isnan(), torch.nan, -losses).numpy())
    return np.concatenate(found) if found else np.zeros((0, reading.outcomes.shape[1]), dtype=np.float32)


def fit_two_tower(
    reading: Reading,
    train: np.ndarray,
    valid: np.ndarray,
    params: TwoTowerParams,
    training: TrainingParams,
    trainer: TrainerParams,
    seed: int,
    work_dir: Path | None = None,
) -> tuple[TwoTower, float]:
    """The model with its best weights, and its validation log-likelihood, mean over outcomes.

    Args:
        reading: what it may read.
        train: rows to fit on.
        valid: rows on which the epoch is chosen.
        params: size.
        training: length and pace.
        trainer: device and precision.
        seed: of weights, order and dropout.
        work_dir: folder of the event files and of the state of an unfinished fit; None for neither.
    """
    widths = [(user.shape[1], item.shape[1]) for user, item in zip(reading.users, reading.items, strict=True)]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = TwoTower(params, widths, reading.outcomes.shape[1])
    model.usual.copy_(torch.from_numpy(usual_log_odds(reading.outcomes[train])))

    def batches(generator: np.random.Generator) -> Iterator[ExposureBatch]:
        order = train[generator.permutation(len(train))]
        for start in range(0, len(order), training.batch_size):
            yield reading.batch(order[start : start + training.batch_size])

    def validate(fitted: nn.Module) -> float:
        return mean_log_likelihood(log_likelihoods(fitted, reading, valid))  # type: ignore[arg-type]

    every: Batches = batches
    history = fit(
        model, every, outcome_loss, validate, training, trainer,
        seed=seed, work_dir=work_dir, metric_name="log_likelihood",
    )  # fmt: skip
    return model, float(history["valid_metric"].max())


def usual_log_odds(outcomes: np.ndarray) -> np.ndarray:
    """(T,) log-odds of how often each outcome (n, T) was done where it could be, float32.

    >>> usual_log_odds(np.array([[1.0, np.nan], [0.0, 1.0]]))  # one success and one failure are added
    array([0.       , 0.6931472], dtype=float32)
    """
    done, known = np.nansum(outcomes, axis=0) + 1.0, (~np.isnan(outcomes)).sum(axis=0) + 2.0
    odds: np.ndarray = np.log(done / (known - done)).astype(np.float32)
    return odds


def mean_log_likelihood(values: np.ndarray) -> float:
    """Mean over outcomes of the mean over rows (n, T), NaN left out; 0 without rows."""
    known = ~np.isnan(values)
    per_outcome = np.nansum(values, axis=0) / np.maximum(known.sum(axis=0), 1)
    return float(per_outcome.mean()) if len(values) else 0.0
