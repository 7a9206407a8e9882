"""Leaderboard rows of the emotion stage."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from affectlens.evaluation.agreement import human_ceiling
from affectlens.evaluation.calibration import brier_score
from affectlens.evaluation.emotion import ScoredTexts, emotion_estimates, macro_f1, paired_macro_f1
from affectlens.evaluation.estimate import Estimate, leaderboard_rows
from affectlens.evaluation.policy_values import holm
from affectlens.evaluation.thresholds import DecisionParams, cross_fitted, tune_decision_rule
from affectlens.features.taxonomy import indicator_matrix
from affectlens.models.checkpoint import Checkpoint
from affectlens.models.emotion.blend import BLEND, members_of
from affectlens.models.emotion.decision import DecisionRule
from affectlens.training.emotion import LabelledTexts, code_size, score_texts, with_decision_rule

logger = logging.getLogger(__name__)

NOT_FITTED = Checkpoint("none", {}, {})
UNTRAINED = ("majority", "lexicon_rule")
BASELINES = (*UNTRAINED, "tfidf")
HUMAN = "human"


@dataclass(frozen=True)
class Setting:
    """Where numbers come from: the columns that all rows of one part of the leaderboard share."""

    split: str
    protocol: str
    seed: int
    dataset: str

    def on_test(self) -> Setting:
        """The same on the test split, whose thresholds come from valid."""
        return Setting("test", "held_out", self.seed, self.dataset)

    def rows(self, model: str, estimates: Mapping[str, Estimate], *, is_baseline: bool) -> pd.DataFrame:
        """One row a metric; the right columns and no rows without metrics."""
        return leaderboard_rows(
            stage="emotion",
            model=model,
            is_baseline=is_baseline,
            estimates=estimates,
            split=self.split,
            protocol=self.protocol,
            seed=self.seed,
            dataset=self.dataset,
        )


def split_of(examples: pd.DataFrame) -> str:
    """The split that figures come from: test where there is one, else valid."""
    return "test" if (examples["split"] == "test").any() else "valid"


def fitted(checkpoints: Sequence[Checkpoint]) -> list[Checkpoint]:
    """The members that this run has."""
    return [each for each in checkpoints if each.architecture != NOT_FITTED.architecture]


def trained(checkpoints: Sequence[Checkpoint]) -> list[Checkpoint]:
    """The members of this run that learn from texts."""
    return [each for each in fitted(checkpoints) if each.architecture not in UNTRAINED]


def tuned(
    uncalibrated: Checkpoint, scores: np.ndarray, valid: LabelledTexts, params: DecisionParams, seed: int
) -> Checkpoint:
    """A member with calibration, thresholds and its cross-fitted macro-F1, from its raw scores of valid texts."""
    fair = cross_fitted(scores, valid.labels, valid.taxonomy, params, seed)
    rule = tune_decision_rule(combined(uncalibrated, scores), valid.labels, valid.taxonomy, params)
    value = macro_f1(valid.labels, fair.decisions[valid.taxonomy])
    logger.info("%s: cross-fitted macro-F1 %.4f on valid", uncalibrated.architecture, value)
    facts = {"valid_metric": value, "metric_name": "macro_f1", "hidden_size": code_size(uncalibrated)}
    return with_decision_rule(uncalibrated, rule, labels=list(valid.names), taxonomy=valid.taxonomy, **facts)


def raw_scores(checkpoints: Sequence[Checkpoint], texts: LabelledTexts) -> dict[str, np.ndarray]:
    """Raw scores (n, C) of each member; those of a blend are the scores (M, n, C) of its members."""
    alone = [each for each in checkpoints if each.architecture != BLEND]
    scores = {each.architecture: score_texts(each, texts.texts)[0] for each in alone}
    for each in (one for one in checkpoints if one.architecture == BLEND):
        scores[BLEND] = np.stack([scores[member["architecture"]] for member in each.params["members"]])
    return scores


def combined(checkpoint: Checkpoint, scores: np.ndarray) -> np.ndarray:
    """Raw scores (n, C) as the member gives them, from what `raw_scores` gave."""
    return members_of(checkpoint)[0](scores) if checkpoint.architecture == BLEND else scores


def held_out(checkpoint: Checkpoint, raw: Mapping[str, np.ndarray], texts: LabelledTexts) -> ScoredTexts:
    """What a member says about texts, by the calibration and thresholds that it carries."""
    rule = DecisionRule.from_dict(checkpoint.metadata["decision"])
    probabilities = rule.probabilities(combined(checkpoint, raw[checkpoint.architecture]))
    said = (probabilities, rule.decisions(probabilities), rule.sets(probabilities))
    return ScoredTexts(texts.taxonomy, texts.labels, *said)


def without_own_fold(
    checkpoint: Checkpoint, raw: Mapping[str, np.ndarray], texts: LabelledTexts, params: DecisionParams, seed: int
) -> ScoredTexts:
    """What a member says about validation texts, tuned on the other folds only."""
    fair = cross_fitted(raw[checkpoint.architecture], texts.labels, texts.taxonomy, params, seed)
    return ScoredTexts(texts.taxonomy, texts.labels, fair.probabilities, fair.decisions, fair.sets)


def answers(scored: Mapping[str, ScoredTexts], units: Sequence[str], names: Sequence[str]) -> pd.DataFrame:
    """One row a member and text: the true labels, those it decided on, all probabilities, and its Brier score.

    Args:
        scored: member -> what it said about the texts.
        units: id of each text.
        names: of the labels.
    """
    labels = np.asarray(names, dtype=object)
    parts = [
        pd.DataFrame(
            {
                "model": member,
                "unit": units,
                "truth": [list(labels[row > 0]) for row in said.truth],
                "decided": [list(labels[row]) for row in said.decisions[said.taxonomy]],
                "probabilities": list(said.probabilities.astype(np.float32)),
                "brier": brier_score(said.truth, said.probabilities),
            }
        )
        for member, said in scored.items()
    ]
    return pd.concat(parts, ignore_index=True)


def member_rows(scored: Mapping[str, ScoredTexts], setting: Setting, *, per_label: bool) -> pd.DataFrame:
    """Every metric of every member on one split."""
    parts = []
    for member, what in scored.items():
        estimates = emotion_estimates(what, setting.seed)
        kept = {name: value for name, value in estimates.items() if per_label or not name.startswith("f1:")}
        parts.append(setting.rows(member, kept, is_baseline=member in BASELINES))
    return pd.concat(parts, ignore_index=True)


def paired_rows(scored: Mapping[str, ScoredTexts], setting: Setting) -> pd.DataFrame:
    """Macro-F1 of each network minus that of TF-IDF on the same texts, with its p-value."""
    other, found = scored["tfidf"], {}
    for member in (name for name in scored if name not in BASELINES):
        mine = scored[member]
        pair = (mine.decisions[mine.taxonomy], other.decisions[mine.taxonomy])
        found[f"{member} - tfidf"] = paired_macro_f1(mine.truth, *pair, setting.seed)
    return difference_rows("macro_f1", found, setting)


def difference_rows(metric: str, found: Mapping[str, tuple[Estimate, float]], setting: Setting) -> pd.DataFrame:
    """Differences and their p-values, these adjusted for their number (Holm)."""
    adjusted = holm({pair: p_value for pair, (_, p_value) in found.items()})
    parts = []
    for pair, (difference, _) in found.items():
        estimates = {metric: difference, f"{metric}_p_value": Estimate.exact(adjusted[pair], difference.n)}
        parts.append(setting.rows(pair, estimates, is_baseline=False))
    return joined(parts)


def human_rows(annotations: pd.DataFrame, examples: pd.DataFrame, taxonomy: str, setting: Setting) -> pd.DataFrame:
    """What one annotator scores against the others on the same texts; no rows without raw annotations."""
    is_used = (annotations["taxonomy"] == taxonomy) & annotations["utterance_id"].isin(examples["utterance_id"])
    used = annotations[is_used]
    ratings = indicator_matrix(list(used["labels"]), taxonomy)
    documents = used["utterance_id"].to_numpy(dtype=object)
    estimates = human_ceiling(documents, ratings, setting.seed) if len(used) else {}
    return setting.rows(HUMAN, estimates, is_baseline=True)


def joined(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Parts of a table that hold rows, one below the other; the first part if none does."""
    kept = [part for part in parts if len(part)]
    return pd.concat(kept, ignore_index=True) if kept else parts[0]
