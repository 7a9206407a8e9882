"""Nodes of recommender_training."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from affectlens.evaluation.estimate import LEADERBOARD_COLUMNS, Estimate, leaderboard_rows
from affectlens.evaluation.ranking import ndcg, rank_in_blocks, top_items
from affectlens.features.item_emotions import item_emotions
from affectlens.features.taxonomy import TAXONOMIES
from affectlens.models.checkpoint import Checkpoint
from affectlens.models.recommender.build import load_recommender
from affectlens.models.recommender.catalogue import Catalogue, emotion_states_of
from affectlens.models.recommender.content_knn import ContentKnn, content_knn_trials, fit_content_knn
from affectlens.models.recommender.ease import ease_trials, fit_ease
from affectlens.models.recommender.item_knn import co_occurrence, fit_item_knn, item_knn_trials
from affectlens.models.recommender.item_to_item import ItemToItem
from affectlens.models.recommender.popularity import Popularity, fit_popularity, popularity_trials
from affectlens.models.recommender.requests import (
    BehaviourArrays,
    Requests,
    behaviour_arrays,
    closing_requests,
    only_candidates,
    requests_of,
)
from affectlens.models.recommender.tuning import Recommender, Tuned, best_of
from affectlens.pipelines.recommender_training.params import (
    AttentionMemberParams,
    ContentKnnParams,
    EaseParams,
    EvaluationParams,
    ItemKnnParams,
    PopularityParams,
    TrainerParams,
)
from affectlens.pipelines.recommender_training.scores import (
    Examination,
    member_estimates,
    paired_estimates,
    score_member,
)
from affectlens.pipelines.recommender_training.segments import segments_of
from affectlens.training.recommender import fit_attention

logger = logging.getLogger(__name__)

BASELINES = frozenset({"popularity", "content_knn", "item_knn", "ease"})
NOTHING_GENERATED = pd.DataFrame({"user_id": [], "occurred_at": [], "n_samples": [], "vectors": []})


def train_popularity(
    sequences: pd.DataFrame, contents: pd.DataFrame, params: PopularityParams, evaluation: EvaluationParams
) -> Checkpoint:
    """Count consumption, with the half-life that ranks validation events best."""
    arrays = behaviour_arrays(sequences, contents, NOTHING_GENERATED)

    def fitted() -> Iterator[tuple[Mapping[str, Any], Popularity]]:
        for trial in popularity_trials(params):
            yield trial, fit_popularity(arrays.train, arrays.catalogue.n_items, **trial)

    return _baseline(best_of(fitted(), _validation(arrays, evaluation)), arrays, evaluation)


def train_content_knn(
    sequences: pd.DataFrame, contents: pd.DataFrame, params: ContentKnnParams, evaluation: EvaluationParams
) -> Checkpoint:
    """Contents that resemble what a user consumed, with the recency and the heat that rank validation events best."""
    arrays = behaviour_arrays(sequences, contents, NOTHING_GENERATED)

    def fitted() -> Iterator[tuple[Mapping[str, Any], ContentKnn]]:
        for trial in content_knn_trials(params):
            yield trial, fit_content_knn(arrays.catalogue, **trial)

    return _baseline(best_of(fitted(), _validation(arrays, evaluation)), arrays, evaluation)


def train_item_knn(
    sequences: pd.DataFrame, contents: pd.DataFrame, params: ItemKnnParams, evaluation: EvaluationParams
) -> Checkpoint:
    """Item neighbours, with the similarity, shrinkage, size and recency that rank validation events best."""
    arrays = behaviour_arrays(sequences, contents, NOTHING_GENERATED)
    together = co_occurrence(arrays.train, arrays.catalogue.n_items)

    def fitted() -> Iterator[tuple[Mapping[str, Any], ItemToItem]]:
        for trial in item_knn_trials(params):
            settings = {name: value for name, value in trial.items() if name != "decay"}
            yield trial, fit_item_knn(arrays.train, together, **settings).with_decay(trial["decay"])

    return _baseline(best_of(fitted(), _validation(arrays, evaluation)), arrays, evaluation)


def train_ease(
    sequences: pd.DataFrame, contents: pd.DataFrame, params: EaseParams, evaluation: EvaluationParams
) -> Checkpoint:
    """The linear autoencoder, with the regularisation and recency that rank validation events best."""
    arrays = behaviour_arrays(sequences, contents, NOTHING_GENERATED)
    stored = {"stored_weights": params.stored_weights, "dense_below": params.dense_below}

    def fitted() -> Iterator[tuple[Mapping[str, Any], ItemToItem]]:
        for regularisation in params.regularisations:
            model = fit_ease(arrays.train, arrays.catalogue.n_items, regularisation=regularisation, **stored)
            for trial in ease_trials(regularisation, params):
                yield trial, model.with_decay(trial["decay"])

    return _baseline(best_of(fitted(), _validation(arrays, evaluation)), arrays, evaluation)


def train_attention(
    sequences: pd.DataFrame,
    contents: pd.DataFrame,
    generated: pd.DataFrame,
    params: AttentionMemberParams,
    evaluation: EvaluationParams,
    trainer: TrainerParams,
    seed: int,
    workspace: str,
) -> tuple[Checkpoint, pd.DataFrame]:
    """Causal self-attention over events, with W_t over the generated vectors where there are any."""
    arrays = behaviour_arrays(sequences, contents, generated)
    checkpoint, history = fit_attention(
        arrays.catalogue,
        arrays.train,
        arrays.generated,
        params.model,
        params.training,
        trainer,
        evaluate=_validation(arrays, evaluation),
        seed=seed,
        work_dir=Path(workspace) / "recommender" / "attention",
        metric_name=f"ndcg@{evaluation.k}",
    )
    history.insert(0, "member", "attention")
    return checkpoint, history


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
) -> pd.DataFrame:
    """Rank the test events with every member, once; validation events where there are no test events."""
    arrays = behaviour_arrays(sequences, contents, generated)
    split: Literal["valid", "test"] = "test" if (sequences["split"] == "test").any() else "valid"
    requests = requests_of(sequences, arrays.catalogue, arrays.generated, split)
    if requests.n_users == 0:
        logger.warning("no recommender is scored: no user has a test or validation event")
        return pd.DataFrame(columns=list(LEADERBOARD_COLUMNS))
    states, labels = emotion_states_of(emotion_states), TAXONOMIES[taxonomy]
    segments = segments_of(requests, arrays, item_attributes, states, labels, evaluation)
    exam = Examination(requests, arrays, segments, evaluation, seed)
    members = sorted(checkpoints, key=lambda checkpoint: checkpoint.architecture in BASELINES)
    scores = {
        member.architecture: score_member(_scores_of(_loaded(member, arrays), requests, arrays.catalogue), exam)
        for member in members
    }
    estimates = {name: member_estimates(found, exam) for name, found in scores.items()}
    estimates["attention"]["uses_generated_content"] = Estimate.exact(not arrays.generated.is_empty, requests.n_users)
    protocol = f"{split_boundaries['protocol']}, full ranking, fold-in"
    rows = [
        leaderboard_rows(
            stage="recommender",
            model=model,
            is_baseline=model in BASELINES,
            estimates=found,
            split=split,
            protocol=name,
            seed=seed,
            dataset=dataset,
        )
        for name, models in {protocol: estimates, "paired": paired_estimates(scores, exam)}.items()
        for model, found in models.items()
        if found
    ]
    return pd.concat(rows, ignore_index=True)


def collect_recommender_leaderboard(*scores: pd.DataFrame) -> pd.DataFrame:
    """Every number of the stage in one table; the members come first."""
    return pd.concat([table for table in scores if len(table)] or list(scores[:1]), ignore_index=True)


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
    scores_of = _scores_of(_loaded(checkpoint, arrays), requests, arrays.catalogue)
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


def _scores_of(
    recommender: Recommender, requests: Requests, catalogue: Catalogue
) -> Callable[[np.ndarray], np.ndarray]:
    def scores_of(rows: np.ndarray) -> np.ndarray:
        histories = requests.histories.take(rows)
        return only_candidates(recommender.score(histories), histories, requests.request_time[rows], catalogue)

    return scores_of


def _validation(arrays: BehaviourArrays, evaluation: EvaluationParams) -> Callable[[Recommender], float]:
    """NDCG on the validation requests; 0 for every model where there are none, so that the first setting stands."""
    valid = arrays.valid
    if len(valid.item) == 0:
        logger.warning("no validation events: settings are not chosen but the first ones taken")

    def evaluate(recommender: Recommender) -> float:
        scores_of = _scores_of(recommender, valid, arrays.catalogue)
        ranks, _ = rank_in_blocks(
            scores_of, valid.owner, valid.item, n_users=valid.n_users, k=0, block=evaluation.block
        )
        return float(np.nanmean(ndcg(ranks, evaluation.k))) if len(valid.item) else 0.0

    return evaluate


def _baseline(
    tuned: Tuned[Popularity] | Tuned[ItemToItem] | Tuned[ContentKnn],
    arrays: BehaviourArrays,
    evaluation: EvaluationParams,
) -> Checkpoint:
    facts = {"settings": dict(tuned.settings), f"valid_ndcg@{evaluation.k}": tuned.value, "trials": tuned.trials}
    return tuned.model.checkpoint(arrays.catalogue.item_ids, **facts)


def _loaded(checkpoint: Checkpoint, arrays: BehaviourArrays) -> Recommender:
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
