from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest

from affectlens.pipelines.reporting import verdicts
from affectlens.pipelines.reporting.params import MetricParams, StagesParams
from affectlens.pipelines.reporting.texts import language, told

HIGHER = MetricParams(name="m", label="M", meaning="a metric", better="higher")
LOWER = HIGHER.model_copy(update={"better": "lower"})


def row(value: float, half_width: float = 0.1) -> dict[str, float]:
    return {"value": value, "lower": value - half_width, "upper": value + half_width}


def outcome(model: float, baseline: float, metric: MetricParams, paired: verdicts.Pair | None = None) -> str:
    return verdicts.Contest(metric, row(model), row(baseline), paired).outcome


def pair(difference: float, half_width: float, p_value: float = float("nan")) -> verdicts.Pair:
    return verdicts.Pair("new", "old", "m", row(difference, half_width), p_value)


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
    assert outcome(model, baseline, metric) == expected


def test_a_paired_difference_decides_before_the_intervals() -> None:
    assert outcome(0.6, 0.5, HIGHER, pair(0.1, 0.05)) == "ahead"
    assert outcome(0.6, 0.5, HIGHER, pair(0.1, 0.05, p_value=0.2)) == "maybe_ahead"
    assert outcome(0.6, 0.5, HIGHER, pair(0.1, 0.05, p_value=0.01)) == "ahead"
    assert outcome(0.6, 0.5, HIGHER, pair(0.1, 0.2)) == "maybe_ahead"
    assert outcome(1.0, 0.5, HIGHER, pair(0.5, 0.6)) == "maybe_ahead"
    assert outcome(0.4, 0.5, LOWER, pair(-0.1, 0.05)) == "ahead"
    assert outcome(0.4, 0.5, HIGHER, pair(-0.1, 0.05)) == "behind"


@pytest.mark.parametrize(
    ("stage", "metric", "model", "name", "p_name"),
    [
        ("emotion", "macro_f1", "new - old", "macro_f1", "macro_f1_p_value"),
        ("recommender", "ndcg@10", "new", "difference:ndcg@10:old", "p:ndcg@10:old"),
        ("policy", "value:true", "new", "difference:true:old", "p_holm:true:old"),
    ],
)
def test_paired_differences_are_found_however_the_stage_spells_them(
    make_board: Callable[..., pd.DataFrame],
    stage_params: StagesParams,
    stage: str,
    metric: str,
    model: str,
    name: str,
    p_name: str,
) -> None:
    rows = make_board(stage, {"old": {metric: 0.5}, "new": {metric: 0.51}}, {"old"})
    pairs = make_board(stage, {model: {name: 0.03, p_name: 0.012, "other": 1.0}}, set(), protocol="paired")
    duel = verdicts.contest(pd.concat([rows, pairs], ignore_index=True), getattr(stage_params, stage))
    assert duel is not None
    assert duel.model["model"] == "new"
    assert duel.outcome == "ahead"
    assert "Unit by unit the difference is 0.030 [0.010, 0.050], p = 0.012." in told(
        verdicts.sentence(duel), language("en")
    )
    assert len(verdicts.pairs(pairs)) == (2 if stage == "emotion" else 1)


def test_the_best_model_meets_the_best_baseline(make_board: Callable[..., pd.DataFrame], stage_params) -> None:
    scores = {"weak": {"ndcg@10": 0.1}, "strong": {"ndcg@10": 0.3}, "cnn": {"ndcg@10": 0.2}, "sas": {"ndcg@10": 0.25}}
    duel = verdicts.contest(make_board("recommender", scores, {"weak", "strong"}), stage_params.recommender)
    assert duel is not None
    assert (duel.model["model"], duel.baseline["model"], duel.outcome) == ("sas", "strong", "behind")
    sentence = told(verdicts.sentence(duel), language("en"))
    assert sentence.startswith("The baseline wins. `sas` reaches NDCG@10 0.250 [0.230, 0.270]")


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
