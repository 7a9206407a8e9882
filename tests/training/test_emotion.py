from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import tiny_encoder
from affectlens.features.taxonomy import EKMAN
from affectlens.features.text import Vocabulary, VocabularyParams
from affectlens.models.checkpoint import Checkpoint
from affectlens.models.emotion.blend import Blend
from affectlens.models.emotion.cnn import TextCnnParams
from affectlens.models.emotion.decision import Calibration, DecisionRule
from affectlens.models.emotion.lexicon_rule import LexiconRuleParams
from affectlens.models.emotion.majority import MajorityParams
from affectlens.models.emotion.recurrent import TableLstmParams, TextRecurrentParams
from affectlens.models.emotion.tfidf import NgramParams, TfidfParams
from affectlens.models.emotion.transformer import PupilParams, TransformerParams
from affectlens.training.emotion import (
    FittingTask,
    LabelledTexts,
    MemberModel,
    encode_texts,
    fit_member,
    score_texts,
    with_decision_rule,
)
from affectlens.training.emotion_members import HISTORY_COLUMNS
from affectlens.training.loop import TrainerParams, TrainingParams
from affectlens.training.pace import PaceParams

CPU = TrainerParams(accelerator="cpu", devices=1, precision="32-true", strategy="auto")
FAST = TrainingParams(max_epochs=8, batch_size=8, learning_rate=0.02, weight_decay=0.0, patience=8, gradient_clip=1.0)
SIZES = {
    "max_tokens": 12,
    "embedding_size": 16,
    "hidden_size": 8,
    "dropout": 0.1,
    "word_dropout": 0.0,
    "neighbourhood": 2,
    "lexicon": True,
    "language": "en",
}
MEMBERS: dict[str, MemberModel] = {
    "majority": MajorityParams(kind="majority"),
    "lexicon_rule": LexiconRuleParams(kind="lexicon_rule"),
    "tfidf": TfidfParams(
        kind="tfidf",
        language="en",
        word=NgramParams(shortest=1, longest=1, min_texts=1),
        character=NgramParams(shortest=2, longest=3, min_texts=1),
        inverse_penalties=(0.1, 10.0),
        tolerance=0.1,
        max_iterations=50,
    ),
    "cnn": TextCnnParams(kind="cnn", widths=(1, 2), n_filters=6, **SIZES),
    "lstm": TextRecurrentParams(kind="lstm", state_size=6, **SIZES),
    "gru": TextRecurrentParams(kind="gru", state_size=6, **SIZES),
    "table_lstm": TableLstmParams(
        kind="table_lstm", max_tokens=12, hidden_size=8, state_size=6, dropout=0.1, word_dropout=0.0
    ),
    "encoder": TransformerParams(
        kind="encoder",
        max_tokens=12,
        frozen_layers=1,
        rank=None,
        hidden_size=8,
        dropout=0.0,
        state_dropout=0.0,
        head_dropout=0.0,
    ),
}
ALL_TOKENS = VocabularyParams(language="en", min_count=1, max_size=50)
NETWORKS = ("cnn", "lstm", "gru", "table_lstm", "encoder")
PACE = PaceParams(warmup_steps=2, budget_s=None, averaging=0.5, head_factor=1.0)
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


def task(member: str, source: str, **changes: Any) -> FittingTask:
    train, valid = texts(60, 0), texts(20, 1)
    usual = {
        "train": train,
        "valid": valid,
        "tokens": Vocabulary.from_texts(train.texts, ALL_TOKENS).tokens,
        "source": source,
        "training": FAST if member in NETWORKS else None,
        "pace": PACE if member in ("table_lstm", "encoder") else None,
        "trainer": CPU,
        "metric": covariance,
        "metric_name": "score",
        "seed": 1,
        "work_dir": None,
    }
    return FittingTask(**{**usual, **changes})


@pytest.fixture(scope="module")
def fit_one(encoder_folder: Path) -> Callable[[str], tuple[Checkpoint, pd.DataFrame]]:
    return lambda member: fit_member(MEMBERS[member], task(member, str(encoder_folder)))


@pytest.fixture(params=sorted(MEMBERS))
def member(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_every_member_scores_every_text_and_knows_its_labels(member: str, fit_one) -> None:
    checkpoint, _ = fit_one(member)
    logits, hidden = score_texts(checkpoint, ["happy", "a new word", ""])
    assert logits.shape == (3, 7)
    assert hidden.shape[0] == 3
    assert checkpoint.params["labels"] == list(EKMAN)
    assert np.isfinite(logits).all()


def test_only_networks_have_a_history(member: str, fit_one) -> None:
    _, history = fit_one(member)
    assert list(history.columns) == list(HISTORY_COLUMNS)
    assert len(history) == (8 if member in NETWORKS else 0)


def test_the_same_seed_gives_the_same_scores(member: str, fit_one) -> None:
    first, second = (score_texts(fit_one(member)[0], ["happy the", "mad"])[0] for _ in range(2))
    assert np.array_equal(first, second)


def test_no_texts_give_no_rows_of_the_right_width(member: str, fit_one) -> None:
    checkpoint, _ = fit_one(member)
    logits, hidden = score_texts(checkpoint, [])
    assert logits.shape == (0, 7)
    assert hidden.shape == (0, score_texts(checkpoint, ["a"])[1].shape[1])


def test_scores_of_a_text_do_not_depend_on_its_company(member: str, fit_one) -> None:
    checkpoint, _ = fit_one(member)
    together = score_texts(checkpoint, ["happy so glad", "mad", "the green table"])[0]
    alone = np.concatenate([score_texts(checkpoint, [text])[0] for text in ("happy so glad", "mad", "the green table")])
    assert np.allclose(together, alone, atol=1e-5)


@pytest.mark.parametrize("member", ["tfidf", "lexicon_rule", *NETWORKS])
def test_members_that_read_tell_joy_from_anger(member: str, fit_one) -> None:
    logits, _ = score_texts(fit_one(member)[0], ["happy the glad", "furious a mad"])
    assert logits[0, 3] > logits[1, 3]
    assert logits[1, 0] > logits[0, 0]


def test_tfidf_takes_the_penalty_that_validation_prefers() -> None:
    seen: list[np.ndarray] = []

    def prefer_second(truth: np.ndarray, scores: np.ndarray) -> float:
        seen.append(scores)
        return float(len(seen) == 2)

    given = task("tfidf", "", metric=prefer_second)
    checkpoint, _ = fit_member(MEMBERS["tfidf"], given)
    assert np.allclose(score_texts(checkpoint, given.valid.texts)[0], seen[1], atol=1e-4)
    assert not np.allclose(seen[0], seen[1], atol=1e-2)


def test_a_label_that_training_never_saw_gets_a_low_score_and_no_error(fit_one) -> None:
    logits, _ = score_texts(fit_one("tfidf")[0], ["happy"])
    assert logits[0, 5] < -4


def test_encode_texts_applies_the_calibration_of_the_checkpoint(member: str, fit_one) -> None:
    checkpoint, _ = fit_one(member)
    rule = DecisionRule(
        "ekman", Calibration.plain(np.full(7, 0.5), np.full(7, -1.0)), {"ekman": np.full(7, 0.5)}, np.full(7, 0.1)
    )
    tuned = with_decision_rule(checkpoint, rule, note="kept")
    again = Checkpoint(tuned.architecture, tuned.params, tuned.weights, json.loads(json.dumps(tuned.metadata)))
    probabilities, hidden = encode_texts(again, ["happy", "mad"])
    logits, code = score_texts(checkpoint, ["happy", "mad"])
    assert np.allclose(probabilities, 1 / (1 + np.exp(1.0 - 0.5 * logits)), atol=1e-6)
    assert np.allclose(hidden, code)
    assert tuned.metadata["note"] == "kept"


def test_a_network_without_training_is_refused() -> None:
    with pytest.raises(ValueError, match="needs `training`"):
        fit_member(MEMBERS["lstm"], task("lstm", "", training=None))


@pytest.mark.parametrize(("frozen_layers", "rank"), [(0, None), (0, 2), (1, 2)])
def test_full_and_low_rank_fine_tuning_learn_and_restore(encoder_folder: Path, frozen_layers: int, rank: int) -> None:
    params = MEMBERS["encoder"].model_copy(update={"frozen_layers": frozen_layers, "rank": rank})
    checkpoint, _ = fit_member(params, task("encoder", str(encoder_folder)))
    logits, _ = score_texts(checkpoint, ["happy the glad", "furious a mad"])
    assert logits[0, 3] > logits[1, 3]
    assert not [name for name in checkpoint.weights if "linear" in name]


def test_frozen_layers_keep_the_published_weights_and_the_others_do_not(encoder_folder: Path, fit_one) -> None:
    published = tiny_encoder.published_weights()
    weights = fit_one("encoder")[0].weights
    first, second = (f"encoder.layer.{layer}.intermediate.dense.weight" for layer in (0, 1))
    assert np.array_equal(weights["embed.weight"], published["embeddings.word_embeddings.weight"])
    assert np.array_equal(weights["layers.0.widen.weight"], published[first])
    assert not np.allclose(weights["layers.1.widen.weight"], published[second], atol=1e-4)


@pytest.mark.parametrize("member", NETWORKS)
def test_every_network_learns_in_bfloat16_too(member: str, encoder_folder: Path) -> None:
    half = CPU.model_copy(update={"precision": "bf16-mixed"})
    checkpoint, _ = fit_member(MEMBERS[member], task(member, str(encoder_folder), trainer=half))
    logits, _ = score_texts(checkpoint, ["happy the glad", "furious a mad"])
    assert logits[0, 3] > logits[1, 3]


def test_two_fits_of_an_encoder_differ_in_their_order_and_end_as_their_mean(encoder_folder: Path) -> None:
    def weight(fits: int, seed: int) -> np.ndarray:
        params = MEMBERS["encoder"].model_copy(update={"fits": fits, "state_dropout": 0.2})
        return fit_member(params, task("encoder", str(encoder_folder), seed=seed))[0].weights["layers.1.widen.weight"]

    first, both = weight(1, 1), weight(2, 1)
    second = 2.0 * both - first
    assert np.abs(second - first).max() > 1e-4
    params = MEMBERS["encoder"].model_copy(update={"fits": 2})
    _, history = fit_member(params, task("encoder", str(encoder_folder)))
    assert history["epoch"].tolist() == list(range(1, 17))


def test_a_pupil_hears_its_teacher_beside_the_labels(encoder_folder: Path) -> None:
    def learnt(pupil: PupilParams | None, fits: int = 1) -> tuple[Checkpoint, list[int]]:
        params = MEMBERS["encoder"].model_copy(update={"pupil": pupil, "fits": fits})
        checkpoint, history = fit_member(params, task("encoder", str(encoder_folder)))
        return checkpoint, history["epoch"].tolist()

    alone, epochs = learnt(None)
    taught, epochs_of_both = learnt(PupilParams(share=0.9, max_epochs=3, fits=2))
    assert epochs_of_both == list(range(1, len(epochs) + 7))
    said = ["happy the glad", "furious a mad"]
    by_teacher, by_pupil = (score_texts(each, said)[0] for each in (alone, taught))
    assert by_pupil[0, 3] > by_pupil[1, 3]  # the joy of the first is learnt
    assert not np.allclose(by_teacher, by_pupil, atol=1e-3)


def test_what_a_pupil_learns_from_lies_between_the_labels_and_what_is_said() -> None:
    whole = task("encoder", "nowhere")
    said = np.full(whole.train.labels.shape, 0.5, dtype=np.float32)
    taught = whole.taught(said, PupilParams(share=0.4, max_epochs=3, fits=1))
    assert np.allclose(taught.train.labels, np.where(whole.train.labels > 0, 0.8, 0.2))
    assert taught.training.max_epochs == 3
    assert np.array_equal(taught.valid.labels, whole.valid.labels)


def test_a_blend_reads_as_the_weighted_sum_of_its_members(fit_one) -> None:
    members = [fit_one(name)[0] for name in ("tfidf", "gru")]
    blend = Blend(np.full((2, 7), 0.5), np.zeros((2, 7)), np.array([0.25, 0.75]))
    said = ["happy the glad", "mad"]
    logits, hidden = score_texts(blend.checkpoint(members), said)
    alone = [score_texts(each, said) for each in members]
    assert np.allclose(logits, 0.125 * alone[0][0] + 0.375 * alone[1][0], atol=1e-5)
    assert np.allclose(hidden, alone[1][1])


def test_a_checkpoint_of_another_family_is_refused() -> None:
    with pytest.raises(ValueError, match="sasrec"):
        score_texts(Checkpoint("sasrec", {}, {}), ["a"])


def test_the_fingerprint_changes_with_a_text_and_with_a_label() -> None:
    one = texts(10, 0)
    relabelled = LabelledTexts(one.texts, 1 - one.labels, one.names, one.taxonomy)
    reworded = LabelledTexts(["other", *one.texts[1:]], one.labels, one.names, one.taxonomy)
    unsure = [LabelledTexts(one.texts, share * one.labels, one.names, one.taxonomy) for share in (0.4, 0.6)]
    assert len({each.fingerprint() for each in (one, relabelled, reworded, *unsure)}) == 5
