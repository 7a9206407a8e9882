"""Choosing settings on validation data, the same way for every baseline."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import numpy as np

from affectlens.models.recommender.histories import Histories

logger = logging.getLogger(__name__)


class Recommender(Protocol):
    """A fitted model: histories in, scores of all items out."""

    def score(self, histories: Histories) -> np.ndarray:
        """Scores (n, n_items), higher is better."""
        ...


RecommenderT = TypeVar("RecommenderT", bound=Recommender)


@dataclass(frozen=True)
class Tuned(Generic[RecommenderT]):
    """The best of the tried settings.

    Attributes:
        model: fitted with them.
        settings: name -> value.
        value: its validation metric.
        trials: every tried setting with its validation metric, JSON-able.
    """

    model: RecommenderT
    settings: Mapping[str, Any]
    value: float
    trials: list[Mapping[str, Any]]


def best_of(
    fitted: Iterable[tuple[Mapping[str, Any], RecommenderT]], evaluate: Callable[[RecommenderT], float]
) -> Tuned[RecommenderT]:
    """Evaluate each fitted model and keep the best; of equals the first.

    Args:
        fitted: settings and model, fitted one after the other so that only two are in memory.
        evaluate: validation metric, higher is better; NaN (no validation data) keeps the first model.

    Raises:
        ValueError: nothing was fitted.
    """
    best: tuple[Mapping[str, Any], RecommenderT, float] | None = None
    trials: list[Mapping[str, Any]] = []
    for settings, model in fitted:
        value = evaluate(model)
        trials.append({**settings, "value": value})
        if best is None or value > best[2]:
            best = (settings, model, value)
    if best is None:
        raise ValueError("no settings were tried; give at least one value of each")
    logger.info("best of %d settings: %s with %.4f", len(trials), dict(best[0]), best[2])
    return Tuned(best[1], best[0], best[2], trials)
