from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from affectlens import schemas
from affectlens.evaluation.estimate import LEADERBOARD_COLUMNS
from affectlens.models.checkpoint import Checkpoint
from affectlens.pipelines.emotion_training import state_nodes, tables
from affectlens.pipelines.emotion_training.params import RecencyParams, RecurrentFitParams

NO_TRUTH = pd.DataFrame(columns=["interaction_id", "valence", "arousal"])


@pytest.fixture(params=["moving_average", "recurrent"])
def checkpoint(request: pytest.FixtureRequest, stage) -> Checkpoint:
    found: Checkpoint = getattr(stage, request.param)
    return found


def states(checkpoint: Checkpoint, lived: tuple, every: int = 4) -> pd.DataFrame:
    return schemas.EmotionStates.validate(state_nodes.track_states(checkpoint, *lived, every))


def with_users(lived: tuple, rename: dict[str, str]) -> tuple:
    return tuple(
        table.assign(user_id=table["user_id"].map(rename))
        if isinstance(table, pd.DataFrame) and "user_id" in table
        else table
        for table in lived
    )


def test_a_state_stands_at_the_beginning_and_after_each_utterance(checkpoint, stage, stage_tables) -> None:
    found = states(checkpoint, stage.lived)
    begins = found["state_id"].str.endswith("/0")
    assert found.loc[begins, "user_id"].tolist() == stage_tables.users["user_id"].tolist()
    spoken = stage_tables.utterances[["user_id", "occurred_at"]]
    assert len(spoken.merge(found, on=["user_id", "occurred_at"])) >= len(spoken)
    assert found.groupby("user_id")["occurred_at"].apply(lambda times: times.is_monotonic_increasing).all()
    assert len(states(checkpoint, stage.lived, every=1)) > len(found)


def test_the_moving_average_begins_at_the_prior(stage) -> None:
    found = states(stage.moving_average, stage.lived)
    begins = found.loc[found["state_id"].str.endswith("/0"), "probabilities"]
    assert np.allclose(np.stack(list(begins)), stage.model.metadata["prior"], atol=1e-6)


def test_states_do_not_depend_on_the_names_of_users(checkpoint, stage, stage_tables) -> None:
    renamed = {name: f"{9 - int(name[1:]) % 10}{name}" for name in stage_tables.users["user_id"]}
    first, second = states(checkpoint, stage.lived), states(checkpoint, with_users(stage.lived, renamed))
    assert np.allclose(np.stack(list(first["probabilities"])), np.stack(list(second["probabilities"])), atol=1e-6)


def test_what_happens_later_changes_no_earlier_state(checkpoint, stage, stage_tables) -> None:
    cut = stage_tables.utterances["occurred_at"].iloc[100]
    lived = list(stage.lived)
    is_early = (lived[2]["occurred_at"] < cut).to_numpy()
    lived[2], lived[3] = lived[2][is_early], lived[3][is_early]
    lived[4] = lived[4][lived[4]["occurred_at"] < cut]
    early, full = states(checkpoint, tuple(lived), every=1), states(checkpoint, stage.lived, every=1)
    both = early[early["occurred_at"] < cut].merge(full, on="state_id", suffixes=("", "_full"))
    assert len(both) > 100
    assert np.allclose(np.stack(list(both["hidden"])), np.stack(list(both["hidden_full"])), atol=1e-5)


def test_whichever_foretells_valid_utterances_better_is_handed_on(stage) -> None:
    better = replace(stage.recurrent, metadata={**stage.recurrent.metadata, "valid_metric": 0.0})
    assert state_nodes.choose_state_model(stage.moving_average, better) is better
    worse = replace(stage.recurrent, metadata={**stage.recurrent.metadata, "valid_metric": -99.0})
    assert state_nodes.choose_state_model(stage.moving_average, worse) is stage.moving_average


def test_without_users_the_moving_average_stands_and_there_are_no_states(stage, parameters, tmp_path) -> None:
    taught = list(stage.taught)
    for place in (1, 4):
        taught[place] = taught[place].iloc[:0]
    taught[2] = taught[2].assign(user_id=None)
    average = state_nodes.fit_moving_average(*taught, RecencyParams(**parameters["state"]["moving_average"]))
    params = RecurrentFitParams(**parameters["state"]["recurrent"])
    trainer = {"accelerator": "cpu", "devices": 1, "precision": "32-true", "strategy": "auto"}
    recurrent, history = state_nodes.fit_recurrent_state(*taught, params, 1.0, trainer, 7, str(tmp_path))
    assert recurrent.architecture == "none"
    assert len(history) == 0
    chosen = state_nodes.choose_state_model(average, recurrent)
    assert len(states(chosen, tuple(taught[:6]))) == 0
    rows = state_nodes.score_states(*taught, chosen, average, NO_TRUTH, 7, "tiny")
    assert list(rows.columns) == list(LEADERBOARD_COLUMNS)
    assert len(rows) == 0


def test_states_are_scored_beside_simpler_ones(stage) -> None:
    rows = state_nodes.score_states(*stage.taught, stage.recurrent, stage.moving_average, NO_TRUTH, 7, "tiny")
    values = rows[rows["metric"] == "next_utterance_nll"].set_index("model")["value"]
    simple = {"moving_average", "last_utterance", "prior"}
    assert set(values.index) == {"states", *simple, *(f"states - {name}" for name in simple)}
    assert values["states"] < values["last_utterance"]
    assert (rows["protocol"] == "next_utterance").all()
    assert {"ece_top", "ece_label"} <= set(rows["metric"])


def test_where_the_world_knows_the_mood_the_states_are_held_to_it(stage) -> None:
    shown = stage.lived[4].loc[stage.lived[4]["kind"] == "impression"]
    level = shown["user_id"].str[1:].astype(int).to_numpy() / 12
    generator = np.random.default_rng(0)
    truth = pd.DataFrame(
        {"interaction_id": shown["interaction_id"], "valence": level, "arousal": generator.random(len(shown))}
    )
    rows = state_nodes.score_states(*stage.taught, stage.recurrent, stage.moving_average, truth, 7, "tiny")
    mood = rows[rows["protocol"] == "true_mood"]
    assert {"valence_r", "valence_r_within", "arousal_r", "arousal_r_within"} <= set(mood["metric"])
    assert {"states", "moving_average", "last_utterance", "states - moving_average", "states - last_utterance"} == set(
        mood["model"]
    )
    assert mood.loc[mood["metric"] == "valence_r", "n"].max() == 12


def test_the_truth_is_read_by_the_scoring_node_alone() -> None:
    from affectlens.pipelines.emotion_training.pipeline import create_pipeline

    reading = [node.short_name for node in create_pipeline().nodes if "simulated_truth" in node.inputs]
    assert reading == ["score_states"]


def test_timelines_teach_labels_where_there_are_any_and_what_was_read_elsewhere(stage) -> None:
    taught = list(stage.taught)
    taught[6] = taught[6].iloc[1:]
    lessons = tables.timelines(*taught[1:]).lessons
    spoken = lessons.take(np.flatnonzero(lessons.is_said))
    assert (~spoken.is_labelled).sum() == 1
    assert set(np.unique(spoken.emotions[spoken.is_labelled])) == {0.0, 1.0}
    assert 0.0 < spoken.emotions[~spoken.is_labelled].max() < 1.0
