from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from affectlens.models.checkpoint import Checkpoint
from affectlens.models.recommender.requests import behaviour_arrays, requests_of
from affectlens.pipelines.recommender_training import stand_ins
from affectlens.pipelines.recommender_training.networks import train_attention
from affectlens.pipelines.recommender_training.params import AttentionMemberParams, EvaluationParams, TrainerParams
from affectlens.schemas import Leaderboard

TRAINER = TrainerParams(accelerator="cpu", devices=1, precision="32-true", strategy="auto")
BOUNDARIES = {"protocol": "global_timeline"}
METRIC = "ndcg@10:cold_items"
N_COLD = 12


@pytest.fixture
def fitted(sequences, contents, generated, parameters, tmp_path) -> Checkpoint:
    params, evaluation = AttentionMemberParams(**parameters["attention"]), EvaluationParams(**parameters["evaluation"])
    found: Checkpoint = train_attention(
        sequences, contents, generated, params, evaluation, TRAINER, [7], str(tmp_path)
    )[0]
    # A model that looks at nothing but content vectors, so that it shows whatever is put in their place.
    weights = dict(found.weights) | {"is_known": np.zeros_like(found.weights["is_known"])}
    return replace(found, weights=weights)


@pytest.fixture
def cold(contents: pd.DataFrame) -> pd.DataFrame:
    """Generated vectors that are the contents' own, neighbours' that are shuffled, class means that are all one."""
    some = contents.head(N_COLD).reset_index(drop=True)
    own = some["vector"].tolist()
    stands = {"generated": own, "content_knn": own[1:] + own[:1], "class_mean": [np.mean(own, axis=0)] * N_COLD}
    return some[["content_id"]].assign(split="test", n_train_events=0, **stands)


def score(sequences, contents, generated, parameters, cold, fitted) -> pd.DataFrame:
    evaluation = EvaluationParams(**parameters["evaluation"])
    return stand_ins.score_stand_ins(sequences, contents, generated, cold, fitted, BOUNDARIES, evaluation, 7, "toy")


def test_the_contents_own_vectors_rank_as_the_model_itself_and_others_do_not(
    sequences, contents, generated, parameters, cold, fitted
) -> None:
    rows = Leaderboard.validate(score(sequences, contents, generated, parameters, cold, fitted))
    value = rows[rows["metric"] == METRIC].set_index("model")["value"]
    assert value["stand-in: generated"] == value["stand-in: own vector"]
    assert value["stand-in: content_knn"] != value["stand-in: own vector"]
    assert value["stand-in: zeros"] != value["stand-in: own vector"]
    lifts = value[[name for name in value.index if " - " in name]]
    assert lifts["stand-in: generated - stand-in: own vector"] == 0.0
    others = ("content_knn", "class_mean", "zeros")
    expected = [value["stand-in: generated"] - value[f"stand-in: {name}"] for name in others]
    assert lifts[[f"stand-in: generated - stand-in: {name}" for name in others]].tolist() == pytest.approx(expected)


def test_only_users_with_a_cold_relevant_item_count(sequences, contents, generated, parameters, cold, fitted) -> None:
    arrays = behaviour_arrays(sequences, contents, generated)
    requests = requests_of(sequences, arrays.catalogue, arrays.generated, "test")
    places = arrays.catalogue.index_of(cold["content_id"])
    rows = score(sequences, contents, generated, parameters, cold, fitted)
    n = rows.loc[rows["metric"] == METRIC, "n"]
    assert n.unique().tolist() == [len(np.unique(requests.owner[np.isin(requests.item, places)]))]
    assert n.iloc[0] < requests.n_users


def test_the_table_is_not_changed_and_none_of_it_gives_no_rows(
    sequences, contents, generated, parameters, cold, fitted
) -> None:
    before = fitted.weights["content"].copy()
    score(sequences, contents, generated, parameters, cold, fitted)
    assert (fitted.weights["content"] == before).all()
    assert score(sequences, contents, generated, parameters, cold.head(0), fitted).empty
