"""What the report shows of answers to texts: stated probabilities beside what is true, and what is taken for what."""

from __future__ import annotations

import numpy as np
import pandas as pd

from affectlens.evaluation.reliability import confusion, reliability
from affectlens.exhibits import Axis, Curves, Exhibit, Matrix, Message, series_of
from affectlens.features.taxonomy import indicator_matrix, labels_of
from affectlens.pipelines.emotion_training.scoring import BASELINES

_CALIBRATION, _CONFUSION = "Calibration", "Confusion"
_NOTHING = "no label"
_BINNED = (
    "All labels together, in 15 bins; bands are 95 % intervals over texts. Every statement counting the same, the mean "
    "distance is {distances}."
)


def answer_exhibits(answers: pd.DataFrame, model: str, taxonomy: str, seed: int) -> list[Exhibit]:
    """Reliability of the chosen model beside that of the learned baseline, and the confusion of the chosen one.

    Args:
        answers: `emotion_answers`.
        model: that was chosen.
        taxonomy: of the labels.
        seed: draws the texts that the intervals come from.
    """
    wanted = dict.fromkeys((model, BASELINES[-1]))
    by_model = {name: texts for name in wanted if len(texts := answers[answers["model"] == name])}
    if model not in by_model:
        return []
    return [_reliability(by_model, taxonomy, seed), _confusion(by_model[model], model, taxonomy)]


def _reliability(by_model: dict[str, pd.DataFrame], taxonomy: str, seed: int) -> Curves:
    rows = {
        name: reliability(_coded(texts["truth"], taxonomy), np.stack(texts["probabilities"].tolist()), seed)
        for name, texts in by_model.items()
    }
    distances = ", ".join(f"{_distance(points):.3f} ({name})" for name, points in rows.items())
    points = pd.concat([found.assign(series=name) for name, found in rows.items()])
    return Curves(
        title="Stated probability and what is true",
        part=_CALIBRATION,
        note=Message(text=_BINNED, values={"distances": distances}),
        x=Axis(label="stated probability", is_share=True),
        y=Axis(label="share that is true", is_share=True),
        series=series_of(points.rename(columns={"stated": "x", "observed": "y"})),
        diagonal=True,
    )


def _distance(points: pd.DataFrame) -> float:
    """Mean distance from the diagonal over all that was stated."""
    return float(((points["observed"] - points["stated"]).abs() * points["n"]).sum() / points["n"].sum())


def _confusion(texts: pd.DataFrame, model: str, taxonomy: str) -> Matrix:
    names = tuple(labels_of(taxonomy))
    shares = confusion(_coded(texts["truth"], taxonomy), _coded(texts["decided"], taxonomy))
    told = "Of the texts with the emotion of a row, the share that {model} gives the emotion of a column; n = {n}."
    return Matrix(
        title="Which emotion is taken for which",
        part=_CONFUSION,
        note=Message(text=told, values={"model": model, "n": f"{len(texts):,}"}),
        row_label="true",
        column_label="given",
        rows=names,
        columns=(*names, _NOTHING),
        values=tuple(tuple(None if np.isnan(share) else float(share) for share in row) for row in shares),
        is_share=True,
    )


def _coded(labels: pd.Series, taxonomy: str) -> np.ndarray:
    return indicator_matrix([list(names) for names in labels], taxonomy)
