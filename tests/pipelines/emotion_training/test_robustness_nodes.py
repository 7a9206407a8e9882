"""Texts that were changed a little are read again."""

from __future__ import annotations

import pytest

from affectlens.evaluation.estimate import LEADERBOARD_COLUMNS
from affectlens.features.edits import EDITS
from affectlens.pipelines.emotion_training import robustness_nodes


@pytest.fixture(scope="module")
def rows(stage, stage_tables):
    tfidf = next(each for each in stage.members if each.architecture == "tfidf")
    lstm = next(each for each in stage.members if each.architecture == "lstm")
    return robustness_nodes.score_edits(stage_tables.examples, 40, 7, "tiny", lstm, tfidf)


def test_both_models_are_scored_under_every_edit(rows) -> None:
    assert list(rows.columns) == list(LEADERBOARD_COLUMNS)
    assert rows["model"].drop_duplicates().tolist() == ["lstm", "tfidf"]
    names = {f"{name}:{edit}" for edit in EDITS for name in ("macro_f1", "macro_f1_change")}
    assert set(rows["metric"]) == {"macro_f1", *names}
    assert rows.set_index("model")["is_baseline"].to_dict() == {"lstm": False, "tfidf": True}


def test_a_change_is_the_edited_figure_minus_the_one_on_the_same_texts(rows) -> None:
    figures = rows.set_index(["model", "metric"])["value"]
    for edit in EDITS:
        gap = figures["tfidf", f"macro_f1:{edit}"] - figures["tfidf", "macro_f1"]
        assert figures["tfidf", f"macro_f1_change:{edit}"] == pytest.approx(gap)


def test_an_edit_that_touches_nothing_changes_nothing(rows) -> None:
    figures = rows.set_index(["model", "metric"])["value"]
    for edit in ("lower_case", "emoji_removed", "emoji_replaced"):
        assert figures["lstm", f"macro_f1_change:{edit}"] == 0.0


def test_typing_errors_cost_something(rows) -> None:
    figures = rows.set_index(["model", "metric"])["value"]
    assert figures["lstm", "macro_f1_change:typos"] < 0


def test_a_chosen_tfidf_is_scored_once(stage, stage_tables) -> None:
    tfidf = next(each for each in stage.members if each.architecture == "tfidf")
    found = robustness_nodes.score_edits(stage_tables.examples, 10, 7, "tiny", tfidf, tfidf)
    assert not found.duplicated(["model", "metric"]).any()
