"""Leaderboard rows of pictures, clips, and modalities together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from affectlens.evaluation.emotion import ScoredTexts, emotion_estimates, paired_macro_f1
from affectlens.evaluation.estimate import Estimate
from affectlens.models.checkpoint import Checkpoint
from affectlens.models.emotion.decision import DecisionRule
from affectlens.models.emotion.fusion import MODALITIES, MODALITY_SETS, Evidence, LateFusion
from affectlens.pipelines.emotion_training.media import CLIP_PIXELS, IMAGE_PIXELS, picture_logits
from affectlens.pipelines.emotion_training.scoring import NOT_FITTED, Setting, difference_rows, joined
from affectlens.training.emotion import LabelledTexts
from affectlens.training.emotion_media import LabelledPictures

__all__ = ["joined", "picture_rows", "subset_rows"]

KEPT = ("macro_f1", "micro_f1", "map", "ece_top", "brier")


def picture_rows(
    modality: str, shown: LabelledPictures, network: Checkpoint, baseline: Checkpoint, setting: Setting
) -> pd.DataFrame:
    """The network and the baseline of one modality on the same utterances, and their difference; words unread."""
    where = replace(setting, protocol=f"{modality}_alone")
    if network.architecture == NOT_FITTED.architecture or not len(shown.labels):
        return where.rows(modality, {}, is_baseline=False)
    scored = {each.architecture: _scored(each, shown) for each in (network, baseline)}
    parts = [
        where.rows(name, _kept(what, setting.seed), is_baseline=name in (IMAGE_PIXELS, CLIP_PIXELS))
        for name, what in scored.items()
    ]
    mine, other = scored.values()
    pair = (mine.decisions[mine.taxonomy], other.decisions[mine.taxonomy])
    gap = {f"{network.architecture} - {baseline.architecture}": paired_macro_f1(mine.truth, *pair, setting.seed)}
    return joined([*parts, difference_rows("macro_f1", gap, where)])


def subset_rows(fusion: Checkpoint, evidence: Evidence, texts: LabelledTexts, setting: Setting) -> pd.DataFrame:
    """Every subset of modalities on all utterances that have more than words; what is missing says nothing."""
    where = replace(setting, protocol="modalities")
    fused, rule = LateFusion.restore(fusion), DecisionRule.from_dict(fusion.metadata["decision"])
    scored = {}
    for subset in MODALITY_SETS:
        probabilities = rule.probabilities(fused.log_odds(evidence.only(subset)))
        said = (probabilities, rule.decisions(probabilities), rule.sets(probabilities))
        scored["+".join(subset)] = ScoredTexts(texts.taxonomy, texts.labels, *said)
    parts = [where.rows(name, _kept(what, setting.seed), is_baseline=name == "text") for name, what in scored.items()]
    everything, words = scored["+".join(MODALITIES)], scored["text"]
    pair = (everything.decisions[texts.taxonomy], words.decisions[texts.taxonomy])
    gap = {f"{'+'.join(MODALITIES)} - text": paired_macro_f1(texts.labels, *pair, setting.seed)}
    return joined([*parts, difference_rows("macro_f1", gap, where)])


def _scored(checkpoint: Checkpoint, shown: LabelledPictures) -> ScoredTexts:
    rule = DecisionRule.from_dict(checkpoint.metadata["decision"])
    probabilities = rule.probabilities(picture_logits(checkpoint, shown.pictures))
    said = (probabilities, rule.decisions(probabilities), rule.sets(probabilities))
    return ScoredTexts(rule.taxonomy, np.asarray(shown.labels), *said)


def _kept(scored: ScoredTexts, seed: int) -> dict[str, Estimate]:
    found = emotion_estimates(scored, seed)
    return {name: found[name] for name in KEPT}
