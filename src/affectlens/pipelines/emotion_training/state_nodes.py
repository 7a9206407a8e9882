"""Nodes of emotion_training that follow users through time: E_t."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from affectlens.evaluation.calibration import fit_platt, negative_log_likelihood
from affectlens.features.experience import experience_of
from affectlens.models.checkpoint import Checkpoint
from affectlens.models.emotion.recurrent_state import build_state_network, open_state_model
from affectlens.models.emotion.state import Questions
from affectlens.pipelines.emotion_training import state_scoring, tables
from affectlens.pipelines.emotion_training.params import RecencyParams, RecurrentFitParams, TrainerParams
from affectlens.training.emotion_members import HISTORY_COLUMNS
from affectlens.training.emotion_state import fit_recency, fit_recurrent, uncalibrated

logger = logging.getLogger(__name__)

NOT_FITTED = Checkpoint("none", {}, {})
RECURRENT = "recurrent_state"


def fit_moving_average(
    model: Checkpoint,
    users: pd.DataFrame,
    utterances: pd.DataFrame,
    signals: pd.DataFrame,
    interactions: pd.DataFrame,
    content_emotions: pd.DataFrame,
    examples: pd.DataFrame,
    utterance_splits: pd.DataFrame,
    split_boundaries: Mapping[str, Any],
    params: RecencyParams,
) -> Checkpoint:
    """The baseline of E_t: a moving average of what a user's utterances said, tuned on valid."""
    lived = tables.timelines(
        users, utterances, signals, interactions, content_emotions, examples, utterance_splits, split_boundaries
    )
    prior = np.asarray(model.metadata["prior"])
    return fit_recency(lived.events, lived.lessons, prior, params, negative_log_likelihood)


def fit_recurrent_state(
    model: Checkpoint,
    users: pd.DataFrame,
    utterances: pd.DataFrame,
    signals: pd.DataFrame,
    interactions: pd.DataFrame,
    content_emotions: pd.DataFrame,
    examples: pd.DataFrame,
    utterance_splits: pd.DataFrame,
    split_boundaries: Mapping[str, Any],
    params: RecurrentFitParams,
    ridge: float,
    trainer: TrainerParams,
    seed: int,
    workspace: str,
) -> tuple[Checkpoint, pd.DataFrame]:
    """E_t by a recurrent network, calibrated on valid; not fitted where no user's next words can be foretold."""
    lived = tables.timelines(
        users, utterances, signals, interactions, content_emotions, examples, utterance_splits, split_boundaries
    )
    valid, events = lived.lessons.labelled("valid"), lived.events
    if min(len(valid), int((lived.lessons.is_said & (lived.lessons.split == "train")).sum())) < 2:
        logger.warning("no recurrent state is fitted: too few labelled utterances of users with a past")
        return NOT_FITTED, pd.DataFrame(columns=list(HISTORY_COLUMNS))
    checkpoint, history = fit_recurrent(
        events,
        lived.lessons,
        np.asarray(model.metadata["prior"]),
        model.metadata["labels"],
        params,
        trainer,
        negative_log_likelihood,
        seed=seed,
        work_dir=Path(workspace) / "emotion" / RECURRENT,
    )
    raw = uncalibrated(checkpoint.restore(build_state_network))
    slope, intercept = fit_platt(raw.logits(raw.hidden(events), valid.questions), valid.emotions, ridge)
    calibration = {"slope": slope.tolist(), "intercept": intercept.tolist()}
    checkpoint = replace(checkpoint, metadata={**checkpoint.metadata, **calibration})
    return checkpoint, history.assign(member=RECURRENT)[list(HISTORY_COLUMNS)]


def choose_state_model(moving_average: Checkpoint, recurrent: Checkpoint) -> Checkpoint:
    """Whichever foretells valid utterances better; the moving average where no network was fitted."""
    fitted = recurrent.architecture != NOT_FITTED.architecture
    is_better = fitted and recurrent.metadata["valid_metric"] > moving_average.metadata["valid_metric"]
    logger.info("E_t: %s", "recurrent" if is_better else "moving average")
    return recurrent if is_better else moving_average


def track_states(
    state_checkpoint: Checkpoint,
    model: Checkpoint,
    users: pd.DataFrame,
    utterances: pd.DataFrame,
    signals: pd.DataFrame,
    interactions: pd.DataFrame,
    content_emotions: pd.DataFrame,
    every: int,
) -> pd.DataFrame:
    """E_t of every user as time went by."""
    said = tables.stacked(signals["probabilities"], len(model.metadata["labels"]))
    events, user_ids = experience_of(users, utterances, said, interactions, content_emotions)
    states = open_state_model(state_checkpoint)
    hidden = states.hidden(events)
    return tables.states_table(events, user_ids, states.probabilities(hidden, Questions.now(events)), hidden, every)


def score_states(
    model: Checkpoint,
    users: pd.DataFrame,
    utterances: pd.DataFrame,
    signals: pd.DataFrame,
    interactions: pd.DataFrame,
    content_emotions: pd.DataFrame,
    examples: pd.DataFrame,
    utterance_splits: pd.DataFrame,
    split_boundaries: Mapping[str, Any],
    state_checkpoint: Checkpoint,
    moving_average: Checkpoint,
    simulated_truth: pd.DataFrame,
    seed: int,
    dataset: str,
) -> pd.DataFrame:
    """How well E_t foretells the next utterance and, in the embedded world, follows the true mood; beside baselines."""
    lived = tables.timelines(
        users, utterances, signals, interactions, content_emotions, examples, utterance_splits, split_boundaries
    )
    states, baseline = open_state_model(state_checkpoint), open_state_model(moving_average)
    split = "test" if (examples["split"] == "test").any() else "valid"
    found = state_scoring.followed(lived, states, baseline, np.asarray(model.metadata["prior"]))
    moods = state_scoring.true_moods(simulated_truth, interactions, lived, split_boundaries, split)
    return state_scoring.state_rows(found, lived, moods, split, seed, dataset)
