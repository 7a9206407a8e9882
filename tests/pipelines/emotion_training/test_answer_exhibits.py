"""Calibration and confusion as the report shows them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from affectlens.features.taxonomy import labels_of
from affectlens.pipelines.emotion_training.answer_exhibits import answer_exhibits

LABELS = labels_of("sentiment")


def answers(model: str, decided: list[str], stated: float) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "model": model,
            "unit": [f"t{i}" for i in range(len(decided))],
            "truth": [[LABELS[0]]] * len(decided),
            "decided": [[name] if name else [] for name in decided],
            "probabilities": [np.eye(len(LABELS), dtype=np.float32)[0] * stated] * len(decided),
            "brier": 0.0,
        }
    )


def test_the_chosen_model_stands_beside_the_learned_baseline() -> None:
    said = [LABELS[0], LABELS[0], LABELS[1], ""]
    table = pd.concat([answers("cnn", said, 0.9), answers("tfidf", said, 0.5), answers("majority", said, 0.1)])
    curves, matrix = answer_exhibits(table, "cnn", "sentiment", 0)
    assert [(line.name, line.x[-1], line.y[-1]) for line in curves.series] == [
        ("cnn", pytest.approx(0.9), 1.0), ("tfidf", 0.5, 1.0),
    ]  # fmt: skip
    assert curves.note.values["distances"] == "0.025 (cnn), 0.125 (tfidf)"
    assert matrix.columns == (*LABELS, "no label")
    assert matrix.values[0][:2] == (0.5, 0.25)
    assert matrix.values[0][-1] == 0.25
    assert matrix.values[1] == (None,) * (len(LABELS) + 1)


def test_a_chosen_model_without_answers_shows_nothing() -> None:
    assert answer_exhibits(answers("tfidf", [LABELS[0]], 0.5), "cnn", "sentiment", 0) == []
