from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from affectlens import schemas
from affectlens.evaluation.emotion import macro_f1
from affectlens.evaluation.estimate import LEADERBOARD_COLUMNS
from affectlens.features.taxonomy import indicator_matrix, labels_of
from affectlens.models.checkpoint import Checkpoint
from affectlens.pipelines.emotion_training import nodes
from affectlens.pipelines.emotion_training.params import EmotionMemberParams
from affectlens.pipelines.emotion_training.pipeline import MEMBERS, NETWORKS, create_pipeline
from affectlens.training.emotion import encode_texts


@pytest.fixture(scope="module")
def scores(stage, stage_tables) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    return nodes.score_members(
        stage_tables.examples, stage_tables.annotations, stage.decision, 5, 7, "tiny", *stage.members
    )


def test_a_member_is_trained_on_train_texts_only(stage, stage_tables, parameters, fitted_members, tmp_path) -> None:
    examples = stage_tables.examples.copy()
    examples.loc[examples["split"] == "test", "text"] = "happy happy happy"
    params = EmotionMemberParams.model_validate(parameters["tfidf"])
    trainer = {"accelerator": "cpu", "devices": 1, "precision": "32-true", "strategy": "auto"}
    again, _ = nodes.train_emotion_member(
        examples, stage_tables.vocabulary, params, fitted_members, trainer, 7, str(tmp_path)
    )
    assert again.fingerprint() == stage.members[MEMBERS.index("tfidf")].fingerprint()


def test_every_member_carries_what_a_reader_of_the_checkpoint_needs(stage) -> None:
    for checkpoint in stage.members:
        facts = json.loads(json.dumps(dict(checkpoint.metadata)))
        assert facts["taxonomy"] == "ekman"
        assert len(facts["labels"]) == len(facts["prior"]) == len(facts["decision"]["thresholds"]["ekman"]) == 7
        assert {"seed", "train_fingerprint", "valid_metric", "hidden_size"} <= set(facts)


def test_the_best_trained_member_is_handed_on(stage) -> None:
    trained = {each.architecture: each.metadata["valid_metric"] for each in stage.members[2:]}
    assert stage.model.architecture == max(trained, key=trained.get)
    flattered = Checkpoint("majority", {}, {}, {"valid_metric": 0.99})
    assert nodes.choose_member(flattered, *stage.members[1:]).architecture == stage.model.architecture


def test_only_networks_write_history(stage) -> None:
    n_epochs = [8 if network == "encoder" else 2 for network in NETWORKS]  # it teaches two pupils for three epochs
    assert stage.history["member"].tolist() == list(np.repeat(NETWORKS, n_epochs))


def test_every_utterance_gets_a_signal_in_its_own_row(stage, stage_tables) -> None:
    signals = schemas.EmotionSignals.validate(stage.signals)
    assert signals["utterance_id"].tolist() == stage_tables.utterances["utterance_id"].tolist()
    probabilities, hidden = encode_texts(stage.model, [stage_tables.utterances["text"].iloc[17]])
    assert np.allclose(signals["probabilities"].iloc[17], probabilities[0], atol=1e-5)
    assert np.allclose(signals["hidden"].iloc[17], hidden[0], atol=1e-4)


def test_a_content_without_text_gets_the_prior(stage, stage_tables) -> None:
    contents = schemas.ContentEmotions.validate(stage.contents)
    assert contents["has_text"].tolist() == [True, False, False]
    assert np.allclose(contents["probabilities"].iloc[1], stage.model.metadata["prior"], atol=1e-6)
    assert np.argmax(contents["probabilities"].iloc[0]) == 3


def test_empty_tables_stay_empty_tables(stage, stage_tables) -> None:
    nothing = stage_tables.utterances.iloc[:0], stage_tables.contents.iloc[:0]
    signals, contents = nodes.read_texts(stage.model, *nothing)
    assert len(schemas.EmotionSignals.validate(signals)) == len(schemas.ContentEmotions.validate(contents)) == 0


def test_a_text_that_stands_in_several_places_is_read_once(stage, stage_tables, monkeypatch) -> None:
    texts: list[str] = []

    def encode(model, distinct):
        texts.extend(distinct)
        return encode_texts(model, distinct)

    monkeypatch.setattr(nodes, "encode_texts", encode)
    contents = stage_tables.contents.assign(text=stage_tables.utterances["text"].iloc[3])
    signals, shown = nodes.read_texts(stage.model, stage_tables.utterances, contents)
    assert len(texts) == len(set(texts)) == stage_tables.utterances["text"].nunique()
    assert np.allclose(shown["probabilities"].iloc[1], signals["probabilities"].iloc[3])


def test_the_leaderboard_starts_with_every_member_on_test(stage, scores) -> None:
    rows, *_ = scores
    assert list(rows.columns) == list(LEADERBOARD_COLUMNS)
    first = rows[(rows["split"] == "test") & (rows["protocol"] == "held_out") & (rows["metric"] == "macro_f1")]
    assert first["model"].tolist() == [*MEMBERS, "blend", "human"]
    assert rows[["split", "protocol"]].iloc[0].tolist() == ["test", "held_out"]
    assert set(rows["protocol"]) == {"held_out", "cross_fitted", "tuned_on_same", "paired"}
    assert not rows.duplicated(["model", "metric", "split", "protocol"]).any()


def test_the_valid_figure_of_the_leaderboard_is_that_of_the_checkpoint(stage, scores) -> None:
    rows, *_ = scores
    fair = rows[(rows["protocol"] == "cross_fitted") & (rows["metric"] == "macro_f1")].set_index("model")["value"]
    for checkpoint in stage.members:
        assert fair[checkpoint.architecture] == pytest.approx(checkpoint.metadata["valid_metric"], abs=1e-9)


def test_annotators_who_always_agree_are_a_ceiling_of_one(scores) -> None:
    rows, *_ = scores
    human = rows[rows["model"] == "human"].set_index("metric")["value"]
    assert human["macro_f1"] == human["krippendorff_alpha"] == 1.0


def test_without_test_rows_the_cross_fitted_figures_stand_first(stage, stage_tables) -> None:
    examples = stage_tables.examples[stage_tables.examples["split"] != "test"]
    rows, shown, _ = nodes.score_members(
        examples, stage_tables.annotations.iloc[:0], stage.decision, 2, 7, "x", *stage.members
    )
    assert rows[["split", "protocol"]].iloc[0].tolist() == ["valid", "cross_fitted"]
    assert set(rows["split"]) == set(shown["split"]) == {"valid"}
    assert "human" not in set(rows["model"])


def test_examples_show_the_texts_that_were_scored_with_what_was_said(scores, stage_tables) -> None:
    shown = schemas.EmotionExamplesScored.validate(scores[1])
    assert shown["is_right"].sum() <= 5
    assert (~shown["is_right"]).sum() <= 5
    right = shown[shown["is_right"]]
    assert [list(said) for said in right["predicted"]] == [list(true) for true in right["labels"]]
    truth = stage_tables.examples.set_index("utterance_id").loc[shown["utterance_id"]]
    assert truth["text"].tolist() == shown["text"].tolist()
    assert set(shown["split"]) == {"test"}


def test_the_answers_of_every_member_give_its_numbers_again(scores, stage_tables) -> None:
    rows, _, answers = scores
    schemas.EmotionAnswers.validate(answers)
    asked = stage_tables.examples[stage_tables.examples["split"] == "test"].set_index("utterance_id")["labels"]
    board = rows[rows["protocol"] == "held_out"].set_index(["model", "metric"])["value"]
    for model, texts in answers.groupby("model"):
        assert texts["truth"].map(list).tolist() == asked.loc[texts["unit"]].map(sorted_by_taxonomy).tolist()
        truth, decided = (indicator_matrix(texts[name].tolist(), "ekman") for name in ("truth", "decided"))
        assert macro_f1(truth, decided) == pytest.approx(board[model, "macro_f1"])
        assert texts["brier"].mean() == pytest.approx(board[model, "brier"], abs=1e-6)


def sorted_by_taxonomy(labels) -> list[str]:
    return sorted(labels, key=labels_of("ekman").index)


def test_several_taxonomies_are_refused(stage, stage_tables) -> None:
    mixed = stage_tables.examples.copy()
    mixed.loc[0, "taxonomy"] = "sentiment"
    with pytest.raises(ValueError, match="exactly one"):
        nodes.tune_emotion_member(stage.members[0], mixed, stage.decision, 7)


def test_no_valid_texts_are_refused(stage, stage_tables) -> None:
    train = stage_tables.examples[stage_tables.examples["split"] == "train"]
    with pytest.raises(ValueError, match="0 valid"):
        nodes.tune_emotion_member(stage.members[0], train, stage.decision, 7)


def test_a_network_without_training_and_a_baseline_with_it_are_refused(parameters) -> None:
    with pytest.raises(ValidationError, match="lstm"):
        EmotionMemberParams.model_validate({**parameters["lstm"], "training": None})
    with pytest.raises(ValidationError, match="majority"):
        EmotionMemberParams.model_validate({**parameters["majority"], "training": parameters["lstm"]["training"]})


def test_test_rows_are_read_by_one_node() -> None:
    reading = [node.short_name for node in create_pipeline().nodes if "annotations" in node.inputs]
    assert reading == ["score_members"]
