"""From scores to the numbers of `recommender_leaderboard`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from affectlens.evaluation.beyond_accuracy import (
    catalogue_coverage,
    exposure_gini,
    intra_list_diversity,
    miscalibration,
    novelty,
    popularity_lift,
    serendipity,
    set_estimate,
)
from affectlens.evaluation.estimate import Estimate, mean_estimate, paired_difference
from affectlens.evaluation.grouped import group_gap, mean_estimates
from affectlens.evaluation.policy_values import holm
from affectlens.evaluation.ranking import RelevantRanks, ndcg, rank_in_blocks, ranking_metrics
from affectlens.models.recommender.requests import BehaviourArrays, Requests
from affectlens.pipelines.recommender_training.params import EvaluationParams
from affectlens.pipelines.recommender_training.segments import Segments

_UNIT_COLUMNS = ["stage", "model", "metric", "unit", "value"]
_COMPARED_ITEMS = "cold_items"  # pairs are compared on all relevant items, and on these alone


@dataclass(frozen=True)
class MemberScores:
    """What one member did on the requests.

    Attributes:
        ranks: ranks of the relevant items.
        lists: (n_users, k) recommended items, -1 where a list is short.
    """

    ranks: RelevantRanks
    lists: np.ndarray


@dataclass(frozen=True)
class Examination:
    """Everything that members are judged on and by.

    Attributes:
        requests: who asks, and what was consumed then.
        arrays: catalogue and training events.
        segments: groups of items and users.
        params: lengths and limits.
        seed: of the resamples.
    """

    requests: Requests
    arrays: BehaviourArrays
    segments: Segments
    params: EvaluationParams
    seed: int

    @property
    def n_users(self) -> int:
        """How many ask."""
        return self.requests.n_users


def score_member(scores_of: Callable[[np.ndarray], np.ndarray], exam: Examination) -> MemberScores:
    """Rank all candidates of all requests."""
    requests, params = exam.requests, exam.params
    ranks, lists = rank_in_blocks(
        scores_of, requests.owner, requests.item, n_users=requests.n_users, k=params.k, block=params.block
    )
    return MemberScores(ranks, lists)


def member_estimates(scores: MemberScores, exam: Examination) -> dict[str, Estimate]:
    """Every metric of a member with its interval over users, by its name in the leaderboard."""
    per_user = ranking_metrics(scores.ranks, exam.params.k) | _of_lists(scores.lists, exam)
    estimates = {name: mean_estimate(values, exam.seed) for name, values in per_user.items()}
    estimates |= mean_estimates(_by_group(scores.ranks, exam), exam.seed)
    primary, groups = ndcg(scores.ranks, exam.params.k), exam.segments.emotion_group
    gap = group_gap(primary, groups, exam.params.least_group, exam.seed)
    estimates[f"group_gap:ndcg@{exam.params.k}:emotion"] = gap
    return estimates | _of_all_lists(scores.lists, exam)


def ranking_estimates(scores: MemberScores, exam: Examination) -> dict[str, Estimate]:
    """The ranking metrics of one more fit of a member; what else it is like, its first fit tells."""
    return {
        name: mean_estimate(values, exam.seed) for name, values in ranking_metrics(scores.ranks, exam.params.k).items()
    }


def unit_scores(scores: Mapping[str, MemberScores], exam: Examination) -> pd.DataFrame:
    """One row a member and user: NDCG, so that two runs can be compared user by user."""
    told = {"stage": "recommender", "metric": f"ndcg@{exam.params.k}"}
    parts = [
        pd.DataFrame({**told, "model": name, "unit": exam.requests.user_ids, "value": ndcg(found.ranks, exam.params.k)})
        for name, found in scores.items()
    ]
    return pd.concat(parts, ignore_index=True)[_UNIT_COLUMNS]


def no_unit_scores() -> pd.DataFrame:
    """The same of a run in which nobody was ranked."""
    return pd.DataFrame(columns=_UNIT_COLUMNS)


def paired_estimates(scores: Mapping[str, MemberScores], exam: Examination) -> dict[str, dict[str, Estimate]]:
    """NDCG of each member minus that of every later one, user by user, with sign-flip p-values, plain and after Holm.

    The family of Holm is all pairs on one metric. Members stand in the order in which they are compared: put models
    before baselines.

    Returns:
        member -> name in the leaderboard -> estimate.
    """
    found: dict[str, dict[str, Estimate]] = {name: {} for name in scores}
    for metric, values in _compared(scores, exam).items():
        pairs = {
            (ours, theirs): paired_difference(values[ours], values[theirs], exam.seed)
            for ours, theirs in combinations(scores, 2)
        }
        adjusted = holm({f"{ours} {theirs}": p_value for (ours, theirs), (_, p_value) in pairs.items()})
        for (ours, theirs), (difference, p_value) in pairs.items():
            p_values = {"p": p_value, "p_holm": adjusted[f"{ours} {theirs}"]}
            found[ours][f"difference:{metric}:{theirs}"] = difference
            found[ours] |= {f"{n}:{metric}:{theirs}": Estimate.exact(p, difference.n) for n, p in p_values.items()}
    return found


def _compared(scores: Mapping[str, MemberScores], exam: Examination) -> dict[str, dict[str, np.ndarray]]:
    k, is_compared = exam.params.k, exam.segments.items[_COMPARED_ITEMS][exam.requests.item]
    on_all = {name: ndcg(found.ranks, k) for name, found in scores.items()}
    on_some = {name: ndcg(found.ranks.only(is_compared), k) for name, found in scores.items()}
    compared = {f"ndcg@{k}": on_all}
    return compared | ({f"ndcg@{k}:{_COMPARED_ITEMS}": on_some} if is_compared.any() else {})


def _by_group(ranks: RelevantRanks, exam: Examination) -> dict[str, np.ndarray]:
    """The ranking metrics on some of the items, and of some of the users."""
    found: dict[str, np.ndarray] = {}
    for group, is_in in exam.segments.items.items():
        metrics = ranking_metrics(ranks.only(is_in[exam.requests.item]), exam.params.k)
        found |= {f"{name}:{group}": values for name, values in metrics.items()}
    for name, values in ranking_metrics(ranks, exam.params.k).items():
        found |= {f"{name}:{g}": np.where(is_in, values, np.nan) for g, is_in in exam.segments.users.items()}
    return found


def _of_lists(lists: np.ndarray, exam: Examination) -> dict[str, np.ndarray]:
    """What each user's list is like, one value a user."""
    arrays, requests, histories, k = exam.arrays, exam.requests, exam.requests.histories, exam.params.k
    n_items = arrays.catalogue.n_items
    users = np.asarray((arrays.train.weights(n_items, 1.0) > 0).sum(axis=0)).ravel()
    events = np.bincount(histories.owner, weights=users[histories.item], minlength=requests.n_users)
    has_relevant = np.bincount(requests.owner, minlength=requests.n_users) > 0
    history_mean = events / np.where(histories.lengths > 0, histories.lengths, np.nan)
    found = {
        f"popularity_lift@{k}": popularity_lift(lists, users, history_mean),
        f"novelty@{k}": novelty(lists, users, arrays.train.n_users),
        f"serendipity@{k}": serendipity(lists, _is_relevant(lists, requests, n_items), has_relevant, users),
    }
    if arrays.catalogue.has_vector.any():
        found[f"ild@{k}"] = intra_list_diversity(lists, arrays.catalogue.vectors, arrays.catalogue.has_vector)
    for name, attributes in exam.segments.attributes.items():
        found[f"miscalibration_{name}@{k}"] = miscalibration(lists, attributes, history_mix(requests, attributes))
    return found


def _is_relevant(lists: np.ndarray, requests: Requests, n_items: int) -> np.ndarray:
    cells = np.arange(len(lists))[:, None] * n_items + lists
    return (lists >= 0) & np.isin(cells, requests.owner * n_items + requests.item)


def history_mix(requests: Requests, attributes: np.ndarray) -> np.ndarray:
    """Mean attributes (n_users, G) of what each user consumed; NaN where nothing of it is known."""
    histories = requests.histories
    known = ~np.isnan(attributes[histories.item]).any(axis=1)
    total = np.zeros((requests.n_users, attributes.shape[1]))
    np.add.at(total, histories.owner[known], attributes[histories.item[known]])
    n_known = np.bincount(histories.owner[known], minlength=requests.n_users)[:, None]
    return np.where(n_known > 0, total / np.maximum(n_known, 1), np.nan)


def _of_all_lists(lists: np.ndarray, exam: Examination) -> dict[str, Estimate]:
    """What all lists together show of the catalogue."""
    n_items, k = exam.arrays.catalogue.n_items, exam.params.k
    statistics = {
        f"coverage@{k}": lambda rows: catalogue_coverage(lists[rows], n_items),
        f"exposure_gini@{k}": lambda rows: exposure_gini(lists[rows], n_items),
    }
    return {
        name: set_estimate(statistic, len(lists), n_groups=exam.params.jackknife_groups, seed=exam.seed)
        for name, statistic in statistics.items()
    }
