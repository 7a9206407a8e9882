"""Nodes that tune the baselines, each on validation data, and fit them again where a refit is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pandas as pd

from affectlens.models.checkpoint import Checkpoint
from affectlens.models.recommender.content_knn import ContentKnn, content_knn_trials, fit_content_knn
from affectlens.models.recommender.ease import ease_trials, fit_ease
from affectlens.models.recommender.item_knn import co_occurrence, fit_item_knn, item_knn_trials
from affectlens.models.recommender.item_to_item import ItemToItem
from affectlens.models.recommender.popularity import Popularity, fit_popularity, popularity_trials
from affectlens.models.recommender.requests import BehaviourArrays, behaviour_arrays
from affectlens.models.recommender.tuning import best_of
from affectlens.pipelines.recommender_training.fits import FOLD_IN, REFIT, further, labelled, with_valid_in_train
from affectlens.pipelines.recommender_training.judging import validation_metric
from affectlens.pipelines.recommender_training.params import (
    ContentKnnParams,
    EaseParams,
    EvaluationParams,
    ItemKnnParams,
    PopularityParams,
)

NOTHING_GENERATED = pd.DataFrame({"user_id": [], "occurred_at": [], "n_samples": [], "vectors": []})
Baseline = Popularity | ContentKnn | ItemToItem
Settings = Mapping[str, Any]
# Settings to try on a set of training events -> fitted models, those that share a matrix one after the other.
FittedOn = Callable[[BehaviourArrays, list[Settings]], Iterator[tuple[Settings, Baseline]]]


def train_popularity(
    sequences: pd.DataFrame,
    contents: pd.DataFrame,
    params: PopularityParams,
    evaluation: EvaluationParams,
    seeds: list[int],
) -> tuple[Checkpoint, Checkpoint]:
    """Count consumption, with the half-life that ranks validation events best."""

    def fitted(arrays: BehaviourArrays, trials: list[Settings]) -> Iterator[tuple[Settings, Baseline]]:
        for trial in trials:
            yield trial, fit_popularity(arrays.train, arrays.catalogue.n_items, **trial)

    return _tuned(sequences, contents, fitted, popularity_trials(params), evaluation, seeds)


def train_content_knn(
    sequences: pd.DataFrame,
    contents: pd.DataFrame,
    params: ContentKnnParams,
    evaluation: EvaluationParams,
    seeds: list[int],
) -> tuple[Checkpoint, Checkpoint]:
    """Contents that resemble what a user consumed, with the recency and the heat that rank validation events best."""

    def fitted(arrays: BehaviourArrays, trials: list[Settings]) -> Iterator[tuple[Settings, Baseline]]:
        for trial in trials:
            yield trial, fit_content_knn(arrays.catalogue, **trial)

    return _tuned(sequences, contents, fitted, content_knn_trials(params), evaluation, seeds)


def train_item_knn(
    sequences: pd.DataFrame,
    contents: pd.DataFrame,
    params: ItemKnnParams,
    evaluation: EvaluationParams,
    seeds: list[int],
) -> tuple[Checkpoint, Checkpoint]:
    """Item neighbours, with the similarity, shrinkage, size and recency that rank validation events best."""

    def fitted(arrays: BehaviourArrays, trials: list[Settings]) -> Iterator[tuple[Settings, Baseline]]:
        together = co_occurrence(arrays.train, arrays.catalogue.n_items)
        for trial in trials:
            settings = {name: value for name, value in trial.items() if name != "decay"}
            yield trial, fit_item_knn(arrays.train, together, **settings).with_decay(trial["decay"])

    return _tuned(sequences, contents, fitted, item_knn_trials(params), evaluation, seeds)


def train_ease(
    sequences: pd.DataFrame, contents: pd.DataFrame, params: EaseParams, evaluation: EvaluationParams, seeds: list[int]
) -> tuple[Checkpoint, Checkpoint]:
    """The linear autoencoder, with the regularisation and recency that rank validation events best."""
    stored = {"stored_weights": params.stored_weights, "dense_below": params.dense_below}

    def fitted(arrays: BehaviourArrays, trials: list[Settings]) -> Iterator[tuple[Settings, Baseline]]:
        for regularisation in dict.fromkeys(trial["regularisation"] for trial in trials):
            model = fit_ease(arrays.train, arrays.catalogue.n_items, regularisation=regularisation, **stored)
            for trial in trials:
                if trial["regularisation"] == regularisation:
                    yield trial, model.with_decay(trial["decay"])

    trials = [trial for regularisation in params.regularisations for trial in ease_trials(regularisation, params)]
    return _tuned(sequences, contents, fitted, trials, evaluation, seeds)


def _tuned(
    sequences: pd.DataFrame,
    contents: pd.DataFrame,
    fitted: FittedOn,
    trials: list[Settings],
    evaluation: EvaluationParams,
    seeds: list[int],
) -> tuple[Checkpoint, Checkpoint]:
    """The best of the trials fitted on train, and the same settings fitted on train and valid if that is asked for."""
    arrays = behaviour_arrays(sequences, contents, NOTHING_GENERATED)
    tuned = best_of(fitted(arrays, trials), validation_metric(arrays, evaluation))
    facts = {"settings": dict(tuned.settings), f"valid_ndcg@{evaluation.k}": tuned.value, "trials": tuned.trials}
    checkpoint = labelled(tuned.model.checkpoint(arrays.catalogue.item_ids, **facts), FOLD_IN, seeds[0])
    if not evaluation.refit:
        return checkpoint, further([])
    arrays = behaviour_arrays(with_valid_in_train(sequences), contents, NOTHING_GENERATED)
    ((settings, model),) = fitted(arrays, [tuned.settings])
    again = model.checkpoint(arrays.catalogue.item_ids, settings=dict(settings))
    return checkpoint, further([labelled(again, REFIT, seeds[0])])
