"""The node of emotion_training that reads what was not written as the labelled texts were."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np
import pandas as pd

from affectlens.evaluation.documents import bootstrap
from affectlens.evaluation.emotion import f1_statistic, paired_macro_f1
from affectlens.evaluation.estimate import Estimate, mean_estimate
from affectlens.features.edits import EDITS, edited
from affectlens.features.probes import negation_probes
from affectlens.features.taxonomy import indicator_matrix, labels_of
from affectlens.models.checkpoint import Checkpoint
from affectlens.models.emotion.decision import DecisionRule
from affectlens.pipelines.emotion_training import scoring, tables
from affectlens.pipelines.emotion_training.params import RobustnessParams
from affectlens.training.emotion import LabelledTexts, score_texts

Reading = Callable[[Checkpoint], Mapping[str, Estimate]]


def score_robustness(
    examples: pd.DataFrame,
    other_texts: pd.DataFrame,
    params: RobustnessParams,
    seed: int,
    dataset: str,
    *models: Checkpoint,
) -> pd.DataFrame:
    """Texts that were changed a little, feelings that are denied, and texts of other sources."""
    return scoring.joined(
        [
            edit_rows(examples, params, seed, dataset, models),
            negation_rows(params, seed, dataset, models),
            other_source_rows(other_texts, params, seed, dataset, models),
        ]
    )


def edit_rows(
    examples: pd.DataFrame, params: RobustnessParams, seed: int, dataset: str, models: Sequence[Checkpoint]
) -> pd.DataFrame:
    """Macro-F1 of the models on texts with typing errors, in capitals, without emoji and so on.

    Thresholds are those that the checkpoints carry. `macro_f1_change:<edit>` is the edited texts minus the same texts
    as they were written.
    """
    split = scoring.split_of(examples)
    rows = examples[examples["split"] == split]
    texts = tables.labelled_texts(rows.sample(min(params.n_edited, len(rows)), random_state=seed), split)
    setting = scoring.Setting(split, "edits", seed, dataset)
    return _read_by_each(models, setting, lambda model: _under_edits(model, texts, seed))


def negation_rows(params: RobustnessParams, seed: int, dataset: str, models: Sequence[Checkpoint]) -> pd.DataFrame:
    """Whether a feeling is heard where it is said, and not heard where it is denied; no rows in another language.

    `said` and `denied` are the shares of sentences in which the feeling is decided to be present, `followed` the share
    of pairs in which its probability falls with the denial, `followed_control` the same for another word in the place
    of the negation; means over words.
    """
    setting = scoring.Setting("probes", "negation", seed, dataset)
    able = models if params.language == "en" else ()
    return _read_by_each(able, setting, lambda model: _of_negation(model, seed))


def other_source_rows(
    other_texts: pd.DataFrame, params: RobustnessParams, seed: int, dataset: str, models: Sequence[Checkpoint]
) -> pd.DataFrame:
    """Macro-F1 on labelled texts of other sources, with the thresholds that the checkpoints carry.

    Labels are compared in the taxonomy of the other source, where the published maps lead there from the model's.
    """
    parts = [_read_by_each((), scoring.Setting("other", "other source", seed, dataset), lambda _: {})]
    for source, taxonomy in other_texts[["source", "taxonomy"]].drop_duplicates().itertuples(index=False):
        rows = other_texts[(other_texts["source"] == source) & (other_texts["taxonomy"] == taxonomy)]
        chosen = rows.sample(min(params.n_other, len(rows)), random_state=seed)
        truth = indicator_matrix(list(chosen["labels"]), taxonomy)
        texts = LabelledTexts(chosen["text"].tolist(), truth, labels_of(taxonomy), taxonomy)
        able = [each for each in scoring.fitted(models) if taxonomy in _rule_of(each).thresholds]
        setting = scoring.Setting("other", f"other source: {source}", seed, dataset)
        parts.append(_read_by_each(able, setting, partial(_plainly, texts=texts, seed=seed)))
    return scoring.joined(parts)


def _read_by_each(models: Sequence[Checkpoint], setting: scoring.Setting, read: Reading) -> pd.DataFrame:
    """Rows of each fitted model, a model that is handed in twice once."""
    distinct = {each.architecture: each for each in scoring.fitted(models)}
    rows = [setting.rows(name, read(each), is_baseline=name in scoring.BASELINES) for name, each in distinct.items()]
    return scoring.joined([*rows, setting.rows("", {}, is_baseline=False)])


def _under_edits(checkpoint: Checkpoint, texts: LabelledTexts, seed: int) -> dict[str, Estimate]:
    written = _decided(checkpoint, texts.texts, texts.taxonomy)
    found = _macro_f1("macro_f1", texts.labels, written, seed)
    for edit in EDITS:
        changed = _decided(checkpoint, edited(texts.texts, edit, seed), texts.taxonomy)
        found |= _macro_f1(f"macro_f1:{edit}", texts.labels, changed, seed)
        found[f"macro_f1_change:{edit}"] = paired_macro_f1(texts.labels, changed, written, seed)[0]
    return found


def _plainly(checkpoint: Checkpoint, texts: LabelledTexts, seed: int) -> dict[str, Estimate]:
    return _macro_f1("macro_f1", texts.labels, _decided(checkpoint, texts.texts, texts.taxonomy), seed)


def _of_negation(checkpoint: Checkpoint, seed: int) -> dict[str, Estimate]:
    rule = _rule_of(checkpoint)
    probes = negation_probes(rule.taxonomy)
    label = np.repeat([labels_of(rule.taxonomy).index(name) for name in probes.labels], probes.n_templates)
    said, denied, control = (
        rule.probabilities(score_texts(checkpoint, sentences)[0])
        for sentences in (probes.said, probes.denied, probes.control)
    )
    at, threshold = (np.arange(len(label)), label), rule.thresholds[rule.taxonomy][label]
    values = {
        "said": said[at] >= threshold,
        "denied": denied[at] >= threshold,
        "followed": denied[at] < said[at],
        "followed_control": control[at] < said[at],
    }
    return {
        name: mean_estimate(value.reshape(len(probes.words), -1).mean(axis=1), seed) for name, value in values.items()
    }


def _rule_of(checkpoint: Checkpoint) -> DecisionRule:
    return DecisionRule.from_dict(checkpoint.metadata["decision"])


def _decided(checkpoint: Checkpoint, texts: Sequence[str], taxonomy: str) -> np.ndarray:
    rule = _rule_of(checkpoint)
    return rule.decisions(rule.probabilities(score_texts(checkpoint, texts)[0]))[taxonomy]


def _macro_f1(name: str, truth: np.ndarray, decisions: np.ndarray, seed: int) -> dict[str, Estimate]:
    return {name: bootstrap([f1_statistic(truth, decisions)], len(truth), seed)["macro_f1"]}
