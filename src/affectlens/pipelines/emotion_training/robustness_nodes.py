"""The node of emotion_training that changes texts a little and reads them again."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from affectlens.evaluation.documents import bootstrap
from affectlens.evaluation.emotion import f1_statistic, paired_macro_f1
from affectlens.evaluation.estimate import Estimate
from affectlens.features.edits import EDITS, edited
from affectlens.models.checkpoint import Checkpoint
from affectlens.models.emotion.decision import DecisionRule
from affectlens.pipelines.emotion_training import scoring, tables
from affectlens.training.emotion import LabelledTexts, score_texts


def score_edits(
    examples: pd.DataFrame, n_edited: int, seed: int, dataset: str, model: Checkpoint, tfidf: Checkpoint
) -> pd.DataFrame:
    """Macro-F1 of the chosen model and of TF-IDF on texts with typing errors, in capitals, without emoji and so on.

    Thresholds are those that the checkpoints carry. `macro_f1_change:<edit>` is the edited texts minus the same texts
    as they were written.
    """
    split = scoring.split_of(examples)
    setting = scoring.Setting(split, "edits", seed, dataset)
    rows = examples[examples["split"] == split]
    texts = tables.labelled_texts(rows.sample(min(n_edited, len(rows)), random_state=seed), split)
    parts = [
        setting.rows(name, _under_edits(each, texts, seed), is_baseline=name in scoring.BASELINES)
        for name, each in {each.architecture: each for each in scoring.fitted([model, tfidf])}.items()
    ]
    return scoring.joined(parts)


def _under_edits(checkpoint: Checkpoint, texts: LabelledTexts, seed: int) -> dict[str, Estimate]:
    written = _decided(checkpoint, texts.texts, texts.taxonomy)
    found = _macro_f1("macro_f1", texts.labels, written, seed)
    for edit in EDITS:
        changed = _decided(checkpoint, edited(texts.texts, edit, seed), texts.taxonomy)
        found |= _macro_f1(f"macro_f1:{edit}", texts.labels, changed, seed)
        found[f"macro_f1_change:{edit}"] = paired_macro_f1(texts.labels, changed, written, seed)[0]
    return found


def _decided(checkpoint: Checkpoint, texts: Sequence[str], taxonomy: str) -> np.ndarray:
    rule = DecisionRule.from_dict(checkpoint.metadata["decision"])
    return rule.decisions(rule.probabilities(score_texts(checkpoint, texts)[0]))[taxonomy]


def _macro_f1(name: str, truth: np.ndarray, decisions: np.ndarray, seed: int) -> dict[str, Estimate]:
    return {name: bootstrap([f1_statistic(truth, decisions)], len(truth), seed)["macro_f1"]}
