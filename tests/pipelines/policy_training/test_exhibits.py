from __future__ import annotations

import pandas as pd

from affectlens.exhibits import Finding, Intervals, Records
from affectlens.pipelines.policy_training.exhibits import logged_exhibits, policy_exhibits


def values(true_value: list[float], is_healthy: list[bool]) -> pd.DataFrame:
    n = len(true_value)
    table = pd.DataFrame({"policy": [f"p{i}" for i in range(n)], "estimator": "ips", "true_value": true_value})
    bounds = {"value": 0.5, "lower": 0.4, "upper": 0.6, "n": 9, "n_eff": 9.0, "support_gap": 0.0, "relative_error": 0.0}
    weights = {"mean_weight": 1.0, "mean_weight_lower": 0.9, "mean_weight_upper": 1.1}
    return table.assign(**bounds, **weights, is_healthy=is_healthy)


def test_the_intervals_that_hold_the_truth_are_counted_among_all_and_among_healthy_ones() -> None:
    found = policy_exhibits(values([0.45, 0.7, 0.3, 0.6], [True, True, False, False]))[0]
    assert isinstance(found, Finding)
    assert found.value == 0.5
    assert found.note.values == {"n": "4", "held": "2", "healthy": "2", "sound": "1"}


def test_where_nobody_knows_the_truth_nothing_is_held() -> None:
    shown = policy_exhibits(values([float("nan")], [True]))
    assert not any(isinstance(each, Finding) for each in shown)


def test_where_policies_judge_each_other_the_estimates_stand_beside_what_was_earned() -> None:
    table = values([0.5], [True]).rename(columns={"true_value": "on_policy"}).assign(policy="bts", log="random")
    table = table.assign(on_policy_lower=0.3, on_policy_upper=0.7, n_on_policy=5)
    table = table.assign(relative_error_lower=0.0, relative_error_upper=0.1)
    shown, errors = logged_exhibits(table)
    assert isinstance(shown, Intervals)
    assert [(row.name, row.group, row.value, row.n) for row in shown.rows] == [
        ("bts, random", "earned itself", 0.5, 5),
        ("bts, random", "ips", 0.5, 9),
    ]
    assert isinstance(errors, Records)
    assert errors.rows[0][:4] == ("bts", "random", "ips", "healthy")


def test_where_one_policy_chose_nothing_is_shown_of_others() -> None:
    assert logged_exhibits(pd.DataFrame()) == []
