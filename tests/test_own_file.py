from __future__ import annotations

import numpy as np
import pandas as pd

from affectlens.own_file import leaderboard_text

METRICS = ("ndcg@10", "hr@10", "recall@10", "mrr@10", "coverage@10")


def leaderboard(coverage: float) -> pd.DataFrame:
    rows = [
        {"model": model, "metric": metric, "value": coverage if metric == "coverage@10" else value}
        for model, value in (("ease", 0.2), ("attention", 0.3))
        for metric in METRICS
    ]
    facts = {
        "stage": "recommender",
        "is_baseline": False,
        "lower": 0.1,
        "upper": 0.4,
        "n": 19,
        "split": "test",
        "dataset": "events",
    }
    return pd.DataFrame(rows).assign(**facts, protocol="global_timeline, full ranking, fold-in", seed=7)


def test_the_best_member_stands_first_with_its_interval() -> None:
    lines = leaderboard_text(leaderboard(0.5)).splitlines()
    assert lines[0] == "global_timeline, full ranking, fold-in; 19 users of the test period"
    assert [line.split()[0] for line in lines[-2:]] == ["attention", "ease"]
    assert "[0.1, 0.4]" in lines[-1]


def test_a_metric_that_so_few_users_leave_undefined_is_shown_as_such() -> None:
    text = leaderboard_text(leaderboard(np.nan))
    assert "coverage@10" in text
    assert text.splitlines()[-1].split()[-1] == "NaN"


def test_nobody_with_a_later_event_is_said_in_a_sentence() -> None:
    assert leaderboard_text(leaderboard(0.5).iloc[:0]).startswith("No user has an event after the training period")
