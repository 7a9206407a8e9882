"""How a member is judged on requests: scores of candidates, and the metric by which settings are chosen."""

from __future__ import annotations

import logging
from collections.abc import Callable

import numpy as np

from affectlens.evaluation.ranking import ndcg, rank_in_blocks
from affectlens.models.checkpoint import Checkpoint
from affectlens.models.recommender.build import load_recommender
from affectlens.models.recommender.catalogue import Catalogue
from affectlens.models.recommender.requests import BehaviourArrays, Requests, only_candidates
from affectlens.models.recommender.tuning import Recommender
from affectlens.pipelines.recommender_training.params import EvaluationParams

logger = logging.getLogger(__name__)


def candidate_scores(
    recommender: Recommender, requests: Requests, catalogue: Catalogue
) -> Callable[[np.ndarray], np.ndarray]:
    """From rows of requests (b,) to scores (b, n_items), minus infinity for what is no candidate."""

    def scores_of(rows: np.ndarray) -> np.ndarray:
        histories = requests.histories.take(rows)
        return only_candidates(recommender.score(histories), histories, requests.request_time[rows], catalogue)

    return scores_of


def validation_metric(arrays: BehaviourArrays, evaluation: EvaluationParams) -> Callable[[Recommender], float]:
    """NDCG on the validation requests; 0 for every model where there are none, so that the first setting stands."""
    valid = arrays.valid
    if len(valid.item) == 0:
        logger.warning("no validation events: settings are not chosen but the first ones taken")

    def evaluate(recommender: Recommender) -> float:
        if len(valid.item) == 0:
            return 0.0
        scores_of = candidate_scores(recommender, valid, arrays.catalogue)
        ranks, _ = rank_in_blocks(
            scores_of, valid.owner, valid.item, n_users=valid.n_users, k=0, block=evaluation.block
        )
        return float(np.nanmean(ndcg(ranks, evaluation.k)))

    return evaluate


def loaded(checkpoint: Checkpoint, arrays: BehaviourArrays) -> Recommender:
    """The fitted model.

    Raises:
        ValueError: it was fitted over another catalogue.
    """
    if tuple(checkpoint.params["item_ids"]) != arrays.catalogue.item_ids:
        raise ValueError(
            f"the checkpoint of {checkpoint.architecture} ranks other items than `content_features` and "
            "`behaviour_sequences` name; run recommender_training from its start"
        )
    return load_recommender(checkpoint, arrays.generated)
