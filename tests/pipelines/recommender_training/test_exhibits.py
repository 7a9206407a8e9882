"""The ladders and the cost of calibration as the report shows them."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from affectlens.pipelines.recommender_training.exhibits import recommender_exhibits

NO_FRONTIER = pd.DataFrame(columns=["attribute", "strength", "split", "is_chosen", "metric", "value", "lower", "upper"])


def board(*rows: tuple[str, str, float]) -> pd.DataFrame:
    shared = {"protocol": "p, mean of 2 seeds", "n": 9}
    return pd.DataFrame(
        [
            {"model": model, "metric": metric, "value": value, "lower": value - 0.1, "upper": value + 0.1, **shared}
            for model, metric, value in rows
        ]
    )


def test_every_step_stands_beside_the_one_below_and_its_placebos() -> None:
    step = "exposures: learned emotion"
    climbed = board(
        ("attention", "ndcg@10", 0.2),
        (step, "log_likelihood:view", -0.5),
        (step, "difference:log_likelihood:view:image and clip", 0.3),
        (step, "difference:log_likelihood:view:random", 0.05),
        (step, "helps:log_likelihood:view", 1.0),
        ("exposures: text", "helps:log_likelihood:view", 0.0),
    )
    (chart,) = recommender_exhibits(climbed, NO_FRONTIER)
    assert chart.title == "What each step adds: log_likelihood:view"
    assert [(row.name, row.group, row.value) for row in chart.rows] == [
        ("learned emotion − image and clip", "beside the step below", 0.3),
        ("learned emotion − random", "beside a placebo", 0.05),
    ]
    assert chart.note.values == {"protocol": "p, mean of 2 seeds", "steps": "learned emotion"}


def test_published_figures_stand_beside_the_step_that_knows_the_same() -> None:
    climbed = board(
        ("satisfaction: content", "auc", 0.75),
        ("satisfaction: user emotion", "difference:auc:content", 0.01),
        ("satisfaction: user emotion", "difference:auc:user emotion, wrong user", 0.02),
        ("published: FM, content", "auc", 0.6847),
        ("published: AutoInt, content", "auc", 0.7222),
    )
    chart, table = recommender_exhibits(climbed, NO_FRONTIER)
    assert [row.group for row in chart.rows] == ["beside the step below", "beside a placebo"]
    ((*_, ours, told),) = table.rows
    assert ours == pytest.approx((0.75, 0.65, 0.85))
    assert told == "AutoInt 0.722, FM 0.685"


def test_what_is_foretold_of_the_next_content_stands_beside_the_rates() -> None:
    models, metrics = ("attention", "rates so far", "the usual rate"), {"auc": 0.7, "log_likelihood": -0.5}
    rows = [(f"outcomes: {model}", f"{name}:like", value) for model in models for name, value in metrics.items()]
    told = board(("attention", "ndcg@10", 0.2), *rows, ("outcomes: attention", "share_of_network:like", 0.25))
    *_, table = recommender_exhibits(told, NO_FRONTIER)
    assert [row[:2] for row in table.rows] == [("like", model) for model in models]
    assert table.rows[0][2:] == (pytest.approx((0.7, 0.6, 0.8)), pytest.approx((-0.5, -0.6, -0.4)))
    assert table.note.values["shares"] == "like 0.25"


def test_a_run_without_a_ladder_says_so() -> None:
    (note,) = recommender_exhibits(board(("attention", "ndcg@10", 0.2)), NO_FRONTIER)
    assert "No ablation ladder was climbed in this run" in note.sentences[0]


def test_no_behaviour_shows_nothing() -> None:
    assert recommender_exhibits(board().reindex(columns=["model", "metric"]), NO_FRONTIER) == []


def test_the_frontier_runs_from_no_calibration_on_and_names_what_was_chosen() -> None:
    def points(split: str, strength: float, ndcg: float, off: float) -> list[dict[str, Any]]:
        place = {"attribute": "topic", "strength": strength, "split": split, "n": 9}
        return [
            {**place, "metric": metric, "value": value, "lower": value - 0.1, "upper": value + 0.1}
            for metric, value in (("ndcg@10", ndcg), ("miscalibration_topic@10", off))
        ]

    frontier = pd.DataFrame(
        [*points("valid", 0.5, 0.2, 0.4), *points("valid", 0.0, 0.21, 0.9), *points("test", 0.5, 0.23, 0.41)]
    )
    *_, chart = recommender_exhibits(board(("attention", "ndcg@10", 0.2)), frontier)
    (line,) = chart.series
    assert (line.x, line.y) == ((0.9, 0.4), (0.21, 0.2))
    unknown = frontier.assign(value=frontier["value"].mask(frontier["metric"].str.startswith("miscalibration")))
    partly = frontier.assign(value=frontier["value"].mask(frontier["value"] == 0.9))
    *_, chart = recommender_exhibits(board(("attention", "ndcg@10", 0.2)), partly)
    assert chart.series[0].x == (0.4,)
    assert len(recommender_exhibits(board(("attention", "ndcg@10", 0.2)), unknown)) == 1  # that there is no ladder
    assert chart.note.values == {"strength": "0.5", "ndcg": "0.230", "miscalibration": "0.410"}
