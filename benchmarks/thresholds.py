"""How well thresholds hold on texts that they were not tuned on, rules side by side.

`python -m benchmarks.thresholds DATA_ROOT` reads the train and valid texts that a run left under DATA_ROOT
(data/envs/goemotions, say). TF-IDF is fitted on one half of the train texts and scores the other, and the other way
round. Calibration and thresholds are tuned on as many of these scored texts as there are valid ones, and macro-F1 is
measured on the rest of the half: many more than a validation split holds. No valid text takes part.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import yaml
from scipy.special import expit, logit

from affectlens.evaluation.average_precision import macro_average_precision
from affectlens.evaluation.calibrating import fit_calibration
from affectlens.evaluation.emotion import macro_f1
from affectlens.evaluation.thresholds import folds_of, tuned_thresholds
from affectlens.models.emotion.tfidf import TfidfClassifier, TfidfParams
from affectlens.pipelines.emotion_training.tables import labelled_texts
from affectlens.training.emotion_members import LabelledTexts, fit_tfidf

PARAMETERS = Path(__file__).parent.parent / "conf/base/parameters_emotion_training.yml"
RULES = ((0.0, 0.0), (10.0, 0.0), (0.0, 0.25), (5.0, 0.25), (10.0, 0.25), (20.0, 0.25), (10.0, 0.1), (10.0, 0.5))
COMMON = 20.0  # positives at which a label's own and the common threshold weigh the same
CANDIDATES = expit(np.linspace(-8.0, 3.0, 200))
RIDGE, PENALTY, SEED = 1.0, 2.0, 7


def main(root: Path) -> pd.DataFrame:
    """One row a rule: macro-F1 on unseen texts, and its difference to each label's own best threshold."""
    examples = pd.read_parquet(root / "05_model_input/emotion_examples.parquet")
    train, n_tuned = labelled_texts(examples, "train"), len(labelled_texts(examples, "valid").texts)
    found = np.array([list(scored(*each)) for each in trials(train, n_tuned)])
    gaps = found - found[:, :1]
    return pd.DataFrame(
        {
            "rule": [*(f"shrinkage {shrinkage}, smoothing {smoothing}" for shrinkage, smoothing in RULES), "common"],
            "macro_f1": found.mean(axis=0),
            "difference": gaps.mean(axis=0),
            "standard_error": gaps.std(axis=0, ddof=1) / np.sqrt(len(gaps)),
            "n_tuning_sets": len(gaps),
        }
    )


def trials(train: LabelledTexts, n_tuned: int) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]]:
    """Scores and labels to tune on, which no two trials share, and those of the rest of the half."""
    half = folds_of(len(train.texts), 2, SEED)
    for number in (0, 1):
        known, rest = part(train, np.flatnonzero(half != number)), part(train, np.flatnonzero(half == number))
        checkpoint = fit_tfidf(known, rest, tfidf_params(), macro_average_precision, SEED)
        logits = TfidfClassifier.restore(checkpoint).logits(rest.texts)
        place = np.random.default_rng([SEED, number]).permutation(len(rest.texts))
        for start in range(0, len(place) - n_tuned + 1, n_tuned):
            tuned, unseen = place[start : start + n_tuned], np.delete(place, slice(start, start + n_tuned))
            yield logits[tuned], rest.labels[tuned], logits[unseen], rest.labels[unseen]


def part(texts: LabelledTexts, rows: np.ndarray) -> LabelledTexts:
    """Some rows of labelled texts."""
    return LabelledTexts([texts.texts[row] for row in rows], texts.labels[rows], texts.names, texts.taxonomy)


def tfidf_params() -> TfidfParams:
    """The parameters of the member, with one penalty."""
    model = yaml.safe_load(PARAMETERS.read_text())["emotion"]["tfidf"]["model"]
    return TfidfParams.model_validate(model | {"language": "en", "inverse_penalties": [PENALTY]})


def scored(logits: np.ndarray, truth: np.ndarray, unseen: np.ndarray, unseen_truth: np.ndarray) -> Iterator[float]:
    """Macro-F1 on unseen rows of each rule, all on the same calibrated probabilities."""
    calibration = fit_calibration(logits, truth, RIDGE)
    probabilities, others = calibration.probabilities(logits), calibration.probabilities(unseen)
    for shrinkage, smoothing in RULES:
        thresholds = tuned_thresholds(probabilities, truth, shrinkage, smoothing)
        yield macro_f1(unseen_truth, others >= thresholds)
    yield macro_f1(unseen_truth, others >= drawn_to_common(probabilities, truth))


def drawn_to_common(probabilities: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Each label's own best threshold, drawn in log-odds to the best common one, the more the rarer the label is."""
    common = max(CANDIDATES, key=lambda threshold: macro_f1(truth, probabilities >= threshold))
    own, n_positive = tuned_thresholds(probabilities, truth, 0.0, 0.0), truth.sum(axis=0)
    weight = n_positive / (n_positive + COMMON)
    return np.asarray(expit(weight * logit(own) + (1.0 - weight) * logit(common)))


if __name__ == "__main__":
    print(main(Path(sys.argv[1])).round(4).to_string(index=False))  # noqa: T201  a command's output
