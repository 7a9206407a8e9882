"""From scores to the rows of `recommender_leaderboard`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from affectlens.evaluation.beyond_accuracy import (
    catalogue_coverage,
    exposure_gini,
    intra_list_diversity,
    novelty,
    popularity_lift,
    set_estimate,
)
from affectlens.evaluation.estimate import Estimate, mean_estimate, paired_difference
from affectlens.evaluation.ranking import RelevantRanks, ndcg, rank_in_blocks, ranking_metrics
from affectlens.models.recommender.requests import BehaviourArrays, Requests
from affectlens.pipelines.recommender_training.params import EvaluationParams


@dataclass(frozen=True)
class MemberScores:
    """What one member did on the requests.

    Attributes:
        ranks: ranks of the relevant items.
        lists: (n_users, k) recommended items, -1 where a list is short.
    """

    ranks: RelevantRanks
    lists: np.ndarray


def score_member(
    scores_of: Callable[[np.ndarray], np.ndarray],
    requests: Requests,
    evaluation: EvaluationParams,
) -> MemberScores:
    """Rank all candidates of all requests."""
    ranks, lists = rank_in_blocks(
        scores_of, requests.owner, requests.item, n_users=requests.n_users, k=evaluation.k, block=evaluation.block
    )
    return MemberScores(ranks, lists)


def member_estimates(
    scores: MemberScores, requests: Requests, arrays: BehaviourArrays, evaluation: EvaluationParams, seed: int
) -> dict[str, Estimate]:
    """Every metric of a member with its interval over users, by its name in the leaderboard."""
    per_user = ranking_metrics(scores.ranks, evaluation.k)
    popularity = np.bincount(arrays.train.item, minlength=arrays.catalogue.n_items)
    is_cold = popularity[requests.item] < evaluation.cold_below
    per_user[f"cold_item_ndcg@{evaluation.k}"] = ndcg(scores.ranks.only(is_cold), evaluation.k)
    per_user |= _of_lists(scores.lists, requests, arrays, evaluation.k)
    estimates = {name: mean_estimate(values, seed) for name, values in per_user.items()}
    return estimates | _of_all_lists(scores.lists, arrays.catalogue.n_items, evaluation, seed)


def paired_estimates(
    ours: MemberScores, baseline: MemberScores, name: str, evaluation: EvaluationParams, seed: int
) -> dict[str, Estimate]:
    """NDCG of ours minus that of a baseline, user by user, and the two-sided sign-flip p-value."""
    metric = f"ndcg@{evaluation.k}"
    difference, p_value = paired_difference(ndcg(ours.ranks, evaluation.k), ndcg(baseline.ranks, evaluation.k), seed)
    return {
        f"difference:{metric}:{name}": difference,
        f"p:{metric}:{name}": Estimate.exact(p_value, difference.n),
    }


def _of_lists(lists: np.ndarray, requests: Requests, arrays: BehaviourArrays, k: int) -> dict[str, np.ndarray]:
    """What each user's list is like, one value a user."""
    n_items, histories = arrays.catalogue.n_items, requests.histories
    users = np.asarray((arrays.train.weights(n_items, 1.0) > 0).sum(axis=0)).ravel()
    events = np.bincount(histories.owner, weights=users[histories.item], minlength=requests.n_users)
    history_mean = events / np.where(histories.lengths > 0, histories.lengths, np.nan)
    found = {
        f"popularity_lift@{k}": popularity_lift(lists, users, history_mean),
        f"novelty@{k}": novelty(lists, users, arrays.train.n_users),
    }
    if arrays.catalogue.has_vector.any():
        found[f"ild@{k}"] = intra_list_diversity(lists, arrays.catalogue.vectors, arrays.catalogue.has_vector)
    return found


def _of_all_lists(lists: np.ndarray, n_items: int, evaluation: EvaluationParams, seed: int) -> dict[str, Estimate]:
    """What all lists together show of the catalogue."""
    statistics = {
        f"coverage@{evaluation.k}": lambda rows: catalogue_coverage(lists[rows], n_items),
        f"exposure_gini@{evaluation.k}": lambda rows: exposure_gini(lists[rows], n_items),
    }
    return {
        name: set_estimate(statistic, len(lists), n_groups=evaluation.jackknife_groups, seed=seed)
        for name, statistic in statistics.items()
    }
