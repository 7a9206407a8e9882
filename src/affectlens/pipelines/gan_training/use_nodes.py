"""Nodes that put generated vectors to use: rare emotions, and contents that nobody has seen yet."""

from __future__ import annotations

import logging
import sys

import numpy as np
import pandas as pd

from affectlens.evaluation.augmentation import AugmentationTask, augmentation_estimates
from affectlens.evaluation.estimate import LEADERBOARD_COLUMNS, leaderboard_rows, mean_estimate
from affectlens.evaluation.generation import LocalMmd2
from affectlens.evaluation.generation_conditions import cosine
from affectlens.evaluation.generation_judge import LabelledVectors
from affectlens.models.checkpoint import Checkpoint
from affectlens.models.gan import generate, make_projection
from affectlens.pipelines.gan_training.cold_start import COLD_COLUMNS, STAND_INS, places_of_own, stand_ins
from affectlens.pipelines.gan_training.contents import NOT_FITTED, Contents, open_contents
from affectlens.pipelines.gan_training.params import (
    AugmentationParams,
    ColdStartParams,
    ConditionParams,
    FittingParams,
    TrainerParams,
)
from affectlens.training.gan import GeneratorTask, condition_contents, fit_generator
from affectlens.training.gan_members import MEMBER

logger = logging.getLogger(__name__)


def measure_augmentation(
    gan_checkpoint: Checkpoint,
    content_features: pd.DataFrame,
    content_emotions: pd.DataFrame,
    emotion_examples: pd.DataFrame,
    condition: ConditionParams,
    fitting: FittingParams,
    params: AugmentationParams,
    trainer: TrainerParams,
    seed: int,
    dataset: str,
) -> pd.DataFrame:
    """Lift of a classifier of rare emotions by generated contents over real ones drawn again, by share of labels."""
    contents = open_contents(content_features, content_emotions, emotion_examples)
    train, test = (contents.where(contents.roles == role) for role in ("train", "test"))
    known = train.where(train.labels >= 0)
    if gan_checkpoint.architecture == NOT_FITTED.architecture or not len(test) or len(np.unique(known.labels)) < 2:
        return pd.DataFrame(columns=list(LEADERBOARD_COLUMNS))
    # A generator of few contents may well look collapsed; it is measured all the same.
    unwatched = fitting.collapse.model_copy(update={"patience": sys.maxsize})
    valid = contents.where(contents.roles == "valid")
    refit = _Refit(gan_checkpoint, known, valid, condition, fitting.model_copy(update={"collapse": unwatched}), trainer)
    learned, tested = (LabelledVectors(each.vectors, each.labels) for each in (known, test))
    estimates = augmentation_estimates(AugmentationTask(learned, tested, params, seed), refit)
    return leaderboard_rows(
        stage="gan", model=gan_checkpoint.architecture, is_baseline=False, estimates=estimates, split=contents.split,
        protocol="augmentation", seed=seed, dataset=dataset,
    )  # fmt: skip


class _Refit:
    """Fits the member that was handed on anew, on some of the contents only, and asks it for wanted emotions.

    Valid contents end a fit and choose its size, as they do for the member itself.
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        known: Contents,
        valid: Contents,
        condition: ConditionParams,
        fitting: FittingParams,
        trainer: TrainerParams,
    ) -> None:
        self._checkpoint, self._known, self._valid = checkpoint, known, valid
        self._condition, self._fitting, self._trainer = condition, fitting, trainer
        self._projection = make_projection(known.vectors.shape[1], condition.interest_size)

    def __call__(self, rows: np.ndarray, wanted: np.ndarray, seed: int) -> np.ndarray:
        """Vectors (m, d) of the wanted emotions (m,), by a generator that knows these rows alone."""
        if not len(wanted):
            return np.empty((0, self._known.vectors.shape[1]), dtype=np.float32)
        checkpoint = self._checkpoint if len(rows) == len(self._known) else self._fitted(rows, seed)
        draws = np.random.default_rng([seed, 5])
        labels = self._known.labels[rows]
        like = self._known.where(np.array([draws.choice(rows[labels == each]) for each in wanted]))
        asked = condition_contents(like.vectors, like.emotion, self._projection, self._condition, seed)
        return generate(checkpoint, asked.emotion, asked.interest, 1, seed)[:, 0]

    def _fitted(self, rows: np.ndarray, seed: int) -> Checkpoint:
        some = self._known.where(rows)
        train, valid = (
            condition_contents(each.vectors, each.emotion, self._projection, self._condition, seed)
            for each in (some, self._valid if len(self._valid) > 1 else some)
        )
        noise = self._condition.interest_noise
        task = GeneratorTask(train, valid, self._projection, noise, self._fitting, LocalMmd2, seed)
        member = MEMBER.validate_python(self._checkpoint.metadata["member"])
        return fit_generator(member, task, self._trainer, None)[0]


def stand_in_for_cold_contents(
    gan_checkpoint: Checkpoint,
    content_features: pd.DataFrame,
    content_emotions: pd.DataFrame,
    behaviour_sequences: pd.DataFrame,
    params: ColdStartParams,
    seed: int,
) -> pd.DataFrame:
    """Vectors that may stand for contents which hardly anybody consumed: generated, neighbours', class mean.

    Where nobody consumed anything, no content is colder than others, and nobody would use the vectors.
    """
    if gan_checkpoint.architecture == NOT_FITTED.architecture or content_features.empty or behaviour_sequences.empty:
        return pd.DataFrame(columns=list(COLD_COLUMNS))
    seen = behaviour_sequences.loc[behaviour_sequences["split"] == "train", "content_id"].value_counts()
    table = content_features.merge(content_emotions, on="content_id", sort=False)
    table = table.assign(n_train_events=table["content_id"].map(seen).fillna(0).astype(int))
    return stand_ins(table, gan_checkpoint, params, seed)


def score_cold_contents(
    cold_start_vectors: pd.DataFrame, content_features: pd.DataFrame, seed: int, dataset: str
) -> pd.DataFrame:
    """How near each stand-in comes to the content's own vector, which it does not know (its neighbours do)."""
    cold = cold_start_vectors.merge(content_features[["content_id", "vector"]], on="content_id", sort=False)
    split = "test" if (cold["split"] == "test").any() else "valid"
    cold = cold[cold["split"] == split]
    if cold.empty:
        return pd.DataFrame(columns=list(LEADERBOARD_COLUMNS))
    own = np.stack(cold["vector"].to_list())
    parts = []
    for name in STAND_INS:
        vectors = np.stack(cold[name].to_list())
        places = places_of_own(vectors, own)
        estimates = {
            "cold_cosine": mean_estimate(cosine(vectors, own), seed),
            "cold_hit@10": mean_estimate(np.where(np.isnan(places), np.nan, places <= 10), seed),
        }
        parts.append(
            leaderboard_rows(
                stage="gan",
                model=f"stand-in: {name}",
                is_baseline=name != "generated",
                estimates=estimates,
                split=split,
                protocol="cold_start",
                seed=seed,
                dataset=dataset,
            )
        )
    return pd.concat(parts, ignore_index=True)
