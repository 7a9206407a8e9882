"""Nodes of emotion_training: tables are opened, the science is called, tables are closed."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from affectlens.evaluation.average_precision import macro_average_precision
from affectlens.evaluation.blending import fit_blend
from affectlens.exhibits import Exhibit
from affectlens.models.checkpoint import Checkpoint
from affectlens.models.emotion.blend import BLEND
from affectlens.pipelines.emotion_training import scoring, tables
from affectlens.pipelines.emotion_training.answer_exhibits import answer_exhibits
from affectlens.pipelines.emotion_training.exhibits import beyond_exhibits
from affectlens.pipelines.emotion_training.params import (
    DecisionParams,
    EmotionMemberParams,
    MembersParams,
    TrainerParams,
)
from affectlens.training.emotion import FittingTask, encode_texts, fit_member, score_texts
from affectlens.training.emotion_members import HISTORY_COLUMNS

logger = logging.getLogger(__name__)

_SILENT = 0.02  # a member of a blend with less weight is left out


def train_emotion_member(
    examples: pd.DataFrame,
    vocabulary: list[str],
    member: EmotionMemberParams,
    members: MembersParams,
    trainer: TrainerParams,
    seed: int,
    workspace: str,
) -> tuple[Checkpoint, pd.DataFrame]:
    """Fit one member on train texts and edited copies of them; networks give one history row an epoch.

    Its raw scores are not calibrated yet.
    """
    kind = member.model.kind
    if kind not in members.fitted():
        return scoring.NOT_FITTED, pd.DataFrame(columns=list(HISTORY_COLUMNS))
    train, valid = tables.fitting_texts(examples)
    task = FittingTask(
        tables.with_edited_copies(train, members.edited_copies, seed),
        valid,
        tuple(vocabulary),
        members.source,
        member.training,
        member.pace,
        trainer,
        metric=macro_average_precision,
        metric_name="map",
        seed=seed,
        work_dir=Path(workspace) / "emotion" / kind,
    )
    checkpoint, history = fit_member(member.model, task)
    facts = {"seed": seed, "train_fingerprint": train.fingerprint(), "prior": train.labels.mean(axis=0).tolist()}
    return replace(checkpoint, metadata=facts), history


def tune_emotion_member(
    uncalibrated: Checkpoint, examples: pd.DataFrame, decision: DecisionParams, seed: int
) -> Checkpoint:
    """Calibrate a member and set its thresholds on valid texts; note its cross-fitted macro-F1."""
    if uncalibrated.architecture == scoring.NOT_FITTED.architecture:
        return uncalibrated
    _, valid = tables.fitting_texts(examples)
    return scoring.tuned(uncalibrated, score_texts(uncalibrated, valid.texts)[0], valid, decision, seed)


def blend_members(
    examples: pd.DataFrame, members: MembersParams, decision: DecisionParams, seed: int, *checkpoints: Checkpoint
) -> Checkpoint:
    """The trained members as one, weighed on valid texts; nothing where the profile has no blend."""
    trained = scoring.trained(checkpoints)
    if BLEND not in members.fitted() or len(trained) < 2:
        return scoring.NOT_FITTED
    _, valid = tables.fitting_texts(examples)
    scores = np.stack([score_texts(each, valid.texts)[0] for each in trained])
    blend, kept = fit_blend(scores, valid.labels, decision.ridge).without_silent(_SILENT)
    heard = [trained[place] for place in kept]
    logger.info(
        "blend: %s", {each.architecture: round(float(w), 3) for each, w in zip(heard, blend.weights, strict=True)}
    )
    facts = {name: heard[0].metadata[name] for name in ("seed", "train_fingerprint", "prior")}
    raw = replace(blend.checkpoint(heard), metadata=facts)
    return scoring.tuned(raw, scores[kept], valid, decision, seed)


def choose_member(*checkpoints: Checkpoint) -> Checkpoint:
    """The trained member with the best cross-fitted macro-F1 on valid; a tie goes to the one that is listed first."""
    best = max(scoring.trained(checkpoints), key=lambda checkpoint: float(checkpoint.metadata["valid_metric"]))
    logger.info("emotion model: %s", best.architecture)
    return best


def collect_histories(*histories: pd.DataFrame) -> pd.DataFrame:
    """The histories of all networks in one table."""
    return scoring.joined(histories)


def read_texts(
    model: Checkpoint, utterances: pd.DataFrame, contents: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Calibrated probabilities and emotion code of every utterance, and probabilities of every content.

    A text that stands in several places is read once. A content without text gets the share of each label in training
    texts.
    """
    has_text = contents["text"].fillna("").str.strip().ne("").to_numpy(dtype=bool)
    place, texts = pd.factorize(pd.concat([utterances["text"], contents.loc[has_text, "text"]]))
    probabilities, hidden = encode_texts(model, list(texts))
    uttered, shown = np.split(place, [len(utterances)])
    prior = np.asarray(model.metadata["prior"])
    return (
        tables.signals_table(utterances, probabilities[uttered], hidden[uttered]),
        tables.content_table(contents, has_text, probabilities[shown], prior),
    )


def score_members(
    examples: pd.DataFrame,
    annotations: pd.DataFrame,
    decision: DecisionParams,
    n_examples: int,
    seed: int,
    dataset: str,
    *checkpoints: Checkpoint,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Score every member on test, which no other node reads, and on valid; show texts read right and wrong.

    The third table holds what each member answered to each text that figures come from.
    """
    fitted = scoring.fitted(checkpoints)
    valid, test = (tables.labelled_texts(examples, split) for split in ("valid", "test"))
    where = scoring.Setting("valid", "cross_fitted", seed, dataset)
    raw = scoring.raw_scores(fitted, valid)
    fair = {each.architecture: scoring.without_own_fold(each, raw, valid, decision, seed) for each in fitted}
    same = {each.architecture: scoring.held_out(each, raw, valid) for each in fitted}
    parts = [scoring.member_rows(fair, where, per_label=True)]
    first, main = fair, where
    if test.texts:
        raw = scoring.raw_scores(fitted, test)
        first, main = {each.architecture: scoring.held_out(each, raw, test) for each in fitted}, where.on_test()
        parts.insert(0, scoring.member_rows(first, main, per_label=True))
    shown = examples[examples["split"] == main.split]
    parts.insert(1, scoring.human_rows(annotations, shown, valid.taxonomy, main))
    parts.append(scoring.member_rows(same, replace(where, protocol="tuned_on_same"), per_label=False))
    parts.append(scoring.paired_rows(first, replace(main, protocol="paired")))
    best = first[choose_member(*fitted).architecture]
    said = (best.truth, best.decisions[best.taxonomy], best.probabilities)
    examples_shown = tables.examples_table(shown, *said, valid.names, n_examples)
    return scoring.joined(parts), examples_shown, scoring.answers(first, list(shown["utterance_id"]), valid.names)


def collect_leaderboard(*parts: pd.DataFrame) -> pd.DataFrame:
    """All numbers of the stage in one table; the rows of the primary protocol stand first."""
    return scoring.joined(parts)


def collect_exhibits(
    answers: pd.DataFrame, model: Checkpoint, explanations: list[Exhibit], leaderboard: pd.DataFrame, seed: int
) -> list[Exhibit]:
    """What the report shows beside the leaderboard: calibration, confusion, explained answers, other protocols."""
    answered = answer_exhibits(answers, model.architecture, str(model.params["taxonomy"]), seed)
    return [*answered, *explanations, *beyond_exhibits(leaderboard)]
