"""Do vectors made from emotion and interest rank cold contents as well as vectors from their neighbours do?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pandas as pd

from affectlens.evaluation.estimate import (
    LEADERBOARD_COLUMNS,
    Estimate,
    leaderboard_rows,
    mean_estimate,
    paired_difference,
)
from affectlens.evaluation.ranking import ndcg, rank_in_blocks
from affectlens.models.checkpoint import Checkpoint
from affectlens.models.recommender.catalogue import vector_matrix
from affectlens.models.recommender.requests import BehaviourArrays, Requests, behaviour_arrays, requests_of
from affectlens.pipelines.recommender_training.judging import candidate_scores, loaded
from affectlens.pipelines.recommender_training.params import EvaluationParams

PROTOCOL = "cold_start"
OURS, OWN, ZEROS = "generated", "own vector", "zeros"
STAND_INS = (OURS, "content_knn", "class_mean")


def score_stand_ins(
    sequences: pd.DataFrame,
    contents: pd.DataFrame,
    generated: pd.DataFrame,
    cold_start_vectors: pd.DataFrame,
    checkpoint: Checkpoint,
    split_boundaries: Mapping[str, Any],
    evaluation: EvaluationParams,
    seed: int,
    dataset: str,
) -> pd.DataFrame:
    """NDCG of the cold relevant items when each stand-in takes the place of their content vectors in the fitted model.

    Beside the stand-ins stand the contents' own vectors, which are the most that can be had, and zeros, the least. The
    model is not fitted again, and only users with a cold relevant item count.
    """
    arrays = behaviour_arrays(sequences, contents, generated)
    split: Literal["valid", "test"] = "test" if (sequences["split"] == "test").any() else "valid"
    requests = requests_of(sequences, arrays.catalogue, arrays.generated, split)
    cold = arrays.catalogue.index_of(cold_start_vectors["content_id"])
    if not len(cold) or not np.isin(requests.item, cold).any() or checkpoint.weights["content"].shape[1] == 0:
        return pd.DataFrame(columns=list(LEADERBOARD_COLUMNS))
    metric = f"ndcg@{evaluation.k}:cold_items"
    values = {
        name: _ndcg_of_cold(_with_vectors(checkpoint, cold, vectors), arrays, requests, cold, evaluation)
        for name, vectors in _vectors_of(cold_start_vectors, checkpoint, cold).items()
    }
    rows = [
        leaderboard_rows(
            stage="recommender",
            model=model,
            is_baseline=not model.startswith(_named(OURS)),
            estimates=estimates,
            split=split,
            protocol=f"{split_boundaries['protocol']}, {PROTOCOL}",
            seed=seed,
            dataset=dataset,
        )
        for model, estimates in _estimates(values, metric, seed).items()
    ]
    return pd.concat(rows, ignore_index=True)


def _vectors_of(cold_start_vectors: pd.DataFrame, checkpoint: Checkpoint, cold: np.ndarray) -> dict[str, np.ndarray]:
    own: np.ndarray = checkpoint.weights["content"][cold]
    found = {name: vector_matrix(cold_start_vectors[name]) for name in STAND_INS}
    return {**found, OWN: own, ZEROS: np.zeros_like(own)}


def _with_vectors(checkpoint: Checkpoint, rows: np.ndarray, vectors: np.ndarray) -> Checkpoint:
    content = checkpoint.weights["content"].copy()
    content[rows] = vectors
    return replace(checkpoint, weights={**checkpoint.weights, "content": content})


def _ndcg_of_cold(
    checkpoint: Checkpoint, arrays: BehaviourArrays, requests: Requests, cold: np.ndarray, evaluation: EvaluationParams
) -> np.ndarray:
    """NDCG (n_users,) of the cold relevant items among all candidates; NaN for a user without any."""
    scores_of = candidate_scores(loaded(checkpoint, arrays), requests, arrays.catalogue)
    ranks, _ = rank_in_blocks(
        scores_of, requests.owner, requests.item, n_users=requests.n_users, k=0, block=evaluation.block
    )
    found: np.ndarray = ndcg(ranks.only(np.isin(requests.item, cold)), evaluation.k)
    return found


def _named(name: str) -> str:
    return f"stand-in: {name}"


def _estimates(values: Mapping[str, np.ndarray], metric: str, seed: int) -> dict[str, dict[str, Estimate]]:
    """Each one's NDCG, and user by user what the generated vectors add to each other one."""
    found = {_named(name): {metric: mean_estimate(each, seed)} for name, each in values.items()}
    for name, each in values.items():
        if name != OURS:
            lift, p_value = paired_difference(values[OURS], each, seed)
            exact = Estimate.exact(p_value, lift.n)
            found[f"{_named(OURS)} - {_named(name)}"] = {metric: lift, f"{metric}_p_value": exact}
    return found
