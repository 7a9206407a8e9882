"""Nodes of the gan stage."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from affectlens.evaluation.estimate import LEADERBOARD_COLUMNS, leaderboard_rows
from affectlens.evaluation.generation import LocalMmd2
from affectlens.evaluation.generation_goals import GOAL_COLUMNS, goal_table
from affectlens.evaluation.generation_judge import GenerationTest
from affectlens.evaluation.generation_scores import score_sampler, score_samples
from affectlens.models.checkpoint import Checkpoint
from affectlens.models.gan import generate, generate_at, make_projection
from affectlens.pipelines.gan_training.contents import NOT_FITTED, held_out_test, open_contents, stacked, training_parts
from affectlens.pipelines.gan_training.params import (
    ConditionParams,
    FittingParams,
    GenerationParams,
    GenerationScoreParams,
    GoalsParams,
    MemberParams,
    TrainerParams,
)
from affectlens.training.gan import HISTORY_COLUMNS, GeneratorTask, fit_generator

logger = logging.getLogger(__name__)

REFERENCE, FURTHER = "reference", "further"
BASELINES = ("gaussian", "mixture")
STATE_COLUMNS = ["state_id", "user_id", "occurred_at", "n_samples", "vectors"]


def train_generator(
    content_features: pd.DataFrame,
    content_emotions: pd.DataFrame,
    emotion_examples: pd.DataFrame,
    variant: MemberParams,
    condition: ConditionParams,
    fitting: FittingParams,
    trainer: TrainerParams,
    seed: int,
    seeds: list[int],
    workspace: str,
) -> tuple[Checkpoint, Checkpoint, pd.DataFrame]:
    """Fit one generator of content vectors with every seed.

    Returns:
        The first seed's fit, all further fits, and the first seed's history.
    """
    contents = open_contents(content_features, content_emotions, emotion_examples)
    if (contents.roles == "train").sum() < 2:
        logger.warning("no generator is fitted: fewer than two training contents have a vector and an emotion")
        return NOT_FITTED, NOT_FITTED, pd.DataFrame(columns=["member", *HISTORY_COLUMNS])
    train, valid = training_parts(contents, condition, seed)
    projection = make_projection(contents.vectors.shape[1], condition.interest_size)
    task = GeneratorTask(train, valid, projection, condition.interest_noise, fitting, LocalMmd2, seed)
    kind = variant.member.kind
    fits = [
        fit_generator(variant.member, replace(task, seed=each), trainer, Path(workspace) / "gan" / f"{kind}_{each}")
        for each in seeds
    ]
    more = {str(number): checkpoint for number, (checkpoint, _) in enumerate(fits[1:])}
    history = fits[0][1].assign(member=kind)[["member", *HISTORY_COLUMNS]]
    return fits[0][0], Checkpoint.holding(FURTHER, more, {}), history


def fits_of(checkpoints: Iterable[Checkpoint]) -> list[Checkpoint]:
    """Every fit in members' checkpoints and in what travels beside them; none that had nothing to learn from."""
    alone: list[Checkpoint] = []
    for each in checkpoints:
        alone += each.parts().values() if each.architecture == FURTHER else [each]
    return [each for each in alone if each.architecture != NOT_FITTED.architecture]


def choose_generator(*checkpoints: Checkpoint) -> Checkpoint:
    """The first fit of the member with the best mean validation metric; a tie goes to the one that is listed first."""
    fitted = fits_of(checkpoints)
    if not fitted:
        return NOT_FITTED
    metrics = pd.Series(
        [float(each.metadata["valid_metric"]) for each in fitted], index=[each.architecture for each in fitted]
    )
    means = metrics.groupby(level=0, sort=False).mean()
    best = str(means.idxmax())
    logger.info("chosen generator: %s; validation metric of each: %s", best, means.round(5).to_dict())
    return next(each for each in fitted if each.architecture == best)


def collect_histories(*histories: pd.DataFrame) -> pd.DataFrame:
    """The histories of all members in one table."""
    return pd.concat(histories, ignore_index=True)


def collect_leaderboard(*parts: pd.DataFrame) -> pd.DataFrame:
    """All numbers of the stage in one table; those of the vectors stand first."""
    kept = [part for part in parts if len(part)]
    return pd.concat(kept, ignore_index=True) if kept else pd.DataFrame(columns=list(LEADERBOARD_COLUMNS))


def score_generators(
    content_features: pd.DataFrame,
    content_emotions: pd.DataFrame,
    emotion_examples: pd.DataFrame,
    condition: ConditionParams,
    params: GenerationScoreParams,
    taxonomy: str,
    seed: int,
    dataset: str,
    *checkpoints: Checkpoint,
) -> pd.DataFrame:
    """Every member and the references on the held-out contents, which no other node reads."""
    contents = open_contents(content_features, content_emotions, emotion_examples)
    fitted = fits_of(checkpoints)
    if not fitted or (contents.roles == "test").sum() < 4:
        logger.warning("no generator is scored: %d held-out contents", (contents.roles == "test").sum())
        return pd.DataFrame(columns=list(LEADERBOARD_COLUMNS))
    test, real, copies = held_out_test(contents, condition, params, taxonomy, seed)
    first = int(fitted[0].metadata["seed"])
    scores = [("reference: real", first, score_samples(real, test))]
    scores += [("reference: training copies", first, score_samples(copies, test))]
    scores += [
        (each.architecture, int(each.metadata["seed"]), score_sampler(_sampler(each, test), test)) for each in fitted
    ]
    rows = [
        leaderboard_rows(
            stage="gan",
            model=model,
            is_baseline=model in BASELINES or model.startswith(REFERENCE),
            estimates=estimates,
            split=contents.split,
            protocol=contents.protocol,
            seed=own_seed,
            dataset=dataset,
        )
        for model, own_seed, estimates in scores
    ]
    return pd.concat(rows, ignore_index=True)


def _sampler(checkpoint: Checkpoint, test: GenerationTest) -> Callable[[np.ndarray], np.ndarray]:
    def sample(emotion: np.ndarray) -> np.ndarray:
        return generate(checkpoint, emotion, test.interest, 1, int(checkpoint.metadata["seed"]))[:, 0]

    return sample


def judge_goals(gan_vector_scores: pd.DataFrame, gan_checkpoint: Checkpoint, goals: GoalsParams) -> pd.DataFrame:
    """Which goals each member meets on the held-out contents, and by how much it misses the others.

    Below the members stand the references, with the goals that a set of vectors can meet without being asked for any.
    """
    if gan_vector_scores.empty:
        return pd.DataFrame(columns=list(GOAL_COLUMNS))
    is_reference, chosen = gan_vector_scores["model"].str.startswith(REFERENCE), gan_checkpoint.architecture
    table = goal_table(gan_vector_scores[~is_reference], goals.all_at_once, chosen)
    missed = table[table["is_chosen"] & ~table["is_met"]]
    logger.info("goals that %s misses: %s", chosen, missed["metric"].tolist() or "none")
    references = goal_table(gan_vector_scores[is_reference], goals.all_at_once, chosen).dropna(subset="value")
    return pd.concat([table, references], ignore_index=True)


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
    emotion, n_samples = stacked(emotion_states["probabilities"]), params.n_samples
    vectors = generate_at(
        gan_checkpoint, emotion_states, emotion, behaviour_sequences, content_features, n_samples, seed
    )
    generated = emotion_states[["state_id", "user_id", "occurred_at"]].reset_index(drop=True)
    return generated.assign(n_samples=n_samples, vectors=list(vectors.reshape(len(vectors), -1)))
