"""Nodes of the gan stage."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pandas as pd

from affectlens.evaluation.estimate import LEADERBOARD_COLUMNS, Estimate, leaderboard_rows
from affectlens.evaluation.generation import local_mmd2
from affectlens.evaluation.generation_scores import GenerationTest, dose_response, score_samples
from affectlens.features.interest import mean_vectors_until
from affectlens.models.checkpoint import Checkpoint
from affectlens.models.gan import ConditionedVectors, generate, interest_of, make_projection
from affectlens.pipelines.gan_training.contents import Contents, held_out_test, open_contents, stacked, training_parts
from affectlens.pipelines.gan_training.params import (
    ConditionParams,
    GenerationParams,
    GenerationScoreParams,
    MemberParams,
    TrainerParams,
)
from affectlens.training.gan import HISTORY_COLUMNS, GeneratorTask, fit_generator

logger = logging.getLogger(__name__)

NOT_FITTED = Checkpoint("none", {}, {})
STATE_COLUMNS = ["state_id", "user_id", "occurred_at", "n_samples", "vectors"]


def train_generator(
    content_features: pd.DataFrame,
    content_emotions: pd.DataFrame,
    variant: MemberParams,
    condition: ConditionParams,
    trainer: TrainerParams,
    seed: int,
    workspace: str,
) -> tuple[Checkpoint, pd.DataFrame]:
    """Fit one generator of content vectors; its best weights, and one history row an epoch."""
    contents = open_contents(content_features, content_emotions)
    if (contents.roles == "train").sum() < 2:
        logger.warning("no generator is fitted: fewer than two training contents have a vector and an emotion")
        return NOT_FITTED, pd.DataFrame(columns=["member", *HISTORY_COLUMNS])
    train, valid = training_parts(contents, condition, seed)
    projection = make_projection(contents.vectors.shape[1], condition.interest_size)
    task = GeneratorTask(train, valid, projection, condition.interest_noise, local_mmd2, seed)
    kind = variant.member.kind
    checkpoint, history = fit_generator(variant.member, task, trainer, Path(workspace) / "gan" / kind)
    return checkpoint, history.assign(member=kind)[["member", *HISTORY_COLUMNS]]


def choose_generator(*checkpoints: Checkpoint) -> Checkpoint:
    """The member with the best validation metric; a tie goes to the one that is listed first."""
    fitted = [checkpoint for checkpoint in checkpoints if checkpoint.architecture != NOT_FITTED.architecture]
    if not fitted:
        return NOT_FITTED
    best = max(fitted, key=lambda checkpoint: float(checkpoint.metadata["valid_metric"]))
    found = {checkpoint.architecture: round(checkpoint.metadata["valid_metric"], 5) for checkpoint in fitted}
    logger.info("chosen generator: %s; validation metric of each: %s", best.architecture, found)
    return best


def collect_histories(*histories: pd.DataFrame) -> pd.DataFrame:
    """The histories of all members in one table."""
    return pd.concat(histories, ignore_index=True)


def score_generators(
    content_features: pd.DataFrame,
    content_emotions: pd.DataFrame,
    condition: ConditionParams,
    params: GenerationScoreParams,
    seed: int,
    dataset: str,
    *checkpoints: Checkpoint,
) -> pd.DataFrame:
    """Every member and the references on the held-out contents, which no other node reads."""
    contents = open_contents(content_features, content_emotions)
    fitted = [checkpoint for checkpoint in checkpoints if checkpoint.architecture != NOT_FITTED.architecture]
    if not fitted or (contents.roles == "test").sum() < 4:
        logger.warning("no generator is scored: %d held-out contents", (contents.roles == "test").sum())
        return pd.DataFrame(columns=list(LEADERBOARD_COLUMNS))
    test, asked, copies = held_out_test(contents, condition, params, seed)
    scores = {
        "reference: real": score_samples(asked.vectors, test),
        "reference: training copies": score_samples(copies, test),
    }
    scores |= {each.architecture: _scores_of(each, asked, contents, test) for each in fitted}
    rows = [
        leaderboard_rows(
            stage="gan",
            model=model,
            is_baseline=model == "gaussian" or model.startswith("reference"),
            estimates=estimates,
            split=contents.split,
            protocol=contents.protocol,
            seed=seed,
            dataset=dataset,
        )
        for model, estimates in scores.items()
    ]
    return pd.concat(rows, ignore_index=True)


def _scores_of(
    checkpoint: Checkpoint, asked: ConditionedVectors, contents: Contents, test: GenerationTest
) -> dict[str, Estimate]:
    def sample(emotion: np.ndarray) -> np.ndarray:
        return generate(checkpoint, emotion, asked.interest, 1, test.seed)[:, 0]

    mean_emotion = contents.emotion[contents.roles == "train"].mean(axis=0)
    return {**score_samples(sample(asked.emotion), test), "dose_response": dose_response(sample, mean_emotion, test)}


def generate_for_states(
    gan_checkpoint: Checkpoint,
    emotion_states: pd.DataFrame,
    behaviour_sequences: pd.DataFrame,
    content_features: pd.DataFrame,
    params: GenerationParams,
    seed: int,
) -> pd.DataFrame:
    """G_t for each emotion state: K content vectors from the state's emotion and what its user had consumed by then."""
    if gan_checkpoint.architecture == NOT_FITTED.architecture or emotion_states.empty:
        return pd.DataFrame(columns=STATE_COLUMNS)
    events = behaviour_sequences.merge(content_features[["content_id", "vector"]], on="content_id", sort=False)
    size = gan_checkpoint.params["vector_size"]
    consumed = mean_vectors_until(emotion_states, events, stacked(events["vector"]).reshape(-1, size))
    interest = interest_of(consumed, gan_checkpoint.weights["projection"])
    interest = np.where(np.isnan(interest), gan_checkpoint.weights["mean_interest"], interest)
    vectors = generate(gan_checkpoint, stacked(emotion_states["probabilities"]), interest, params.n_samples, seed)
    generated = emotion_states[["state_id", "user_id", "occurred_at"]].reset_index(drop=True)
    return generated.assign(n_samples=params.n_samples, vectors=list(vectors.reshape(len(vectors), -1)))
