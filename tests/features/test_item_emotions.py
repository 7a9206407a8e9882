from __future__ import annotations

import numpy as np
import pandas as pd

from affectlens.features.item_emotions import item_emotions


def test_texts_speak_for_themselves_and_train_reactions_for_the_rest() -> None:
    contents = pd.DataFrame(
        {"content_id": ["a", "b", "c"], "has_text": [True, False, False], "probabilities": [[0.9, 0.1], [0, 0], [0, 0]]}
    )
    utterances = pd.DataFrame({"utterance_id": list("1234"), "content_id": ["a", "b", "b", "c"]})
    splits = pd.DataFrame({"utterance_id": list("1234"), "split": ["train", "train", "test", "valid"]})
    signals = pd.DataFrame({"utterance_id": list("1234"), "probabilities": [[0, 1], [0.2, 0.6], [1, 0], [1, 0]]})
    found = item_emotions(contents, signals, utterances, splits)
    assert set(found) == {"a", "b"}  # what was written about c came later
    assert np.allclose(found["a"], [0.9, 0.1])
    assert np.allclose(found["b"], [0.25, 0.75])


def test_without_emotion_training_nothing_is_known() -> None:
    empty = pd.DataFrame({"content_id": [], "has_text": [], "probabilities": []})
    utterances = pd.DataFrame({"utterance_id": [], "content_id": []})
    splits = pd.DataFrame({"utterance_id": [], "split": []})
    assert item_emotions(empty, pd.DataFrame({"utterance_id": [], "probabilities": []}), utterances, splits) == {}
