"""How the pooling of E_t is chosen: by how well a state foretells its user's next labelled utterance."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from affectlens.models.emotion.state import EmotionStateParams, RecencyPooling, positions_in_runs

logger = logging.getLogger(__name__)

LossOfRows = Callable[[np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class UserTimelines:
    """Utterances with a user, those of a user together and in order of time.

    Attributes:
        users: (n,) number of the user, by first appearance.
        occurred_at: (n,) UTC, may be null.
        probabilities: (n, C) calibrated.
        truth: (n, C) 0/1 labels; rows without labels are NaN.
        split: (n,) split of each labelled row, else "".
    """

    users: np.ndarray
    occurred_at: pd.Series
    probabilities: np.ndarray
    truth: np.ndarray
    split: np.ndarray

    def labelled(self, split: str) -> np.ndarray:
        """Rows of one split that have labels."""
        return np.flatnonzero((self.split == split) & ~np.isnan(self.truth).any(axis=1))


def before(values: np.ndarray, users: np.ndarray, first: np.ndarray) -> np.ndarray:
    """The value (n, D) that stood one row before in the same user's timeline, `first` (D,) at his first row.

    >>> before(np.array([[1.0], [2.0], [3.0]]), np.array([0, 0, 1]), np.array([9.0])).ravel().tolist()
    [9.0, 1.0, 9.0]
    """
    shifted = np.roll(values, 1, axis=0)
    is_first = positions_in_runs(users) == 0
    return np.asarray(np.where(is_first[:, None], first, shifted))


def fit_recency_pooling(
    timelines: UserTimelines, prior: np.ndarray, hidden_prior: np.ndarray, params: EmotionStateParams, loss: LossOfRows
) -> RecencyPooling:
    """The half-life and prior strength under which a state best foretells the next labelled utterance of `valid`.

    Without such utterances the first candidate of each is taken.

    Args:
        timelines: all utterances with a user.
        prior: (C,) share of each label among training texts.
        hidden_prior: (d_e,) mean emotion code of training texts.
        params: the candidates.
        loss: (truth, probabilities) -> loss a row.
    """
    rows = timelines.labelled("valid")
    best_loss, best = np.inf, RecencyPooling(params.half_lives_d[0], params.prior_strengths[0], prior, hidden_prior)
    if len(rows) == 0:
        return best
    for half_life, strength in itertools.product(params.half_lives_d, params.prior_strengths):
        pooling = RecencyPooling(half_life, strength, prior, hidden_prior)
        value = float(loss(timelines.truth[rows], foretold(pooling, timelines)[rows]).mean())
        if value < best_loss:
            best_loss, best = value, pooling
    logger.info("E_t: half-life %g d, prior strength %g, loss %.4f", best.half_life_d, best.prior_strength, best_loss)
    return best


def foretold(pooling: RecencyPooling, timelines: UserTimelines) -> np.ndarray:
    """Probabilities (n, C) of the state before each utterance, as it stood after the previous one."""
    only_labels = RecencyPooling(pooling.half_life_d, pooling.prior_strength, pooling.prior, np.empty(0))
    states = only_labels.states(timelines.users, timelines.occurred_at, timelines.probabilities)
    return before(states, timelines.users, pooling.prior)
