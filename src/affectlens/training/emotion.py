"""How the members of the emotion family are fitted, and how any of them reads texts."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from scipy.special import logit
from sklearn.linear_model import LogisticRegression

from affectlens.features.text import Vocabulary
from affectlens.models.checkpoint import Checkpoint
from affectlens.models.emotion.build import EmotionNetwork, build_emotion_model
from affectlens.models.emotion.cnn import TextCnnParams
from affectlens.models.emotion.decision import DecisionRule
from affectlens.models.emotion.lexicon_rule import LexiconRuleParams, lexicon_logits, make_lexicon_rule
from affectlens.models.emotion.lstm import TextLstmParams
from affectlens.models.emotion.majority import MajorityParams, fit_majority, majority_logits
from affectlens.models.emotion.tfidf import TfidfClassifier, TfidfFeatures, TfidfParams
from affectlens.training.batches import TokenRows, emotion_batches, network_outputs
from affectlens.training.loop import TrainerParams, TrainingParams, fit
from affectlens.training.losses import multilabel_loss

logger = logging.getLogger(__name__)

NETWORKS = ("cnn", "lstm")
HISTORY_COLUMNS = ("member", "epoch", "train_loss", "valid_metric", "metric_name", "seconds")
_CHUNK = 8192
_SCORING_BATCH = 256

Metric = Callable[[np.ndarray, np.ndarray], float]
MemberModel = MajorityParams | LexiconRuleParams | TfidfParams | TextCnnParams | TextLstmParams


@dataclass(frozen=True)
class LabelledTexts:
    """Texts with their labels in one taxonomy.

    Attributes:
        texts: n texts.
        labels: (n, C) 0/1.
        names: C label names.
        taxonomy: name of the taxonomy.
    """

    texts: Sequence[str]
    labels: np.ndarray
    names: tuple[str, ...]
    taxonomy: str

    def fingerprint(self) -> str:
        """Twelve hexadecimal digits that identify texts and labels."""
        digest = hashlib.sha256("\x00".join(self.texts).encode())
        digest.update(np.ascontiguousarray(self.labels, dtype=np.uint8).tobytes())
        return digest.hexdigest()[:12]


def fit_member(
    train: LabelledTexts,
    valid: LabelledTexts,
    vocabulary: Vocabulary,
    params: MemberModel,
    training: TrainingParams | None,
    trainer: TrainerParams,
    *,
    metric: Metric,
    metric_name: str,
    seed: int,
    work_dir: Path | None,
) -> tuple[Checkpoint, pd.DataFrame]:
    """Fit any member of the family; a member without epochs gives an empty history.

    Args:
        train: texts to fit on.
        valid: texts that choose a penalty or the best epoch.
        vocabulary: tokens that a network knows.
        params: sizes of the member.
        training: pace of a network, None for the others.
        trainer: device of a network.
        metric: (truth, scores) -> number, higher is better, measured on `valid`.
        metric_name: its name in the history.
        seed: seed of weights, order and dropout.
        work_dir: folder of event files and of the state of an unfinished fit.

    Raises:
        ValueError: a network came without `training`.
    """
    if isinstance(params, TextCnnParams | TextLstmParams):
        if training is None:
            raise ValueError(f"member {params.kind} is a network and needs `training`; state it in its parameters")
        options = {"metric": metric, "metric_name": metric_name, "seed": seed, "work_dir": work_dir}
        return fit_network(train, valid, vocabulary, params, training, trainer, **options)  # type: ignore[arg-type]
    no_epochs = pd.DataFrame(columns=list(HISTORY_COLUMNS))
    if isinstance(params, TfidfParams):
        return fit_tfidf(train, valid, params, metric, seed), no_epochs
    if isinstance(params, LexiconRuleParams):
        return make_lexicon_rule(train.names, train.taxonomy), no_epochs
    return fit_majority(train.labels, train.names, train.taxonomy), no_epochs


def fit_tfidf(train: LabelledTexts, valid: LabelledTexts, params: TfidfParams, metric: Metric, seed: int) -> Checkpoint:
    """One logistic regression a label on TF-IDF features; the penalty with the best metric on `valid` is kept.

    Args:
        train: texts to fit on.
        valid: texts that choose the penalty.
        params: features, penalties and solver.
        metric: (truth, scores) -> number, higher is better.
        seed: seed of the solver's coordinate order.
    """
    features, matrix = TfidfFeatures.fit(train.texts, params)
    valid_matrix = features.transform(valid.texts)
    best_metric, best = -np.inf, TfidfClassifier(features, np.empty(0), np.empty(0))
    for penalty in params.inverse_penalties:
        fitted = [_fit_label(matrix, column, penalty, params, seed) for column in train.labels.T]
        coefficients = np.stack([one[0] for one in fitted])
        intercepts = np.array([one[1] for one in fitted])
        value = metric(valid.labels, valid_matrix @ coefficients.T + intercepts)
        logger.info("tfidf: C = %g, validation metric %.4f", penalty, value)
        if value > best_metric:
            best_metric, best = value, TfidfClassifier(features, coefficients, intercepts)
    return best.checkpoint(params, train.names, train.taxonomy)


def _fit_label(
    matrix: object, is_present: np.ndarray, penalty: float, params: TfidfParams, seed: int
) -> tuple[np.ndarray, float]:
    if is_present.min() == is_present.max():
        n_features: int = matrix.shape[1]  # type: ignore[attr-defined]
        share = (is_present.sum() + 0.5) / (len(is_present) + 1.0)
        return np.zeros(n_features, dtype=np.float32), float(logit(share))
    regression = LogisticRegression(
        C=penalty,
        solver="liblinear",
        dual=True,
        tol=params.tolerance,
        max_iter=params.max_iterations,
        random_state=seed,
    )
    regression.fit(matrix, is_present)
    return regression.coef_[0].astype(np.float32), float(regression.intercept_[0])


def fit_network(
    train: LabelledTexts,
    valid: LabelledTexts,
    vocabulary: Vocabulary,
    params: TextCnnParams | TextLstmParams,
    training: TrainingParams,
    trainer: TrainerParams,
    *,
    metric: Metric,
    metric_name: str,
    seed: int,
    work_dir: Path | None,
) -> tuple[Checkpoint, pd.DataFrame]:
    """Fit a network; gives its best weights and one history row an epoch (see `HISTORY_COLUMNS`)."""
    facts = {
        "model": params.model_dump(mode="json"),
        "labels": list(train.names),
        "taxonomy": train.taxonomy,
        "vocabulary": list(vocabulary.tokens),
    }
    model = _new_network(params.kind, facts, train.labels, seed)
    train_rows, valid_rows = (TokenRows.of(part.texts, vocabulary, params.max_tokens) for part in (train, valid))
    history = fit(
        model,
        emotion_batches(train_rows, train.labels, training.batch_size),
        multilabel_loss,
        lambda module: metric(valid.labels, network_outputs(module, valid_rows, _SCORING_BATCH)[0]),
        training,
        trainer,
        seed=seed,
        work_dir=work_dir,
        metric_name=metric_name,
    )
    return Checkpoint.of(model, params.kind, facts), history.assign(member=params.kind)[list(HISTORY_COLUMNS)]


def _new_network(kind: str, facts: Mapping[str, object], labels: np.ndarray, seed: int) -> EmotionNetwork:
    """A network whose weights follow from the seed and whose head starts at the frequency of each label."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = build_emotion_model(kind, facts)
    share = (labels.sum(axis=0) + 0.5) / (len(labels) + 1.0)
    with torch.no_grad():
        model.head.bias.copy_(torch.from_numpy(logit(share)))
    return model


def score_texts(checkpoint: Checkpoint, texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Raw scores (n, C) and emotion codes (n, d_e) of texts by any member, float32.

    A member that is no network has no code of its own: its scores stand in.

    Raises:
        ValueError: the checkpoint is not of the emotion family.
    """
    score = _scorer(checkpoint)
    chunks = [score(texts[start : start + _CHUNK]) for start in range(0, len(texts), _CHUNK)]
    if not chunks:
        logits, hidden = score([""])
        return logits[:0], hidden[:0]
    return np.concatenate([part[0] for part in chunks]), np.concatenate([part[1] for part in chunks])


def _scorer(checkpoint: Checkpoint) -> Callable[[Sequence[str]], tuple[np.ndarray, np.ndarray]]:
    if checkpoint.architecture in NETWORKS:
        return _network_scorer(checkpoint)
    if checkpoint.architecture == "tfidf":
        classifier = TfidfClassifier.restore(checkpoint)
        return lambda texts: _twice(classifier.logits(texts))
    if checkpoint.architecture == "lexicon_rule":
        return lambda texts: _twice(lexicon_logits(checkpoint, texts))
    if checkpoint.architecture == "majority":
        return lambda texts: _twice(majority_logits(checkpoint, texts))
    raise ValueError(f"{checkpoint.architecture!r} is no emotion model; expected a checkpoint of the emotion family")


def _network_scorer(checkpoint: Checkpoint) -> Callable[[Sequence[str]], tuple[np.ndarray, np.ndarray]]:
    model = checkpoint.restore(build_emotion_model)
    vocabulary = Vocabulary(tuple(checkpoint.params["vocabulary"]))
    max_tokens = checkpoint.params["model"]["max_tokens"]

    def score(texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        return network_outputs(model, TokenRows.of(texts, vocabulary, max_tokens), _SCORING_BATCH)

    return score


def _twice(logits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return logits, logits


def with_decision_rule(checkpoint: Checkpoint, rule: DecisionRule, **facts: object) -> Checkpoint:
    """The checkpoint with its calibration, thresholds and further facts in the metadata."""
    return replace(checkpoint, metadata={**checkpoint.metadata, "decision": rule.to_dict(), **facts})


def encode_texts(checkpoint: Checkpoint, texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """M_E on texts: calibrated probabilities (n, C) and emotion codes (n, d_e), float32, in the order of the texts.

    Args:
        checkpoint: a tuned member (its metadata holds the calibration).
        texts: any number of texts; read chunk by chunk.
    """
    rule = DecisionRule.from_dict(checkpoint.metadata["decision"])
    logits, hidden = score_texts(checkpoint, texts)
    return rule.probabilities(logits).astype(np.float32), hidden.astype(np.float32)
