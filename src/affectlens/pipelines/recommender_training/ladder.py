"""Does emotion help to rank what comes next? Each step of the ladder against the one below and against placebos."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from pydantic import Field

from affectlens.evaluation.estimate import (
    LEADERBOARD_COLUMNS,
    Estimate,
    leaderboard_rows,
    mean_estimate,
    paired_difference,
)
from affectlens.evaluation.ladder import Rung, climb
from affectlens.evaluation.ranking import ndcg, rank_in_blocks
from affectlens.models.checkpoint import Checkpoint
from affectlens.models.recommender.build import load_recommender
from affectlens.models.recommender.catalogue import Catalogue, GeneratedContent, users_of
from affectlens.models.recommender.histories import Histories, histories_of
from affectlens.models.recommender.ladder import Material, step_of
from affectlens.models.recommender.popularity import fit_popularity, popularity_trials
from affectlens.models.recommender.requests import Requests, next_item_requests, only_candidates
from affectlens.models.recommender.tuning import Recommender, best_of
from affectlens.params import Params
from affectlens.pipelines.recommender_training.params import (
    AttentionMemberParams,
    EvaluationParams,
    PopularityParams,
    TrainerParams,
)
from affectlens.pipelines.recommender_training.rungs import LADDER, rungs_to_climb
from affectlens.training.recommender import fit_attention

logger = logging.getLogger(__name__)


class LadderParams(Params):
    """Which steps are climbed, and at what cost."""

    steps: list[str] = Field(description="names of steps; their rivals are climbed too; [] switches the ladder off")
    item_dropouts: list[float] = Field(min_length=1, description="tried on validation, the same for every step")
    seeds: list[int] = Field(min_length=1, description="the setting that validation prefers is fitted with each")
    width: int = Field(ge=2)
    n_blocks: int = Field(ge=1)
    max_epochs: int = Field(ge=1)
    max_requests: int = Field(ge=2, description="validation and test events that ask for what comes next")


@dataclass(frozen=True)
class Course:
    """What every step is fitted and judged with.

    Attributes:
        sequences: `behaviour_sequences`.
        material: what steps are built from.
        judged: the split that is read once; validation where nothing is later.
        folder: of the event files.
    """

    sequences: pd.DataFrame
    material: Material
    judged: Literal["valid", "test"]
    member: AttentionMemberParams
    popularity: PopularityParams
    ladder: LadderParams
    evaluation: EvaluationParams
    trainer: TrainerParams
    seed: int
    folder: Path


@dataclass(frozen=True)
class Step:
    """One step: what its models read, and the requests on which they are chosen and judged."""

    catalogue: Catalogue
    content: GeneratedContent
    train: Histories
    valid: Requests
    judged: Requests


def climb_ladder(
    sequences: pd.DataFrame,
    material: Material,
    split_boundaries: Mapping[str, Any],
    member: AttentionMemberParams,
    popularity: PopularityParams,
    ladder: LadderParams,
    evaluation: EvaluationParams,
    trainer: TrainerParams,
    seed: int,
    dataset: str,
    workspace: str,
) -> pd.DataFrame:
    """Fit and judge every step; test events are read once, by the setting that validation events prefer."""
    if not ladder.steps or sequences.empty:
        return pd.DataFrame(columns=list(LEADERBOARD_COLUMNS))
    judged: Literal["valid", "test"] = "test" if (sequences["split"] == "test").any() else "valid"
    folder = Path(workspace) / "recommender" / "ladder"
    course = Course(sequences, material, judged, member, popularity, ladder, evaluation, trainer, seed, folder)
    protocol = f"{split_boundaries['protocol']}, next item, mean of {len(ladder.seeds)} seeds"
    parts = [
        leaderboard_rows(
            stage="recommender",
            model=f"ladder: {name}",
            is_baseline=name == LADDER[0].name,
            estimates=estimates,
            split=judged,
            protocol=protocol,
            seed=seed,
            dataset=dataset,
        )
        for name, estimates in ladder_estimates(rungs_to_climb(ladder.steps, material.parts), course).items()
    ]
    return pd.concat(parts, ignore_index=True)


def ladder_estimates(rungs: Sequence[Rung], course: Course) -> dict[str, dict[str, Estimate]]:
    """Every step's value and spread over seeds, and what it adds, by their names in the leaderboard."""
    metric = f"next_ndcg@{course.evaluation.k}"
    judged = {rung.name: judge(rung, course) for rung in rungs}
    totals = {name: by_user(values.mean(axis=0), users) for name, (values, users) in judged.items()}

    def compare(ours: str, theirs: str) -> tuple[Estimate, float]:
        return paired_difference(totals[ours], totals[theirs], course.seed)

    found = climb(rungs, metric, compare)
    for name, (values, _) in judged.items():
        spread = values.mean(axis=1).std(ddof=1) if len(values) > 1 else np.nan
        own = {
            metric: mean_estimate(totals[name], course.seed),
            f"seed_sd:{metric}": Estimate.exact(spread, len(values)),
        }
        found[name] = own | found[name]
    return found


def by_user(values: np.ndarray, users: np.ndarray) -> np.ndarray:
    """One number a user whose mean over users is the mean over requests (n,): the user is the unit of resampling."""
    codes = pd.factorize(users)[0]
    totals = np.bincount(codes, weights=values)
    per_user: np.ndarray = totals * len(totals) / len(values)
    return per_user


def judge(rung: Rung, course: Course) -> tuple[np.ndarray, np.ndarray]:
    """NDCG of each request (seeds, n) with the setting that validation prefers, and who asked (n,)."""
    catalogue, content = step_of(course.material, rung.parts)
    train = course.sequences[(course.sequences["split"] == "train").to_numpy()]
    histories = histories_of(train, users_of(train), catalogue, content)
    asks = partial(next_item_requests, course.sequences, catalogue, content, seed=course.seed)
    valid, judged = (asks(split, most=course.ladder.max_requests) for split in ("valid", course.judged))
    step = Step(catalogue, content, histories, valid, judged)
    models = _attention(rung.name, step, course) if rung.parts else _popularity(step, course)
    return np.stack([_ndcg(model, judged, catalogue, course.evaluation) for model in models]), judged.user_ids


def _popularity(step: Step, course: Course) -> list[Recommender]:
    fitted = (
        (trial, fit_popularity(step.train, step.catalogue.n_items, **trial))
        for trial in popularity_trials(course.popularity)
    )
    tuned = best_of(fitted, lambda model: float(_ndcg(model, step.valid, step.catalogue, course.evaluation).mean()))
    return [tuned.model]


def _attention(name: str, step: Step, course: Course) -> list[Recommender]:
    """The setting that validation prefers, fitted with every seed; the first seed's fits are the trials."""
    ladder, (first, *others) = course.ladder, course.ladder.seeds
    trials = {dropout: _fit(name, step, course, dropout, first) for dropout in ladder.item_dropouts}
    metric = f"valid_ndcg@{course.evaluation.k}"
    best = max(trials, key=lambda dropout: float(trials[dropout].metadata[metric]))
    logger.info("ladder: %s: item dropout %s with %.4f on validation", name, best, trials[best].metadata[metric])
    checkpoints = [trials[best], *(_fit(name, step, course, best, seed) for seed in others)]
    return [load_recommender(checkpoint, step.content) for checkpoint in checkpoints]


def _fit(name: str, step: Step, course: Course, item_dropout: float, seed: int) -> Checkpoint:
    ladder, member = course.ladder, course.member
    size = {"width": ladder.width, "n_blocks": ladder.n_blocks, "item_dropout": item_dropout}
    checkpoint, _ = fit_attention(
        step.catalogue,
        step.train,
        step.content,
        member.model.model_copy(update=size),
        member.training.model_copy(update={"max_epochs": ladder.max_epochs}),
        course.trainer,
        evaluate=lambda model: float(_ndcg(model, step.valid, step.catalogue, course.evaluation).mean()),
        seed=seed,
        work_dir=course.folder / f"{name.replace(' ', '_')}_{item_dropout}_{seed}",
        metric_name=f"ndcg@{course.evaluation.k}",
    )
    return checkpoint


def _ndcg(model: Recommender, requests: Requests, catalogue: Catalogue, evaluation: EvaluationParams) -> np.ndarray:
    """NDCG of each request, (n,)."""

    def scores_of(rows: np.ndarray) -> np.ndarray:
        histories = requests.histories.take(rows)
        return only_candidates(model.score(histories), histories, requests.request_time[rows], catalogue)

    size = {"n_users": requests.n_users, "k": 0, "block": evaluation.block}
    ranks, _ = rank_in_blocks(scores_of, requests.owner, requests.item, **size)
    return ndcg(ranks, evaluation.k)
