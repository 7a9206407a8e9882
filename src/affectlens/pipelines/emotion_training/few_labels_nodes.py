"""The node of emotion_training that learns from few labels: alone, and with what a lexicon says of all other texts."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from affectlens.evaluation.average_precision import macro_average_precision
from affectlens.evaluation.blending import fit_blend
from affectlens.evaluation.calibrating import fit_calibration
from affectlens.evaluation.emotion import ScoredTexts, paired_macro_f1
from affectlens.evaluation.thresholds import cross_fitted
from affectlens.features.lexicon import lexicon_scores
from affectlens.pipelines.emotion_training import scoring, tables
from affectlens.pipelines.emotion_training.params import (
    DecisionParams,
    EmotionMemberParams,
    FewLabelsParams,
    TrainerParams,
)
from affectlens.training.emotion import FittingTask, LabelledTexts, MemberModel, fit_member, score_texts

logger = logging.getLogger(__name__)

TEACHER, TAUGHT = "teacher", "lstm_self_trained"


def score_few_labels(
    examples: pd.DataFrame,
    vocabulary: list[str],
    tfidf: EmotionMemberParams,
    lstm: EmotionMemberParams,
    params: FewLabelsParams,
    decision: DecisionParams,
    trainer: TrainerParams,
    seed: int,
    workspace: str,
    dataset: str,
) -> pd.DataFrame:
    """The same network fitted on few labels, and on these and what a teacher says of all other train texts.

    The teacher is TF-IDF, fitted on the few labels, and the lexicon rule, weighed and calibrated on the few labels.
    Valid ends both fits of the network; figures are cross-fitted on it, differences paired.
    """
    train, valid = tables.fitting_texts(examples)
    setting = scoring.Setting("valid", "few_labels", seed, dataset)
    labelled, others = tables.parted(train, params.share, seed)
    if len(labelled.texts) < params.fewest:
        logger.info("few labels: %d of %d texts are too few to learn from", len(labelled.texts), len(train.texts))
        return setting.rows("", {}, is_baseline=False)
    task = FittingTask(
        labelled,
        valid,
        tuple(vocabulary),
        "package",
        params.training,
        None,
        trainer,
        metric=macro_average_precision,
        metric_name="map",
        seed=seed,
        work_dir=Path(workspace) / "emotion" / "few_labels",
    )
    heard, weak = _taught(tfidf.model, task, others, decision.ridge)
    more = replace(
        labelled,
        texts=[*labelled.texts, *others.texts],
        labels=np.concatenate([labelled.labels, weak], dtype=np.float32),
    )
    shorter = params.training.model_copy(update={"max_epochs": params.taught_epochs})
    fits = {"lstm": task, TAUGHT: replace(task, train=more, training=shorter)}
    raw = heard | {name: score_texts(fit_member(lstm.model, fit)[0], valid.texts)[0] for name, fit in fits.items()}
    scored = {name: _scored(scores, valid, decision, seed) for name, scores in raw.items()}
    return scoring.joined([scoring.member_rows(scored, setting, per_label=False), _differences(scored, setting)])


def _taught(
    model: MemberModel, task: FittingTask, others: LabelledTexts, ridge: float
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Raw scores of valid texts by TF-IDF and by the teacher, and what the teacher says of the other texts (n, C).

    What weighs the teacher are scores of each half of the labelled texts by a model of the other half.
    """
    few = task.train
    unseen = np.empty(few.labels.shape)
    for half, rest in ((slice(0, None, 2), slice(1, None, 2)), (slice(1, None, 2), slice(0, None, 2))):
        part = replace(few, texts=few.texts[rest], labels=few.labels[rest])
        unseen[half] = score_texts(fit_member(model, replace(task, train=part))[0], few.texts[half])[0]
    own = np.stack([unseen, lexicon_scores(few.texts, few.taxonomy)])
    blend = fit_blend(own, few.labels, ridge)
    calibration = fit_calibration(blend(own), few.labels, ridge)
    words = fit_member(model, task)[0]
    said = {
        name: np.stack([score_texts(words, texts)[0], lexicon_scores(texts, few.taxonomy)])
        for name, texts in (("valid", task.valid.texts), ("others", others.texts))
    }
    heard = {"tfidf": said["valid"][0], TEACHER: blend(said["valid"])}
    return heard, calibration.probabilities(blend(said["others"]))


def _scored(scores: np.ndarray, valid: LabelledTexts, decision: DecisionParams, seed: int) -> ScoredTexts:
    fair = cross_fitted(scores, valid.labels, valid.taxonomy, decision, seed)
    return ScoredTexts(valid.taxonomy, valid.labels, fair.probabilities, fair.decisions, fair.sets)


def _differences(scored: dict[str, ScoredTexts], setting: scoring.Setting) -> pd.DataFrame:
    taught = scored[TAUGHT]
    found = {
        f"{TAUGHT} - {name}": paired_macro_f1(
            taught.truth, taught.decisions[taught.taxonomy], other.decisions[other.taxonomy], setting.seed
        )
        for name, other in scored.items()
        if name != TAUGHT
    }
    return scoring.difference_rows("macro_f1", found, setting)
