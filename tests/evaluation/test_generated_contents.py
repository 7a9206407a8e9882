from __future__ import annotations

import numpy as np
import pytest

from affectlens.evaluation.augmentation import (
    AugmentationParams,
    AugmentationTask,
    augmentation_estimates,
    known_rows,
    rarest_emotions,
)
from affectlens.evaluation.generated_media import MediaTest, fit_media_judge, score_media
from affectlens.evaluation.generated_text import (
    TextTest,
    distinct,
    fit_text_judge,
    language_model,
    longest_shared,
    perplexity,
    score_texts,
    self_bleu,
)
from affectlens.evaluation.generation_judge import LabelledVectors
from affectlens.features.lexicon import is_emotion_word

TRAIN = [["i", "am", "happy", "today"], ["i", "am", "furious", "today"]] * 5
LABELS = np.array([0, 1] * 5)


def text_test(labels: np.ndarray) -> TextTest:
    return TextTest(TRAIN, labels, is_emotion_word, fit_text_judge(TRAIN, LABELS), 10, 10, seed=0)


def test_texts_that_repeat_each_other_are_all_the_same_to_bleu_and_none_is_new() -> None:
    same = [["a", "b", "c", "d", "e"]] * 3
    assert self_bleu(same).tolist() == [1.0, 1.0, 1.0]
    assert self_bleu([["a", "b", "c", "d"], ["e", "f", "g", "h"]]).max() < 0.1
    assert longest_shared(TRAIN[:2], TRAIN).tolist() == [4.0, 4.0]


def test_an_outside_judge_sees_the_emotion_until_its_words_are_masked() -> None:
    scores = score_texts(TRAIN, text_test(LABELS))
    assert scores["text_accuracy"].value == 1.0
    assert scores["text_accuracy_masked"].value == 0.5
    assert scores["long_shared_share"].value == 0.0
    assert scores["distinct_1"].value == pytest.approx(5 / 40)
    for name, estimate in scores.items():
        assert estimate.lower - 1e-9 <= estimate.value <= estimate.upper + 1e-9, name


def test_a_known_text_is_less_surprising_than_a_shuffled_one() -> None:
    known, shuffled = [TRAIN[0]] * 4, [["today", "happy", "am", "i"]] * 4
    values = [score_texts(each, text_test(np.zeros(4, dtype=int)))["perplexity"].value for each in (known, shuffled)]
    assert values[0] < values[1]


@pytest.mark.parametrize("length", [1, 3, 20])
def test_words_that_nobody_wrote_are_more_surprising_than_any_training_text(length: int) -> None:
    nonsense = perplexity([["qq", "zz", "xx", "ww"] * length], TRAIN, seed=0).value
    assert nonsense > 10 * max(perplexity([text], TRAIN, seed=0).value for text in TRAIN)
    assert nonsense > perplexity([["qq", "am", "happy", "today"]], TRAIN, seed=0).value


def test_the_language_model_spreads_its_belief_over_words_ends_and_the_unknown() -> None:
    model = language_model(TRAIN)
    for context in ((), ("i",), ("i", "am"), ("<s>", "<s>"), ("never", "seen")):
        assert sum(model.score(word, context) for word in model.vocab if word != "<s>") == pytest.approx(1.0)


def test_perplexity_needs_texts_on_both_sides() -> None:
    assert np.isnan(perplexity([], TRAIN, seed=0).value)
    assert np.isnan(perplexity(TRAIN, [], seed=0).value)


@pytest.mark.parametrize("texts", [[[], ["a", "b"]], [["a"], ["b"]], [["a"] * 9, ["b"]]])
def test_the_interval_of_distinct_is_one_of_shares(texts: list[list[str]]) -> None:
    found = distinct(texts, 1, seed=0)
    assert 0.0 <= found.lower <= found.value <= found.upper <= 1.0


def test_one_text_alone_repeats_nobody() -> None:
    assert np.isnan(self_bleu([["a", "b"]])).tolist() == [True]
    assert len(self_bleu([])) == 0


def test_one_emotion_alone_gives_no_judge() -> None:
    assert fit_text_judge(TRAIN, np.zeros(10)) is None
    assert fit_media_judge(np.zeros((9, 1, 32, 32, 3)), np.zeros(9)) is None


def clips(labels: np.ndarray, seed: int) -> np.ndarray:
    """Emotion 1 is bright and grows brighter, emotion 0 rests in the dark."""
    draws = np.random.default_rng(seed)
    rise = np.linspace(0.0, 0.5, 8)[None, :] * labels[:, None]
    frames = 0.2 + 0.2 * labels[:, None, None, None, None] + rise[:, :, None, None, None]
    return np.clip(frames + 0.05 * draws.random((len(labels), 8, 32, 32, 3)), 0.0, 1.0).astype(np.float32)


def test_a_judge_of_clips_sees_the_emotion_and_motion_follows_arousal() -> None:
    labels = np.arange(40) % 2
    test = MediaTest(
        real=clips(labels, 0),
        labels=labels,
        arousal=labels.astype(np.float64),
        train=clips(labels, 1),
        judge=fit_media_judge(clips(labels, 2), labels),
        seed=0,
    )
    good, copied = score_media(clips(labels, 3), test), score_media(clips(labels, 1), test)
    wrong = score_media(clips(1 - labels, 3), test)
    assert good["picture_accuracy"].value == 1.0
    assert good["motion_arousal_correlation"].value > 0.8
    assert good["picture_mmd2"].value < 0.05
    assert copied["picture_authenticity"].value == 0.0
    assert wrong["picture_accuracy"].value == 0.0
    assert wrong["motion_arousal_correlation"].value < -0.8


def scattered(n: int, seed: int) -> LabelledVectors:
    draws = np.random.default_rng(seed)
    labels = draws.choice(3, size=n, p=[0.6, 0.36, 0.04])
    return LabelledVectors(3.0 * np.eye(3, 30)[labels] + draws.normal(size=(n, 30)), labels)


def test_augmentation_by_the_truth_helps_the_rare_emotion_and_resampling_itself_does_not() -> None:
    train, test = scattered(400, 0), scattered(600, 1)
    params = AugmentationParams(shares=[0.1], n_repeats=8, rare_share=0.3, penalty=1.0)
    task = AugmentationTask(train, test, params, seed=0)

    def oracle(rows: np.ndarray, wanted: np.ndarray, seed: int) -> np.ndarray:
        return 3.0 * np.eye(3, 30)[wanted] + np.random.default_rng(seed).normal(size=(len(wanted), 30))

    def repeat(rows: np.ndarray, wanted: np.ndarray, seed: int) -> np.ndarray:
        draws = np.random.default_rng(seed + 1)
        return np.stack([train.vectors[draws.choice(rows[train.labels[rows] == each])] for each in wanted])

    found, null = (augmentation_estimates(task, make) for make in (oracle, repeat))
    assert found["augmentation_lift_rare@10%"].value > 0.05
    assert abs(null["augmentation_lift_rare@10%"].value) < found["augmentation_lift_rare@10%"].value
    assert found["augmentation_lift@10%"].n == 8
    assert 0 < found["augmentation_lift_rare@10%_p_value"].value <= 1


def test_a_part_of_the_labels_holds_two_of_each_emotion_at_least() -> None:
    labels = np.array([0] * 100 + [1] * 3)
    rows = known_rows(labels, 0.05, np.random.default_rng(0))
    assert np.bincount(labels[rows]).tolist() == [5, 2]
    assert rarest_emotions(labels, 0.5).tolist() == [1]
