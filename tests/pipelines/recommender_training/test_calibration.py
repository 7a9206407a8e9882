from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from affectlens.models.recommender.calibrated import CalibrationParams
from affectlens.pipelines.recommender_training.baselines import train_popularity
from affectlens.pipelines.recommender_training.calibration import calibrate_lists, choose_strength
from affectlens.pipelines.recommender_training.params import EvaluationParams, PopularityParams
from affectlens.schemas import CalibrationFrontier, Leaderboard

PARAMS = CalibrationParams(strengths=[0.0, 0.3, 0.9], n_candidates=20, tolerance=0.5, alpha=0.01, max_requests=1000)


@pytest.fixture
def calibrated(sequences, contents, generated, parameters) -> tuple[pd.DataFrame, pd.DataFrame]:
    evaluation = EvaluationParams(**parameters["evaluation"])
    params = PopularityParams(**parameters["popularity"])
    checkpoint, _ = train_popularity(sequences, contents, params, evaluation, [7])
    emotion = list(np.eye(3)[np.arange(len(contents)) % 3])
    attributes = contents[["content_id"]].assign(
        topic=np.where(np.arange(len(contents)) < 12, "a", "b"), emotion=emotion
    )
    return calibrate_lists(sequences, contents, generated, attributes, checkpoint, PARAMS, evaluation, 7, "toy")


def test_the_frontier_holds_every_strength_on_validation_and_the_chosen_one_on_test(calibrated) -> None:
    frontier = CalibrationFrontier.validate(calibrated[0])
    for name in ("topic", "emotion"):
        mine = frontier[frontier["attribute"] == name]
        assert set(mine.loc[mine["split"] == "valid", "strength"]) == {0.0, 0.3, 0.9}
        tested = mine[mine["split"] == "test"]
        assert len(set(tested["strength"])) == 1
        assert tested["is_chosen"].all()
        by_strength = mine[(mine["split"] == "valid") & (mine["metric"] == f"miscalibration_{name}@10")]
        assert by_strength.sort_values("strength")["value"].is_monotonic_decreasing


def test_the_leaderboard_says_what_is_kept(calibrated) -> None:
    rows = Leaderboard.validate(calibrated[1]).set_index(["model", "metric"])["value"]
    for name in ("topic", "emotion"):
        model = f"popularity, calibrated by {name}"
        assert rows[model, f"kept:miscalibration_{name}@10"] <= 1.0
        assert rows[model, "kept:ndcg@10"] >= 0.0


def test_no_strength_is_chosen_that_costs_too_much() -> None:
    tried = {
        0.0: {"ndcg@10": np.array([0.5]), "miscalibration_topic@10": np.array([1.0])},
        0.3: {"ndcg@10": np.array([0.497]), "miscalibration_topic@10": np.array([0.8])},
        0.9: {"ndcg@10": np.array([0.3]), "miscalibration_topic@10": np.array([0.1])},
    }
    assert choose_strength(tried, "topic", 10, 0.01) == 0.3
    assert choose_strength(tried, "topic", 10, 0.0) == 0.0
    assert choose_strength(tried, "topic", 10, 0.5) == 0.9


def test_strengths_without_a_quality_are_no_choice() -> None:
    nan = np.array([np.nan])
    tried = {
        0.0: {"ndcg@10": np.array([0.5, np.nan]), "miscalibration_topic@10": nan},
        0.3: {"ndcg@10": np.array([0.5, 0.5]), "miscalibration_topic@10": np.array([0.8, np.nan])},
        0.9: {"ndcg@10": nan, "miscalibration_topic@10": np.array([0.1])},
    }
    assert choose_strength(tried, "topic", 10, 0.01) == 0.3
    assert choose_strength({0.0: tried[0.9], 0.3: tried[0.3]}, "topic", 10, 0.01) == 0.3
    assert choose_strength({0.0: tried[0.0]}, "topic", 10, 0.01) == 0.0
    with pytest.raises(ValueError, match="no strength has an NDCG@10"):
        choose_strength({0.0: tried[0.9]}, "topic", 10, 0.01)


def test_without_attributes_there_is_no_frontier(sequences, contents, generated, parameters) -> None:
    evaluation = EvaluationParams(**parameters["evaluation"])
    params = PopularityParams(**parameters["popularity"])
    checkpoint, _ = train_popularity(sequences, contents, params, evaluation, [7])
    attributes = contents[["content_id"]].assign(topic=None, emotion=[[] for _ in range(len(contents))])
    tables = calibrate_lists(sequences, contents, generated, attributes, checkpoint, PARAMS, evaluation, 7, "toy")
    assert [table.empty for table in tables] == [True, True]
