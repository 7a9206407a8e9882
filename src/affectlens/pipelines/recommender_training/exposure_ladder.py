"""Does emotion help to foretell what a user does with what is shown? A ladder over exposures, all outcomes at once."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
from affectlens.evaluation.satisfaction import area_over_users
from affectlens.features.splits import TEST, TRAIN, VALID, Boundaries
from affectlens.models.recommender.exposures import Exposures, exposures_of
from affectlens.models.recommender.ladder import Material
from affectlens.models.recommender.two_tower import TwoTowerParams
from affectlens.params import Params
from affectlens.pipelines.recommender_training.exposure_blocks import ExposureBlocks, Signals
from affectlens.pipelines.recommender_training.ladder import by_user
from affectlens.pipelines.recommender_training.params import EvaluationParams, TrainerParams
from affectlens.pipelines.recommender_training.rungs import LADDER, rungs_to_climb
from affectlens.training.exposures import Reading, fit_two_tower, log_likelihoods
from affectlens.training.loop import TrainingParams

logger = logging.getLogger(__name__)


class ExposureLadderParams(Params):
    """Which steps are climbed on what was shown, and at what cost."""

    steps: list[str] = Field(description="names of steps; their rivals are climbed too; [] switches the ladder off")
    liked_from: float = Field(description="where nothing was merely shown: a rating at or above it counts as pleased")
    decay: float = Field(gt=0, le=1, description="weight of an event of the history that is one step older")
    fresh_hours: float = Field(gt=0, description="age at which the last utterance counts half")
    factors: int = Field(ge=1, description="numbers that stand for the id of an item")
    max_rows: int = Field(ge=1, description="latest exposures that are read")
    weight_decays: list[float] = Field(min_length=1, description="tried on validation, the same for every step")
    seeds: list[int] = Field(min_length=1, description="the setting that validation prefers is fitted with each")
    model: TwoTowerParams
    training: TrainingParams


@dataclass(frozen=True)
class Course:
    """What every step is fitted and judged with.

    Attributes:
        exposures: what was shown.
        blocks: what may be read of them.
        rows: split code -> rows.
        folder: of the event files.
    """

    exposures: Exposures
    blocks: ExposureBlocks
    rows: Mapping[int, np.ndarray]
    params: ExposureLadderParams
    evaluation: EvaluationParams
    trainer: TrainerParams
    seed: int
    folder: Path

    @property
    def outcomes(self) -> np.ndarray:
        """(n, T) in the order of their names."""
        return np.column_stack(list(self.exposures.outcomes.values())).astype(np.float32)


def climb_exposures(
    interactions: pd.DataFrame,
    sequences: pd.DataFrame,
    material: Material,
    emotion_signals: pd.DataFrame,
    simulated_truth: pd.DataFrame,
    split_boundaries: Mapping[str, Any],
    params: ExposureLadderParams,
    evaluation: EvaluationParams,
    trainer: TrainerParams,
    seed: int,
    dataset: str,
    workspace: str,
) -> pd.DataFrame:
    """Fit and judge every step; test exposures are read once, by the setting that validation exposures prefer."""
    boundaries = Boundaries.from_json({name: split_boundaries[name] for name in ("train_end", "valid_end")})
    if not params.steps or boundaries.train_end is None or interactions.empty:
        return pd.DataFrame(columns=list(LEADERBOARD_COLUMNS))
    exposures = exposures_of(interactions, material.catalogue, boundaries, params.liked_from)
    exposures = exposures.take(np.sort(np.argsort(-exposures.time, kind="stable")[: params.max_rows]))
    rows = {code: np.flatnonzero(exposures.split == code) for code in (TRAIN, VALID, TEST)}
    if min(len(found) for found in rows.values()) == 0:
        logger.warning("no exposure ladder: one of train, valid and test has no exposure")
        return pd.DataFrame(columns=list(LEADERBOARD_COLUMNS))
    signals = Signals(emotion_signals, simulated_truth)
    blocks = ExposureBlocks.of(
        exposures,
        sequences,
        material,
        signals,
        decay=params.decay,
        fresh_hours=params.fresh_hours,
        n_factors=params.factors,
        seed=seed,
    )
    folder = Path(workspace) / "recommender" / "exposures"
    course = Course(exposures, blocks, rows, params, evaluation, trainer, seed, folder)
    rungs = rungs_to_climb(params.steps, material.parts | blocks.more_parts)
    protocol = f"{split_boundaries['protocol']}, of what is shown, mean of {len(params.seeds)} seeds"
    parts = [
        leaderboard_rows(
            stage="recommender",
            model=f"exposures: {name}",
            is_baseline=name == LADDER[0].name,
            estimates=estimates,
            split="test",
            protocol=protocol,
            seed=seed,
            dataset=dataset,
        )
        for name, estimates in exposure_estimates(rungs, course).items()
    ]
    return pd.concat(parts, ignore_index=True)


def exposure_estimates(rungs: Sequence[Rung], course: Course) -> dict[str, dict[str, Estimate]]:
    """Value of every step on every outcome, its spread over seeds, and what it adds, by their names."""
    judged = {rung.name: judge(rung, course) for rung in rungs}  # (seeds, n_test, T)
    users = course.exposures.user_ids[course.rows[TEST]]
    found: dict[str, dict[str, Estimate]] = {rung.name: {} for rung in rungs}
    for place, outcome in enumerate(course.exposures.outcomes):
        done = course.outcomes[course.rows[TEST], place]
        known = ~np.isnan(done)
        values = {name: values[:, known, place] for name, values in judged.items()}
        metric = f"log_likelihood:{outcome}"
        totals = {name: by_user(each.mean(axis=0), users[known]) for name, each in values.items()}

        def compare(ours: str, theirs: str, told: Mapping[str, np.ndarray] = totals) -> tuple[Estimate, float]:
            return paired_difference(told[ours], told[theirs], course.seed)

        added = climb(rungs, metric, compare)
        for name, each in values.items():
            spread = each.mean(axis=1).std(ddof=1) if len(each) > 1 else np.nan
            found[name] |= {
                f"auc:{outcome}": _area(each, done[known] == 1, users[known], course),
                metric: mean_estimate(totals[name], course.seed),
                f"seed_sd:{metric}": Estimate.exact(spread, len(each)),
                **added[name],
            }
    return found


def _area(values: np.ndarray, done: np.ndarray, users: np.ndarray, course: Course) -> Estimate:
    """Area under the curve of the mean probability over seeds, from log-likelihoods (seeds, n)."""
    probability = np.where(done, np.exp(values), 1.0 - np.exp(values)).mean(axis=0)
    n_groups = course.evaluation.jackknife_groups
    return area_over_users(done, probability, users, n_groups=n_groups, seed=course.seed)


def judge(rung: Rung, course: Course) -> np.ndarray:
    """Log-likelihood of every test exposure (seeds, n, T) with the setting that validation prefers."""
    users, items = course.blocks.pairs(rung.parts)
    reading = Reading(users, items, course.exposures.item, course.outcomes)
    params, (first, *others) = course.params, course.params.seeds

    def fitted(weight_decay: float, seed: int) -> tuple[Any, float]:
        training = params.training.model_copy(update={"weight_decay": weight_decay})
        parts = course.rows[TRAIN], course.rows[VALID]
        work_dir = course.folder / f"{rung.name.replace(' ', '_')}_{weight_decay}_{seed}"
        return fit_two_tower(reading, *parts, params.model, training, course.trainer, seed, work_dir)

    trials = {weight_decay: fitted(weight_decay, first) for weight_decay in params.weight_decays}
    best = max(trials, key=lambda weight_decay: trials[weight_decay][1])
    logger.info("exposures: %s: weight decay %s with %.5f on validation", rung.name, best, trials[best][1])
    models = [trials[best][0], *(fitted(best, seed)[0] for seed in others)]
    return np.stack([log_likelihoods(model, reading, course.rows[TEST]) for model in models])
