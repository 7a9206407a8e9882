"""Leaderboard rows of the emotion stage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
import pandas as pd

from affectlens.evaluation.agreement import human_ceiling
from affectlens.evaluation.calibration import negative_log_likelihood
from affectlens.evaluation.emotion import ScoredTexts, emotion_estimates, paired_macro_f1
from affectlens.evaluation.estimate import Estimate, leaderboard_rows, paired_difference, resampled_estimate
from affectlens.evaluation.thresholds import DecisionParams, cross_fitted
from affectlens.features.taxonomy import indicator_matrix
from affectlens.models.checkpoint import Checkpoint
from affectlens.models.emotion.decision import DecisionRule
from affectlens.models.emotion.state import RecencyPooling
from affectlens.training.emotion import LabelledTexts, score_texts
from affectlens.training.emotion_state import UserTimelines, before, foretold

BASELINES = ("majority", "lexicon_rule", "tfidf")
HUMAN = "human"
_rows = partial(leaderboard_rows, stage="emotion")


def held_out(checkpoint: Checkpoint, texts: LabelledTexts) -> ScoredTexts:
    """What a member says about texts, by the calibration and thresholds that it carries."""
    rule = DecisionRule.from_dict(checkpoint.metadata["decision"])
    probabilities = rule.probabilities(score_texts(checkpoint, texts.texts)[0])
    return ScoredTexts(texts.taxonomy, texts.labels, probabilities, rule.decisions(probabilities))


def without_own_fold(checkpoint: Checkpoint, texts: LabelledTexts, params: DecisionParams, seed: int) -> ScoredTexts:
    """What a member says about validation texts, tuned on the other folds only."""
    logits = score_texts(checkpoint, texts.texts)[0]
    return ScoredTexts(texts.taxonomy, texts.labels, *cross_fitted(logits, texts.labels, texts.taxonomy, params, seed))


def member_rows(
    scored: Mapping[str, ScoredTexts], split: str, protocol: str, seed: int, dataset: str, *, per_label: bool
) -> pd.DataFrame:
    """Every metric of every member on one split."""
    parts = []
    for member, what in scored.items():
        estimates = emotion_estimates(what, seed)
        kept = {name: value for name, value in estimates.items() if per_label or not name.startswith("f1:")}
        is_baseline = member in BASELINES
        parts.append(
            _rows(
                model=member,
                is_baseline=is_baseline,
                estimates=kept,
                split=split,
                protocol=protocol,
                seed=seed,
                dataset=dataset,
            )
        )
    return pd.concat(parts, ignore_index=True)


def paired_rows(scored: Mapping[str, ScoredTexts], split: str, seed: int, dataset: str) -> pd.DataFrame:
    """Macro-F1 of each network minus that of TF-IDF on the same texts, with its p-value."""
    parts = []
    other = scored["tfidf"]
    for member in (name for name in scored if name not in BASELINES):
        mine = scored[member]
        pair = (mine.decisions[mine.taxonomy], other.decisions[mine.taxonomy])
        difference, p_value = paired_macro_f1(mine.truth, *pair, seed)
        estimates = {"macro_f1": difference, "macro_f1_p_value": Estimate.exact(p_value, difference.n)}
        options = {"split": split, "protocol": "paired", "seed": seed, "dataset": dataset}
        parts.append(_rows(model=f"{member} - tfidf", is_baseline=False, estimates=estimates, **options))
    return pd.concat(parts, ignore_index=True)


def human_rows(
    annotations: pd.DataFrame, examples: pd.DataFrame, taxonomy: str, protocol: str, seed: int, dataset: str
) -> pd.DataFrame:
    """What one annotator scores against the others on the same texts; no rows without raw annotations."""
    split = str(examples["split"].iloc[0])
    is_used = (annotations["taxonomy"] == taxonomy) & annotations["utterance_id"].isin(examples["utterance_id"])
    used = annotations[is_used]
    ratings = indicator_matrix(list(used["labels"]), taxonomy)
    estimates = human_ceiling(used["utterance_id"].to_numpy(dtype=object), ratings, seed) if len(used) else {}
    options = {"split": split, "protocol": protocol, "seed": seed, "dataset": dataset}
    return _rows(model=HUMAN, is_baseline=True, estimates=estimates, **options)


def state_rows(timelines: UserTimelines, pooling: RecencyPooling, split: str, seed: int, dataset: str) -> pd.DataFrame:
    """How well E_t foretells its user's next labelled utterance, beside the last utterance alone and the prior."""
    rows = timelines.labelled(split)
    if len(rows) == 0:
        return _rows(
            model="states",
            is_baseline=False,
            estimates={},
            split=split,
            protocol="next_utterance",
            seed=seed,
            dataset=dataset,
        )
    said = {
        "states": foretold(pooling, timelines)[rows],
        "last_utterance": before(timelines.probabilities, timelines.users, pooling.prior)[rows],
        "prior": np.tile(pooling.prior, (len(rows), 1)),
    }
    truth, users = timelines.truth[rows], np.unique(timelines.users[rows], return_inverse=True)[1]
    losses = {name: _per_user(negative_log_likelihood(truth, given), users) for name, given in said.items()}
    estimates = {name: {"next_utterance_nll": _mean_of_users(*loss, seed)} for name, loss in losses.items()}
    means = {name: total / count for name, (total, count) in losses.items()}
    for other in ("last_utterance", "prior"):
        gap, p_value = paired_difference(means["states"], means[other], seed)
        estimates[f"states - {other}"] = {
            "next_utterance_nll": gap,
            "next_utterance_nll_p_value": Estimate.exact(p_value, gap.n),
        }
    options = {"split": split, "protocol": "next_utterance", "seed": seed, "dataset": dataset}
    parts = [
        _rows(model=name, is_baseline=name in ("last_utterance", "prior"), estimates=found, **options)
        for name, found in estimates.items()
    ]
    return pd.concat(parts, ignore_index=True)


def _per_user(loss: np.ndarray, users: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return np.bincount(users, weights=loss), np.bincount(users).astype(np.float64)


def _mean_of_users(total: np.ndarray, count: np.ndarray, seed: int) -> Estimate:
    """Mean loss of an utterance, users resampled."""
    return resampled_estimate(lambda weights: (weights @ total) / (weights @ count), len(total), seed)


def joined(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Leaderboard parts that hold rows, one below the other."""
    kept = [part for part in parts if len(part)]
    return pd.concat(kept, ignore_index=True) if kept else parts[0]
