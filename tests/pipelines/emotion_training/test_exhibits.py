"""What the report shows beside the leaderboard."""

from __future__ import annotations

import pandas as pd

from affectlens.evaluation.estimate import Estimate
from affectlens.pipelines.emotion_training import exhibits, scoring


def rows(protocol: str, model: str, **values: float) -> pd.DataFrame:
    setting = scoring.Setting("valid", protocol, 7, "tiny")
    found = {
        metric.replace("__", ":"): Estimate(value, value - 0.1, value + 0.1, 9) for metric, value in values.items()
    }
    return setting.rows(model, found, is_baseline=False)


def test_every_protocol_beside_the_main_one_is_drawn_and_the_main_one_is_not() -> None:
    board = pd.concat(
        [
            rows("cross_fitted", "lstm", macro_f1=0.5),
            rows("edits", "lstm", macro_f1=0.5, macro_f1__typos=0.4, macro_f1_change__typos=-0.1),
            rows("negation", "lstm", said=0.9, denied=0.8),
            rows("other source: meld", "lstm", macro_f1=0.3),
            rows("other source: airline_tweets", "lstm", macro_f1=0.2),
            rows("few_labels", "lstm", macro_f1=0.1, map=0.2),
            rows("few_labels", "lstm_self_trained - lstm", macro_f1=0.1),
        ]
    )
    drawn = {
        each.title: [(row.group, row.name, row.value) for row in each.rows] for each in exhibits.beyond_exhibits(board)
    }
    assert drawn == {
        "What small edits of a text cost": [("lstm", "typos", -0.1)],
        "Feelings that are said, and denied": [("lstm", "said", 0.9), ("lstm", "denied", 0.8)],
        "Texts of other sources": [("meld", "lstm", 0.3), ("airline_tweets", "lstm", 0.2)],
        "What a teacher adds to few labels": [("", "lstm", 0.1)],
    }


def test_a_leaderboard_of_the_main_protocol_alone_draws_nothing() -> None:
    assert exhibits.beyond_exhibits(rows("held_out", "lstm", macro_f1=0.5)) == []
