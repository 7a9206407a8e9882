"""Texts that were changed a little, feelings that are denied, and texts of other sources."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from affectlens.evaluation.estimate import LEADERBOARD_COLUMNS
from affectlens.features.edits import EDITS
from affectlens.features.probes import negation_probes
from affectlens.features.taxonomy import EKMAN
from affectlens.models.emotion.decision import Calibration, DecisionRule
from affectlens.models.emotion.lexicon_rule import make_lexicon_rule
from affectlens.pipelines.emotion_training import robustness_nodes
from affectlens.pipelines.emotion_training.params import RobustnessParams
from affectlens.training.emotion import with_decision_rule

PARAMS = RobustnessParams(n_edited=40, n_other=3, language="en")


@pytest.fixture(scope="module")
def rows(stage, stage_tables):
    tfidf = next(each for each in stage.members if each.architecture == "tfidf")
    lstm = next(each for each in stage.members if each.architecture == "lstm")
    return robustness_nodes.edit_rows(stage_tables.examples, PARAMS, 7, "tiny", [lstm, tfidf])


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
    found = robustness_nodes.edit_rows(stage_tables.examples, PARAMS, 7, "tiny", [tfidf, tfidf])
    assert not found.duplicated(["model", "metric"]).any()


@pytest.fixture(scope="module")
def rule_model():
    """Emotion words, with negation, as probabilities: one hit is above the threshold, half a hit is not."""
    decision = DecisionRule(
        "ekman",
        Calibration.plain(np.full(7, 4.0), np.full(7, -3.0)),
        {"ekman": np.full(7, 0.5), "sentiment": np.full(4, 0.5)},
        np.full(7, 0.5),
    )
    return with_decision_rule(make_lexicon_rule(EKMAN, "ekman"), decision)


def test_a_rule_with_negation_follows_every_denial_and_no_other_word(rule_model) -> None:
    found = robustness_nodes.negation_rows(PARAMS, 7, "tiny", [rule_model]).set_index("metric")
    assert found["value"].to_dict() == pytest.approx(
        {"said": 1.0, "denied": 0.0, "followed": 1.0, "followed_control": 0.0}, abs=0.25
    )
    assert found.loc["followed", "value"] > 0.9
    assert found.loc["followed", "n"] == len(negation_probes("ekman").words)


def test_a_model_of_single_words_cannot_follow_a_denial(stage) -> None:
    tfidf = next(each for each in stage.members if each.architecture == "tfidf")
    found = robustness_nodes.negation_rows(PARAMS, 7, "tiny", [tfidf])
    assert found["value"].between(0.0, 1.0).all()
    assert found["is_baseline"].all()


def test_probes_are_english(rule_model) -> None:
    chinese = PARAMS.model_copy(update={"language": "zh"})
    found = robustness_nodes.negation_rows(chinese, 7, "tiny", [rule_model])
    assert found.empty
    assert list(found.columns) == list(LEADERBOARD_COLUMNS)


def others(*rows: tuple[str, str, str, list[str]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["source", "taxonomy", "text", "labels"])


def test_other_sources_are_scored_in_their_own_taxonomy(rule_model) -> None:
    texts = others(
        ("a", "ekman", "i am happy", ["joy"]),
        ("a", "ekman", "i am furious", ["anger"]),
        ("b", "sentiment", "i am happy", ["positive"]),
        ("b", "sentiment", "i am happy", ["negative"]),
    )
    found = robustness_nodes.other_source_rows(texts, PARAMS, 7, "tiny", [rule_model]).set_index("protocol")
    assert found.loc["other source: a", "value"] == 1.0
    assert found.loc["other source: b", "value"] == pytest.approx(1 / 3)  # F1 of positive is 2/3, of negative 0
    assert found["n"].tolist() == [2, 2]


def test_no_more_texts_of_a_source_are_read_than_asked_for(rule_model) -> None:
    texts = others(*[("a", "ekman", "i am happy", ["joy"])] * 5)
    assert robustness_nodes.other_source_rows(texts, PARAMS, 7, "tiny", [rule_model])["n"].tolist() == [3]


def test_a_taxonomy_that_no_map_reaches_is_left_out(rule_model) -> None:
    texts = others(("a", "goemotions", "i am happy", ["joy"]))
    assert robustness_nodes.other_source_rows(texts, PARAMS, 7, "tiny", [rule_model]).empty


def test_nothing_else_leaves_no_rows(rule_model) -> None:
    found = robustness_nodes.other_source_rows(others(), PARAMS, 7, "tiny", [rule_model])
    assert found.empty
    assert list(found.columns) == list(LEADERBOARD_COLUMNS)
