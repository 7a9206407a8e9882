from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from affectlens.models.checkpoint import Checkpoint
from affectlens.pipelines.recommender_training.fits import fits_of
from affectlens.pipelines.recommender_training.networks import train_attention
from affectlens.pipelines.recommender_training.outcomes import ATTENTION, RATES, USUAL, score_outcomes
from affectlens.pipelines.recommender_training.params import AttentionMemberParams, EvaluationParams, TrainerParams

TRAINER = TrainerParams(accelerator="cpu", devices=1, precision="32-true", strategy="auto")
BOUNDARIES = {"protocol": "global_timeline"}


@pytest.fixture(scope="session")
def member(parameters: dict[str, Any]) -> AttentionMemberParams:
    outcomes = parameters["attention"]["outcomes"] | {"are_learnt": True, "weight": 3.0}
    training = parameters["attention"]["training"] | {"max_epochs": 25, "learning_rate": 0.01, "patience": 25}
    return AttentionMemberParams.model_validate(parameters["attention"] | {"outcomes": outcomes, "training": training})


def fitted(tables, parameters, member, tmp_path, *, refit: bool = False) -> tuple[Checkpoint, Checkpoint]:
    evaluation = EvaluationParams.model_validate(parameters["evaluation"] | {"refit": refit})
    return train_attention(*tables, member, evaluation, TRAINER, [7], str(tmp_path))[:2]


def scored(tables, parameters, checkpoint: Checkpoint) -> pd.DataFrame:
    evaluation = EvaluationParams.model_validate(parameters["evaluation"])
    return score_outcomes(*tables, checkpoint, BOUNDARIES, evaluation, 7, "test")


def value(rows: pd.DataFrame, model: str, metric: str) -> float:
    return float(rows.set_index(["model", "metric"]).loc[(model, metric), "value"])


@pytest.fixture
def tables(sequences, contents, generated) -> list[pd.DataFrame]:
    """Users like what they consume right after a long look at something else, whoever they are."""
    looked = (sequences["dwell_s"] > 15).groupby(sequences["user_id"]).shift(fill_value=False)
    return [sequences.assign(is_liked=looked.astype("boolean")), contents, generated]


def test_what_depends_on_the_event_before_is_foretold_and_rates_cannot(tables, parameters, member, tmp_path) -> None:
    tables[0] = tables[0].replace({"split": {"valid": "train"}})  # the last epoch counts, not the best one at ranking
    checkpoint, _ = fitted(tables, parameters, member, tmp_path)
    assert checkpoint.params["outcomes"]["names"] == ["like"]  # nobody commented, shared or rated
    rows = scored(tables, parameters, checkpoint)
    assert set(rows["model"]) == {ATTENTION, RATES, USUAL}
    assert value(rows, ATTENTION, "auc:like") > 0.75
    assert value(rows, RATES, "auc:like") < 0.65
    assert value(rows, USUAL, "auc:like") == 0.5
    assert value(rows, ATTENTION, "share_of_network:like") == 1.0
    assert value(rows, ATTENTION, "difference:log_likelihood:like:rates so far") == pytest.approx(
        value(rows, ATTENTION, "log_likelihood:like") - value(rows, RATES, "log_likelihood:like"), abs=1e-9
    )
    assert rows.set_index("model")["is_baseline"].to_dict() == {ATTENTION: False, RATES: True, USUAL: True}


def test_where_validation_says_no_the_rates_are_what_is_said(tables, parameters, member, tmp_path) -> None:
    noise = np.random.default_rng(0).random(len(tables[0])) < 0.5
    random = [tables[0].assign(is_liked=pd.array(noise, dtype="boolean")), *tables[1:]]
    checkpoint, _ = fitted(random, parameters, member, tmp_path)
    rows = scored(random, parameters, checkpoint)
    share = value(rows, ATTENTION, "share_of_network:like")
    assert share < 1.0
    assert share == checkpoint.params["outcomes"]["shares"]["like"]


def test_a_refit_keeps_the_share_of_the_fold_in(tables, parameters, member, tmp_path) -> None:
    first, further = fitted(tables, parameters, member, tmp_path, refit=True)
    (refit,) = fits_of([further])
    assert refit.protocol == "refit"
    assert refit.checkpoint.params["outcomes"]["shares"] == first.params["outcomes"]["shares"]


def test_without_outcomes_nothing_is_scored(tables, parameters, tmp_path) -> None:
    alone = AttentionMemberParams.model_validate(parameters["attention"])
    checkpoint, _ = fitted(tables, parameters, alone, tmp_path)
    assert checkpoint.params["outcomes"] is None
    assert not [name for name in checkpoint.weights if name.startswith("outcomes.")]
    assert scored(tables, parameters, checkpoint).empty
