"""The emotion family as a whole: fitting any member of it, and reading texts with any of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice

import numpy as np
import pandas as pd

from affectlens.models.checkpoint import Checkpoint
from affectlens.models.emotion.blend import BLEND, members_of
from affectlens.models.emotion.build import NETWORKS, build_emotion_model, reader_of
from affectlens.models.emotion.decision import DecisionRule
from affectlens.models.emotion.lexicon_rule import LexiconRuleParams, lexicon_logits, make_lexicon_rule
from affectlens.models.emotion.majority import MajorityParams, fit_majority, majority_logits
from affectlens.models.emotion.tfidf import TfidfClassifier, TfidfParams
from affectlens.training.batches import TokenRows, network_outputs
from affectlens.training.emotion_members import (
    HISTORY_COLUMNS,
    SCORING_BATCH,
    FittingTask,
    LabelledTexts,
    NetworkParams,
    fit_network,
    fit_tfidf,
)

__all__ = [
    "FittingTask",
    "LabelledTexts",
    "MemberModel",
    "code_size",
    "encode_stream",
    "encode_texts",
    "fit_member",
    "open_encoder",
    "score_texts",
    "with_decision_rule",
]

_CHUNK = 8192

MemberModel = MajorityParams | LexiconRuleParams | TfidfParams | NetworkParams
Outputs = tuple[np.ndarray, np.ndarray]
Scorer = Callable[[Sequence[str]], Outputs]


def fit_member(params: MemberModel, task: FittingTask) -> tuple[Checkpoint, pd.DataFrame]:
    """Fit any member of the family; a member without epochs gives an empty history."""
    train, no_epochs = task.train, pd.DataFrame(columns=list(HISTORY_COLUMNS))
    if isinstance(params, MajorityParams):
        return fit_majority(train.labels, train.names, train.taxonomy), no_epochs
    if isinstance(params, LexiconRuleParams):
        return make_lexicon_rule(train.names, train.taxonomy), no_epochs
    if isinstance(params, TfidfParams):
        return fit_tfidf(train, task.valid, params, task.metric, task.seed), no_epochs
    return fit_network(params, task)


def score_texts(checkpoint: Checkpoint, texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Raw scores (n, C) and emotion codes (n, d_e) of texts by any member, float32.

    A member that is no network has no code of its own: its scores stand in.

    Raises:
        ValueError: the checkpoint is not of the emotion family.
    """
    score = _scorer(checkpoint)
    return _stacked(list(_chunks(score, texts)), lambda: score([""]))


def _stacked(parts: list[Outputs], example: Callable[[], Outputs]) -> Outputs:
    """Parts below each other; without any, no rows of the widths of an example."""
    first, second = zip(*(parts or [example()]), strict=True)
    n = None if parts else 0
    return np.concatenate(first)[:n], np.concatenate(second)[:n]


def _chunks(score: Scorer, texts: Iterable[str], size: int = _CHUNK) -> Iterator[Outputs]:
    waiting = iter(texts)
    while chunk := list(islice(waiting, size)):
        yield score(chunk)


def code_size(checkpoint: Checkpoint) -> int:
    """Length d_e of the emotion codes that `score_texts` gives."""
    return int(score_texts(checkpoint, [""])[1].shape[1])


def _scorer(checkpoint: Checkpoint) -> Scorer:
    if checkpoint.architecture == BLEND:
        return _blend_scorer(checkpoint)
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


def _network_scorer(checkpoint: Checkpoint) -> Scorer:
    model = checkpoint.restore(build_emotion_model)
    reader = reader_of(checkpoint.architecture, checkpoint.params)
    max_tokens = checkpoint.params["model"]["max_tokens"]

    def score(texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        return network_outputs(model, TokenRows.of(texts, reader, max_tokens), SCORING_BATCH)

    return score


def _blend_scorer(checkpoint: Checkpoint) -> Scorer:
    """Blended log-odds, and the emotion code of the loudest member that has one."""
    blend, members = members_of(checkpoint)
    scorers = [_scorer(member) for member in members]
    loudest = max(range(len(members)), key=lambda at: (members[at].architecture in NETWORKS, blend.weights[at]))

    def score(texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        found = [scorer(texts) for scorer in scorers]
        logits = blend(np.stack([logits for logits, _ in found])).astype(np.float32)
        return logits, found[loudest][1]

    return score


def _twice(logits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return logits, logits


def with_decision_rule(checkpoint: Checkpoint, rule: DecisionRule, **facts: object) -> Checkpoint:
    """The checkpoint with its calibration, thresholds and further facts in the metadata."""
    return replace(checkpoint, metadata={**checkpoint.metadata, "decision": rule.to_dict(), **facts})


def encode_stream(checkpoint: Checkpoint, texts: Iterable[str], chunk_size: int = _CHUNK) -> Iterator[Outputs]:
    """M_E on any number of texts, chunk by chunk: what `encode_texts` gives for each, in bounded memory.

    Args:
        checkpoint: a tuned member (its metadata holds the calibration).
        texts: read as they are needed, `chunk_size` at a time.
        chunk_size: texts a chunk.
    """
    yield from _chunks(open_encoder(checkpoint), texts, chunk_size)


def open_encoder(checkpoint: Checkpoint) -> Scorer:
    """M_E opened once: a function from texts to calibrated probabilities (n, C) and emotion codes (n, d_e)."""
    rule, score = DecisionRule.from_dict(checkpoint.metadata["decision"]), _scorer(checkpoint)

    def encode(texts: Sequence[str]) -> Outputs:
        logits, hidden = score(texts)
        return rule.probabilities(logits).astype(np.float32), hidden.astype(np.float32)

    return encode


def encode_texts(checkpoint: Checkpoint, texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """M_E on texts: calibrated probabilities (n, C) and emotion codes (n, d_e), float32, in the order of the texts.

    Args:
        checkpoint: a tuned member (its metadata holds the calibration).
        texts: any number of texts; read chunk by chunk.
    """
    return _stacked(list(encode_stream(checkpoint, texts)), lambda: next(encode_stream(checkpoint, [""])))
