from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest

from affectlens.pipelines.reporting import verdicts
from affectlens.pipelines.reporting.params import MetricParams, StagesParams

HIGHER = MetricParams(name="m", label="M", meaning="a metric", better="higher")
LOWER = HIGHER.model_copy(update={"better": "lower"})


def row(value: float, half_width: float = 0.1) -> dict[str, float]:
    return {"value": value, "lower": value - half_width, "upper": value + half_width}


@pytest.mark.parametrize(
    ("model", "baseline", "metric", "expected"),
    [
        (1.0, 0.5, HIGHER, "ahead"),
        (0.6, 0.5, HIGHER, "maybe_ahead"),
        (0.5, 0.5, HIGHER, "level"),
        (0.4, 0.5, HIGHER, "maybe_behind"),
        (0.1, 0.5, HIGHER, "behind"),
        (0.1, 0.5, LOWER, "ahead"),
        (1.0, 0.5, LOWER, "behind"),
    ],
)
def test_a_model_is_ahead_for_sure_only_if_the_intervals_lie_apart(
    model: float, baseline: float, metric: MetricParams, expected: str
) -> None:
    assert verdicts.outcome(row(model), row(baseline), metric) == expected


def test_the_best_model_meets_the_best_baseline(make_board: Callable[..., pd.DataFrame], stage_params) -> None:
    scores = {"weak": {"ndcg@10": 0.1}, "strong": {"ndcg@10": 0.3}, "cnn": {"ndcg@10": 0.2}, "sas": {"ndcg@10": 0.25}}
    duel = verdicts.contest(make_board("recommender", scores, {"weak", "strong"}), stage_params.recommender)
    assert duel is not None
    assert (duel.model["model"], duel.baseline["model"], duel.outcome) == ("sas", "strong", "behind")
    assert verdicts.sentence(duel).startswith("The baseline wins. `sas` reaches NDCG@10 0.250 [0.230, 0.270]")


def test_references_compete_with_nobody(make_board: Callable[..., pd.DataFrame], stage_params: StagesParams) -> None:
    scores = {"reference: real": {"tstr_ratio": 1.0}, "gaussian": {"tstr_ratio": 0.5}, "vae": {"tstr_ratio": 0.7}}
    duel = verdicts.contest(make_board("gan", scores, {"reference: real", "gaussian"}), stage_params.gan)
    assert duel is not None
    assert (duel.baseline["model"], duel.outcome) == ("gaussian", "ahead")


def test_without_a_baseline_or_a_known_metric_there_is_no_verdict(
    make_board: Callable[..., pd.DataFrame], stage_params: StagesParams
) -> None:
    no_baseline = make_board("emotion", {"cnn": {"macro_f1": 0.5}}, set())
    no_metric = make_board("emotion", {"cnn": {"odd": 0.5}, "majority": {"odd": 0.4}}, {"majority"})
    assert verdicts.contest(no_baseline, stage_params.emotion) is None
    assert verdicts.contest(no_metric, stage_params.emotion) is None


def test_an_undefined_primary_metric_gives_way_to_the_next(
    make_board: Callable[..., pd.DataFrame], stage_params: StagesParams
) -> None:
    scores = {"a": {"macro_f1": float("nan"), "micro_f1": 0.5}, "b": {"macro_f1": float("nan"), "micro_f1": 0.4}}
    duel = verdicts.contest(make_board("emotion", scores, {"b"}), stage_params.emotion)
    assert duel is not None
    assert duel.metric.name == "micro_f1"


def test_the_test_split_comes_before_the_others(make_board: Callable[..., pd.DataFrame]) -> None:
    scores = {"a": {"macro_f1": 0.5}}
    both = pd.concat([make_board("emotion", scores, set(), split="valid"), make_board("emotion", scores, set())])
    assert set(verdicts.main_rows(both)["split"]) == {"test"}


def test_every_model_behind_on_any_metric_is_a_loss(
    make_board: Callable[..., pd.DataFrame], stage_params: StagesParams
) -> None:
    scores = {
        "majority": {"macro_f1": 0.1, "ece_label": 0.01},
        "cnn": {"macro_f1": 0.5, "ece_label": 0.2},
        "lstm": {"macro_f1": 0.05, "ece_label": 0.3},
    }
    lost = verdicts.losses(make_board("emotion", scores, {"majority"}), stage_params.emotion)
    assert [(duel.model["model"], duel.metric.name) for duel in lost] == [
        ("lstm", "macro_f1"),
        ("cnn", "ece_label"),
        ("lstm", "ece_label"),
    ]
