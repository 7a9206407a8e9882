"""Nodes of recommender_training that look at all members; baselines.py and networks.py have those that fit them."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import pandas as pd

from affectlens.evaluation.estimate import LEADERBOARD_COLUMNS, Estimate, leaderboard_rows
from affectlens.evaluation.ranking import top_items
from affectlens.exhibits import Exhibit
from affectlens.features.item_emotions import item_emotions
from affectlens.features.taxonomy import TAXONOMIES
from affectlens.models.checkpoint import Checkpoint
from affectlens.models.recommender.catalogue import emotion_states_of
from affectlens.models.recommender.requests import behaviour_arrays, closing_requests, requests_of
from affectlens.pipelines.recommender_training.exhibits import recommender_exhibits
from affectlens.pipelines.recommender_training.fits import Fit, fits_of
from affectlens.pipelines.recommender_training.judging import candidate_scores, loaded
from affectlens.pipelines.recommender_training.params import EvaluationParams
from affectlens.pipelines.recommender_training.scores import (
    Examination,
    member_estimates,
    no_unit_scores,
    paired_estimates,
    ranking_estimates,
    score_member,
    unit_scores,
)
from affectlens.pipelines.recommender_training.segments import segments_of

logger = logging.getLogger(__name__)

BASELINES = frozenset({"popularity", "content_knn", "item_knn", "ease"})


def choose_chain_recommender(attention: Checkpoint, history: pd.DataFrame) -> tuple[Checkpoint, pd.DataFrame]:
    """Hand the attention model on, whoever wins: it alone makes W_t and R_t. The leaderboard says who wins."""
    return attention, history


def describe_items(
    contents: pd.DataFrame,
    content_emotions: pd.DataFrame,
    emotion_signals: pd.DataFrame,
    utterances: pd.DataFrame,
    utterance_splits: pd.DataFrame,
) -> pd.DataFrame:
    """Topic and emotion shares of every content; no emotion ([]) where nothing said before validation tells one."""
    emotions = item_emotions(content_emotions, emotion_signals, utterances, utterance_splits)
    found: list[Any] = [emotions.get(content_id, []) for content_id in contents["content_id"]]
    return contents[["content_id", "topic"]].assign(emotion=pd.Series(found, index=contents.index, dtype=object))


def score_recommenders(
    sequences: pd.DataFrame,
    contents: pd.DataFrame,
    generated: pd.DataFrame,
    item_attributes: pd.DataFrame,
    emotion_states: pd.DataFrame,
    split_boundaries: Mapping[str, Any],
    taxonomy: str,
    evaluation: EvaluationParams,
    seed: int,
    dataset: str,
    *checkpoints: Checkpoint,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rank the test events with every member, once; validation events where there are no test events.

    Returns:
        The numbers of the leaderboard, and the primary metric of each member user by user.
    """
    arrays = behaviour_arrays(sequences, contents, generated)
    split: Literal["valid", "test"] = "test" if (sequences["split"] == "test").any() else "valid"
    requests = requests_of(sequences, arrays.catalogue, arrays.generated, split)
    if requests.n_users == 0:
        logger.warning("no recommender is scored: no user has a test or validation event")
        return pd.DataFrame(columns=list(LEADERBOARD_COLUMNS)), no_unit_scores()
    states, labels = emotion_states_of(emotion_states), TAXONOMIES[taxonomy]
    segments = segments_of(requests, arrays, item_attributes, states, labels, evaluation)
    exam = Examination(requests, arrays, segments, evaluation, seed)
    fits = sorted(fits_of(checkpoints), key=lambda fit: fit.member in BASELINES)
    first: dict[str, Fit] = {}
    for fit in fits:
        first.setdefault(fit.member, fit)
    scores = {fit: score_member(candidate_scores(loaded(fit.checkpoint, arrays), requests, arrays.catalogue), exam)
              for fit in fits}  # fmt: skip
    whole = {fit: member_estimates(scores[fit], exam) for fit in first.values()}
    whole[first["attention"]]["uses_generated_content"] = Estimate.exact(not arrays.generated.is_empty, exam.n_users)
    paired = paired_estimates({name: scores[fit] for name, fit in first.items()}, exam)
    protocol = f"{split_boundaries['protocol']}, full ranking"
    found = [
        (fit, f"{protocol}, {fit.protocol}", whole.get(fit) or ranking_estimates(scores[fit], exam)) for fit in fits
    ]
    found += [(first[name], "paired", differences) for name, differences in paired.items() if differences]
    rows = [
        leaderboard_rows(
            stage="recommender",
            model=fit.member,
            is_baseline=fit.member in BASELINES,
            estimates=estimates,
            split=split,
            protocol=name,
            seed=fit.seed,
            dataset=dataset,
        )
        for fit, name, estimates in found
    ]
    return pd.concat(rows, ignore_index=True), unit_scores({name: scores[fit] for name, fit in first.items()}, exam)


def collect_recommender_leaderboard(*scores: pd.DataFrame) -> pd.DataFrame:
    """Every number of the stage in one table; the members come first."""
    return pd.concat([table for table in scores if len(table)] or list(scores[:1]), ignore_index=True)


def exhibit_recommenders(leaderboard: pd.DataFrame, frontier: pd.DataFrame) -> list[Exhibit]:
    """The ablation ladders and the cost of calibration as the report shows them."""
    return recommender_exhibits(leaderboard, frontier)


def list_candidates(
    sequences: pd.DataFrame,
    contents: pd.DataFrame,
    generated: pd.DataFrame,
    checkpoint: Checkpoint,
    evaluation: EvaluationParams,
) -> pd.DataFrame:
    """The best candidates of each user with a history, at the end of the validation period."""
    arrays = behaviour_arrays(sequences, contents, generated)
    requests = closing_requests(sequences, arrays.catalogue, arrays.generated)
    scores_of = candidate_scores(loaded(checkpoint, arrays), requests, arrays.catalogue)
    item_ids = np.asarray(arrays.catalogue.item_ids, dtype=object)
    parts = [pd.DataFrame({"user_id": [], "content_id": [], "rank": [], "score": []})]
    for start in range(0, requests.n_users, evaluation.block):
        rows = np.arange(start, min(start + evaluation.block, requests.n_users))
        scores = scores_of(rows)
        lists = top_items(scores, evaluation.n_candidates)
        row, place = np.nonzero(lists >= 0)
        item = lists[row, place]
        columns = {"user_id": requests.user_ids[rows][row], "content_id": item_ids[item], "rank": place + 1}
        parts.append(pd.DataFrame({**columns, "score": scores[row, item].astype(np.float64)}))
    return pd.concat(parts[1:] or parts, ignore_index=True)
