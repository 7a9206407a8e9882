from __future__ import annotations

import json

import numpy as np
import pytest

from affectlens.features.taxonomy import EKMAN
from affectlens.models.checkpoint import Checkpoint
from affectlens.models.emotion.lexicon_rule import lexicon_logits, make_lexicon_rule
from affectlens.models.emotion.majority import fit_majority, majority_logits
from affectlens.models.emotion.tfidf import NgramParams, TfidfClassifier, TfidfFeatures, TfidfParams

PARAMS = TfidfParams(
    kind="tfidf",
    language="en",
    word=NgramParams(shortest=1, longest=2, min_texts=1),
    character=NgramParams(shortest=2, longest=3, min_texts=1),
    inverse_penalties=(1.0,),
    tolerance=0.1,
    max_iterations=50,
)
TEXTS = ["I love this", "so SAD :(", "the table is green", "not bad!!"]


def through_json(checkpoint: Checkpoint) -> Checkpoint:
    return Checkpoint(checkpoint.architecture, json.loads(json.dumps(checkpoint.params)), checkpoint.weights)


def test_majority_gives_every_text_the_log_odds_of_training() -> None:
    labels = np.zeros((9, 7))
    labels[:4, 3] = 1
    logits = majority_logits(fit_majority(labels, EKMAN, "ekman"), ["a", "b"])
    assert logits.shape == (2, 7)
    assert logits[0, 3] == pytest.approx(np.log(0.45 / 0.55), abs=1e-6)
    assert np.array_equal(logits[0], logits[1])


def test_the_lexicon_rule_hears_emotion_words() -> None:
    logits = lexicon_logits(make_lexicon_rule(EKMAN, "ekman"), ["I am so happy", "a table"])
    assert logits[0].argmax() == EKMAN.index("joy")
    assert logits[1].argmax() == EKMAN.index("neutral")


def test_tfidf_features_of_training_texts_are_those_of_a_later_reading() -> None:
    features, matrix = TfidfFeatures.fit(TEXTS, PARAMS)
    assert abs(matrix - features.transform(TEXTS)).max() < 1e-6


def test_tfidf_survives_a_checkpoint_of_arrays_and_json() -> None:
    features, matrix = TfidfFeatures.fit(TEXTS, PARAMS)
    generator = np.random.default_rng(0)
    fitted = TfidfClassifier(features, generator.normal(size=(7, matrix.shape[1])).astype(np.float32), np.arange(7.0))
    restored = TfidfClassifier.restore(through_json(fitted.checkpoint(PARAMS, EKMAN, "ekman")))
    unseen = [*TEXTS, "a sad green love", ""]
    assert np.allclose(restored.logits(unseen), fitted.logits(unseen), atol=1e-5)
    assert np.allclose(restored.logits([""]), np.arange(7.0))
