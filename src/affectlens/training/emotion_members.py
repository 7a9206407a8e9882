"""How each member of the emotion family is fitted."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression
from torch import nn

from affectlens.features.text import Vocabulary
from affectlens.features.token_vectors import token_vectors
from affectlens.models.checkpoint import Checkpoint
from affectlens.models.emotion.build import EmotionNetwork, build_emotion_model, reader_of
from affectlens.models.emotion.cnn import TextCnn, TextCnnParams
from affectlens.models.emotion.pretrained import PretrainedEncoder, read_encoder
from affectlens.models.emotion.recurrent import FrozenTable, TableLstmParams, TextRecurrent, TextRecurrentParams
from affectlens.models.emotion.tfidf import TfidfClassifier, TfidfFeatures, TfidfParams
from affectlens.models.emotion.transformer import (
    PupilParams,
    TextTransformer,
    TransformerParams,
    adapt_low_rank,
    merge_low_rank,
    take_weights,
)
from affectlens.training.batches import TokenRows, emotion_batches, network_outputs
from affectlens.training.encoder import FrozenStates, OfStates, n_batches, state_batches, state_logits, state_loss
from affectlens.training.loop import Batches, LossOf, TrainerParams, TrainingParams, fit, make_fabric
from affectlens.training.losses import multilabel_loss
from affectlens.training.pace import Pace, PaceParams
from affectlens.training.soup import fit_pupil, fit_soup

logger = logging.getLogger(__name__)

HISTORY_COLUMNS = ("member", "epoch", "train_loss", "valid_metric", "metric_name", "seconds")
SCORING_BATCH = 256
_SEEDS_APART = 1000  # between the fits of one soup
_SPREAD = 0.1  # standard deviation of embeddings at the start

Metric = Callable[[np.ndarray, np.ndarray], float]
BatchesOf = Callable[[np.ndarray, int], Batches]
Score = Callable[[nn.Module], np.ndarray]
NetworkParams = TextCnnParams | TextRecurrentParams | TableLstmParams | TransformerParams


@dataclass(frozen=True)
class LabelledTexts:
    """Texts with their labels in one taxonomy.

    Attributes:
        texts: n texts.
        labels: (n, C) 0/1, or between them where a network was heard too.
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
        whole = self.labels.astype(np.uint8)
        labels = whole if np.array_equal(whole, self.labels) else self.labels.astype(np.float32)
        digest.update(np.ascontiguousarray(labels).tobytes())
        return digest.hexdigest()[:12]

    def log_odds(self) -> np.ndarray:
        """Log-odds (C,) of each label among the texts."""
        return np.asarray(logit((self.labels.sum(axis=0) + 0.5) / (len(self.labels) + 1.0)))


@dataclass(frozen=True)
class FittingTask:
    """All that the fit of a member needs beside its own parameters.

    Attributes:
        train: texts to fit on.
        valid: texts that choose a penalty, or the best epoch where there is no pace.
        tokens: what a network that learns its embeddings knows; a pretrained one repairs typing errors by it.
        source: where a pretrained encoder comes from.
        training: length and batches of a network, None for the others.
        pace: learning rate step by step; None keeps it constant.
        trainer: device.
        metric: (truth, scores) -> number, higher is better, measured on `valid`.
        metric_name: its name in the history.
        seed: seed of weights, order and dropout.
        work_dir: folder of event files and of the state of an unfinished fit.
    """

    train: LabelledTexts
    valid: LabelledTexts
    tokens: tuple[str, ...]
    source: str
    training: TrainingParams | None
    pace: PaceParams | None
    trainer: TrainerParams
    metric: Metric
    metric_name: str
    seed: int
    work_dir: Path | None

    def another(self, number: int, budget_s: float | None) -> FittingTask:
        """The same for a further fit of a network with wide layers: another order, what is left of the budget."""
        pace = None if self.pace is None else self.pace.model_copy(update={"budget_s": budget_s})
        work_dir = self.work_dir if self.work_dir is None or number == 0 else self.work_dir / f"fit_{number + 1}"
        trainer = self.trainer.for_wide_layers()
        return replace(self, pace=pace, seed=self.seed + _SEEDS_APART * number, work_dir=work_dir, trainer=trainer)

    def taught(self, said: np.ndarray, pupil: PupilParams) -> FittingTask:
        """The same for a network that hears what another one `said` of the train texts, (n, C) probabilities."""
        if self.training is None:
            raise ValueError("a pupil needs `training`; state it in the parameters of the network")
        labels = (1.0 - pupil.share) * self.train.labels + pupil.share * said
        training = self.training.model_copy(update={"max_epochs": pupil.max_epochs, "patience": pupil.max_epochs})
        return replace(self, train=replace(self.train, labels=labels.astype(np.float32)), training=training)

    def identity(self, params: NetworkParams) -> str:
        """What the weights of a fit depend on."""
        settings = (params, self.training, self.pace)
        stated = [None if each is None else each.model_dump_json() for each in settings]
        return f"{self.train.fingerprint()}/{self.valid.fingerprint()}/{self.source}/{self.seed}/{stated}"

    def fit(
        self, model: nn.Module, batches_of: BatchesOf, loss_of: LossOf, score: Score, known: Sequence[str]
    ) -> pd.DataFrame:
        """Fit a network in place.

        Args:
            model: freshly initialised.
            batches_of: (labels, batch size) -> batches of the train texts.
            loss_of: scalar loss of one batch.
            score: raw scores (n, C) of the valid texts by a model.
            known: beginnings of the names of pretrained weights.

        Raises:
            ValueError: `training` is not stated.
        """
        if self.training is None:
            raise ValueError("a network needs `training`; state it in its parameters")
        n_steps = self.training.max_epochs * n_batches(len(self.train.texts), self.training.batch_size)
        return fit(
            model,
            batches_of(self.train.labels, self.training.batch_size),
            loss_of,
            lambda module: self.metric(self.valid.labels, score(module)),
            self.training,
            self.trainer,
            seed=self.seed,
            work_dir=self.work_dir,
            metric_name=self.metric_name,
            pace=None if self.pace is None else Pace(self.pace, n_steps, known),
        )


def fit_network(params: NetworkParams, task: FittingTask) -> tuple[Checkpoint, pd.DataFrame]:
    """Fit a network; gives its weights and one history row an epoch (see `HISTORY_COLUMNS`)."""
    encoder = read_encoder(task.source) if isinstance(params, TableLstmParams | TransformerParams) else None
    facts: dict[str, Any] = {
        "model": params.model_dump(mode="json"),
        "labels": list(task.train.names),
        "taxonomy": task.train.taxonomy,
        "vocabulary": list(task.tokens if encoder is None else encoder.vocabulary),
    }
    if encoder is not None:
        facts |= {"encoder": encoder.sizes.model_dump(), "is_lower": encoder.is_lower, "source": task.source}
        facts["words"] = [token for token in task.tokens if token.isalpha()]
    model = _new_network(params, facts, task, encoder)
    reader = reader_of(params.kind, facts)
    rows = [TokenRows.of(part.texts, reader, params.max_tokens) for part in (task.train, task.valid)]
    if isinstance(model, TextTransformer) and isinstance(params, TransformerParams):
        history = _fit_transformer(model, rows, params, task)
    else:
        history = _fit_on_tokens(model, rows, task)
    return Checkpoint.of(model, params.kind, facts), history.assign(member=params.kind)[list(HISTORY_COLUMNS)]


def _fit_on_tokens(model: EmotionNetwork, rows: Sequence[TokenRows], task: FittingTask) -> pd.DataFrame:
    def score(module: nn.Module) -> np.ndarray:
        return network_outputs(module, rows[1], SCORING_BATCH)[0]

    return task.fit(model, partial(emotion_batches, rows[0]), multilabel_loss, score, known=())


def _fit_transformer(
    model: TextTransformer, rows: Sequence[TokenRows], params: TransformerParams, task: FittingTask
) -> pd.DataFrame:
    model.freeze()
    train, valid = (FrozenStates.of(model, part) for part in rows)
    model.standardise(train.means)

    def score(module: nn.Module) -> np.ndarray:
        return logits_by(module, valid, task.trainer.for_wide_layers())

    def fit_one(one: TextTransformer, *, number: int, left: float | None, task: FittingTask = task) -> pd.DataFrame:
        if params.rank is not None:
            adapt_low_rank(one, params.rank)
        history = task.another(number, left).fit(
            OfStates(one), partial(state_batches, train), state_loss, score, known=("transformer.layers",)
        )
        if params.rank is not None:
            merge_low_rank(one)
        return history

    budget_s, identity = None if task.pace is None else task.pace.budget_s, task.identity(params)
    soup = partial(
        fit_soup, fit_one=fit_one, n_fits=params.fits, budget_s=budget_s, identity=identity, work_dir=task.work_dir
    )
    pupil = params.pupil
    if pupil is None or task.training is None:
        return soup(model)

    def fit_taught(one: TextTransformer, teacher: TextTransformer, left: float | None) -> pd.DataFrame:
        trainer = task.trainer.for_wide_layers()
        said = expit(logits_by(OfStates(teacher).to(make_fabric(trainer).device).eval(), train, trainer))
        taught = task.taught(said, pupil)

        def fit_next(one: TextTransformer, *, number: int, left: float | None) -> pd.DataFrame:
            return fit_one(one, number=params.fits + number, left=left, task=taught)

        folder = None if task.work_dir is None else task.work_dir / "pupils"
        return fit_soup(one, fit_next, pupil.fits, left, identity, folder)

    times_as_long = pupil.max_epochs / (params.fits * task.training.max_epochs)
    return fit_pupil(
        model, soup, fit_taught, times_as_long, budget_s=budget_s, identity=identity, work_dir=task.work_dir
    )


def logits_by(module: nn.Module, frozen: FrozenStates, trainer: TrainerParams) -> np.ndarray:
    """Logits (n, C) of texts by a network as `fit` hands it out, in the precision of fits."""
    with make_fabric(trainer).autocast():
        return state_logits(module, frozen)


def _new_network(
    params: NetworkParams, facts: Mapping[str, Any], task: FittingTask, encoder: PretrainedEncoder | None
) -> EmotionNetwork:
    """A network whose new weights follow from the seed and whose head starts at the frequency of each label."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(task.seed)
        model = build_emotion_model(params.kind, facts)
    with torch.no_grad():
        model.head.bias.copy_(torch.from_numpy(task.train.log_odds()))
    if isinstance(params, TextCnnParams | TextRecurrentParams) and isinstance(model.embed, nn.Embedding):
        _start_embeddings(model.embed, params.neighbourhood, Vocabulary(task.tokens, params.language), task.train.texts)
    if isinstance(model, TextCnn | TextRecurrent) and model.lexicon is not None:
        model.lexicon.take(task.tokens, task.train.taxonomy)
    if encoder is not None and isinstance(model, TextTransformer):
        take_weights(model, encoder.weights)
    if encoder is not None and isinstance(model, TextRecurrent) and isinstance(model.embed, FrozenTable):
        model.embed.take(encoder.weights["embeddings.word_embeddings.weight"])
    return model


def _start_embeddings(
    embed: nn.Embedding, neighbourhood: int | None, vocabulary: Vocabulary, texts: Sequence[str]
) -> None:
    """Start embeddings from the company of tokens in train texts, where a neighbourhood is stated."""
    if neighbourhood is not None:
        ids, offsets = vocabulary.encode(texts)
        vectors = token_vectors(ids, offsets, embed.num_embeddings, embed.embedding_dim, neighbourhood)
        with torch.no_grad():
            embed.weight.copy_(torch.from_numpy(_SPREAD * vectors))


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
            best_metric, best = value, replace(best, coefficients=coefficients, intercepts=intercepts)
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
