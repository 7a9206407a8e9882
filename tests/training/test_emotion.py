from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from affectlens.features.taxonomy import EKMAN
from affectlens.features.text import Vocabulary, VocabularyParams
from affectlens.models.checkpoint import Checkpoint
from affectlens.models.emotion.cnn import TextCnnParams
from affectlens.models.emotion.decision import DecisionRule
from affectlens.models.emotion.lexicon_rule import LexiconRuleParams
from affectlens.models.emotion.lstm import TextLstmParams
from affectlens.models.emotion.majority import MajorityParams
from affectlens.models.emotion.tfidf import NgramParams, TfidfParams
from affectlens.training.emotion import (
    HISTORY_COLUMNS,
    LabelledTexts,
    MemberModel,
    encode_texts,
    fit_member,
    score_texts,
    with_decision_rule,
)
from affectlens.training.loop import TrainerParams, TrainingParams

CPU = TrainerParams(accelerator="cpu", devices=1, precision="32-true", strategy="auto")
FAST = TrainingParams(max_epochs=8, batch_size=8, learning_rate=0.02, weight_decay=0.0, patience=8, gradient_clip=1.0)
SIZES = {"max_tokens": 12, "embedding_size": 16, "hidden_size": 8, "dropout": 0.1, "word_dropout": 0.0}
MEMBERS: dict[str, MemberModel] = {
    "majority": MajorityParams(kind="majority"),
    "lexicon_rule": LexiconRuleParams(kind="lexicon_rule"),
    "tfidf": TfidfParams(
        kind="tfidf",
        word=NgramParams(shortest=1, longest=1, min_texts=1),
        character=NgramParams(shortest=2, longest=3, min_texts=1),
        inverse_penalties=(0.1, 10.0),
        tolerance=0.1,
        max_iterations=50,
    ),
    "cnn": TextCnnParams(kind="cnn", widths=(1, 2), n_filters=6, **SIZES),
    "lstm": TextLstmParams(kind="lstm", state_size=6, **SIZES),
}
WORDS = {3: ["happy", "glad", "lovely"], 0: ["angry", "furious", "mad"], 6: ["table", "green", "seven"]}


def texts(n: int, seed: int) -> LabelledTexts:
    generator = np.random.default_rng(seed)
    classes = generator.choice(list(WORDS), size=n)
    written = [
        " ".join([*generator.choice(WORDS[one], 2), *generator.choice(["the", "a", "so"], 2)]) for one in classes
    ]
    labels = np.zeros((n, 7), dtype=np.float32)
    labels[np.arange(n), classes] = 1
    return LabelledTexts(written, labels, EKMAN, "ekman")


def covariance(truth: np.ndarray, scores: np.ndarray) -> float:
    return float((truth * scores).mean() - truth.mean() * scores.mean())


def fitted(member: str, seed: int = 1, work_dir: Path | None = None) -> tuple[Checkpoint, list[str], int]:
    train, valid = texts(60, 0), texts(20, 1)
    vocabulary = Vocabulary.from_texts(train.texts, VocabularyParams(min_count=1, max_size=50))
    training = FAST if member in ("cnn", "lstm") else None
    checkpoint, history = fit_member(
        train,
        valid,
        vocabulary,
        MEMBERS[member],
        training,
        CPU,
        metric=covariance,
        metric_name="score",
        seed=seed,
        work_dir=work_dir,
    )
    return checkpoint, list(history.columns), len(history)


@pytest.fixture(params=sorted(MEMBERS))
def member(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_every_member_scores_every_text_and_knows_its_labels(member: str) -> None:
    checkpoint, _, _ = fitted(member)
    logits, hidden = score_texts(checkpoint, ["happy", "a new word", ""])
    assert logits.shape == (3, 7)
    assert hidden.shape[0] == 3
    assert checkpoint.params["labels"] == list(EKMAN)
    assert np.isfinite(logits).all()


def test_only_networks_have_a_history(member: str) -> None:
    _, columns, n_epochs = fitted(member)
    assert columns == list(HISTORY_COLUMNS)
    assert n_epochs == (8 if member in ("cnn", "lstm") else 0)


def test_the_same_seed_gives_the_same_scores(member: str) -> None:
    first, second = (score_texts(fitted(member)[0], ["happy the", "mad"])[0] for _ in range(2))
    assert np.array_equal(first, second)


def test_no_texts_give_no_rows_of_the_right_width(member: str) -> None:
    checkpoint, _, _ = fitted(member)
    logits, hidden = score_texts(checkpoint, [])
    assert logits.shape == (0, 7)
    assert hidden.shape == (0, score_texts(checkpoint, ["a"])[1].shape[1])


def test_scores_of_a_text_do_not_depend_on_its_company(member: str) -> None:
    checkpoint, _, _ = fitted(member)
    together = score_texts(checkpoint, ["happy so glad", "mad", "the green table"])[0]
    alone = np.concatenate([score_texts(checkpoint, [text])[0] for text in ("happy so glad", "mad", "the green table")])
    assert np.allclose(together, alone, atol=1e-5)


@pytest.mark.parametrize("member", ["tfidf", "cnn", "lstm", "lexicon_rule"])
def test_members_that_read_tell_joy_from_anger(member: str) -> None:
    logits, _ = score_texts(fitted(member)[0], ["happy the glad", "furious a mad"])
    assert logits[0, 3] > logits[1, 3]
    assert logits[1, 0] > logits[0, 0]


def test_tfidf_takes_the_penalty_that_validation_prefers() -> None:
    train, valid = texts(60, 0), texts(20, 1)
    params, seen = MEMBERS["tfidf"], []

    def prefer_second(truth: np.ndarray, scores: np.ndarray) -> float:
        seen.append(scores)
        return float(len(seen) == 2)

    options = {"metric": prefer_second, "metric_name": "score", "seed": 1, "work_dir": None}
    checkpoint, _ = fit_member(train, valid, Vocabulary(("<pad>", "<unknown>")), params, None, CPU, **options)
    assert np.allclose(score_texts(checkpoint, valid.texts)[0], seen[1], atol=1e-4)
    assert not np.allclose(seen[0], seen[1], atol=1e-2)


def test_a_label_that_training_never_saw_gets_a_low_score_and_no_error() -> None:
    logits, _ = score_texts(fitted("tfidf")[0], ["happy"])
    assert logits[0, 5] < -4


def test_encode_texts_applies_the_calibration_of_the_checkpoint(member: str) -> None:
    checkpoint, _, _ = fitted(member)
    rule = DecisionRule("ekman", np.full(7, 0.5), np.full(7, -1.0), {"ekman": np.full(7, 0.5)})
    tuned = with_decision_rule(checkpoint, rule, note="kept")
    again = Checkpoint(tuned.architecture, tuned.params, tuned.weights, json.loads(json.dumps(tuned.metadata)))
    probabilities, hidden = encode_texts(again, ["happy", "mad"])
    logits, code = score_texts(checkpoint, ["happy", "mad"])
    assert np.allclose(probabilities, 1 / (1 + np.exp(1.0 - 0.5 * logits)), atol=1e-6)
    assert np.allclose(hidden, code)
    assert tuned.metadata["note"] == "kept"


def test_a_network_without_a_pace_is_refused() -> None:
    train = texts(10, 0)
    options = {"metric": covariance, "metric_name": "score", "seed": 1, "work_dir": None}
    with pytest.raises(ValueError, match="lstm"):
        fit_member(train, train, Vocabulary(("<pad>", "<unknown>")), MEMBERS["lstm"], None, CPU, **options)


def test_a_checkpoint_of_another_family_is_refused() -> None:
    with pytest.raises(ValueError, match="sasrec"):
        score_texts(Checkpoint("sasrec", {}, {}), ["a"])


def test_the_fingerprint_changes_with_a_text_and_with_a_label() -> None:
    one = texts(10, 0)
    relabelled = LabelledTexts(one.texts, 1 - one.labels, one.names, one.taxonomy)
    reworded = LabelledTexts(["other", *one.texts[1:]], one.labels, one.names, one.taxonomy)
    assert len({one.fingerprint(), relabelled.fingerprint(), reworded.fingerprint()}) == 3
