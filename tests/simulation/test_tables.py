from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from affectlens import schemas
from affectlens.simulation import tables, world
from affectlens.simulation.topics import TOPICS
from affectlens.simulation.truth import expected_values, policy_value
from affectlens.simulation.world import History


@pytest.fixture(scope="module")
def interactions(history: History) -> pd.DataFrame:
    return tables.interactions_table(history.world, history.impressions)


@pytest.fixture(scope="module")
def truth(history: History) -> pd.DataFrame:
    return tables.truth_table(history.impressions)


def test_the_good_rows_keep_the_primary_contracts(history: History, interactions: pd.DataFrame) -> None:
    clean = History(**{**vars(history), "params": history.params.model_copy(update={"bad_row_share": 0.0})})
    users, contents = world.users_and_contents(clean)
    utterances, utterance_truth = world.utterances_and_truth(clean)
    labels, annotations = world.labels_and_annotations(utterance_truth, clean.params, clean.seed)
    schemas.Users.validate(users)
    schemas.Contents.validate(contents)
    schemas.Interactions.validate(interactions)
    schemas.Utterances.validate(utterances)
    schemas.EmotionLabels.validate(labels)
    schemas.Annotations.validate(annotations)
    schemas.ReactionCounts.validate(world.reaction_counts(clean))
    schemas.Media.validate(world.media(clean))
    schemas.SimulatedUtteranceTruth.validate(utterance_truth)


def test_the_truth_has_one_row_for_each_impression(interactions: pd.DataFrame, truth: pd.DataFrame) -> None:
    schemas.SimulatedTruth.validate(truth)
    impressions = interactions.query("kind == 'impression'")
    assert truth["interaction_id"].tolist() == impressions["interaction_id"].tolist()
    assert impressions["propensity"].between(0.0, 1.0, inclusive="right").all()
    assert interactions.query("kind != 'impression'")["propensity"].isna().all()


def test_the_logged_topic_is_the_topic_of_the_content(
    history: History, interactions: pd.DataFrame, truth: pd.DataFrame
) -> None:
    contents, _ = world.users_and_contents(history)[1], None
    topic_of = contents.drop_duplicates("content_id").set_index("content_id")["tags"].str[0]
    logged = interactions.merge(truth, on="interaction_id")["content_id"].map(topic_of)
    assert logged.tolist() == [TOPICS[index] for index in truth["topic_index"]]


def test_every_event_follows_an_impression_of_the_same_place(interactions: pd.DataFrame) -> None:
    place = ["user_id", "content_id", "slate_id", "position"]
    impressions = interactions.query("kind == 'impression'")[[*place, "occurred_at"]]
    assert not impressions.duplicated(["slate_id", "position"]).any()
    both = interactions.query("kind != 'impression'").merge(impressions, on=place, how="left", suffixes=("", "_shown"))
    assert (both["occurred_at"] >= both["occurred_at_shown"]).all()
    views = interactions.query("kind == 'view'")
    assert (views["dwell_s"] > 0).all()
    assert interactions.query("kind != 'view'")["dwell_s"].isna().all()
    assert set(interactions.query("kind == 'like'")["slate_id"]) <= set(views["slate_id"])


def test_interactions_are_in_order_of_time(interactions: pd.DataFrame) -> None:
    assert interactions["occurred_at"].is_monotonic_increasing
    assert interactions["interaction_id"].is_monotonic_increasing


def test_no_observable_table_carries_the_truth(history: History, interactions: pd.DataFrame) -> None:
    hidden = {"valence", "arousal", "utility", "expected_rewards", "fatigue", "emotion_probabilities", "is_ironic"}
    users, contents = world.users_and_contents(history)
    utterances, _ = world.utterances_and_truth(history)
    for table in (users, contents, interactions, utterances, world.reaction_counts(history)):
        assert not hidden & set(table.columns)


def test_the_description_is_json_and_names_the_breaks(history: History) -> None:
    described = json.loads(json.dumps(world.describe_world(history)))
    assert described["topics"] == list(TOPICS)
    assert described["breaks"]["reactions"] == "2019-05-27"
    assert described["parameters"]["population"]["n_users"] == 150
    for shares in described["content_form_shares"].values():
        assert sum(shares.values()) == pytest.approx(1.0, abs=1e-4)


def test_the_logging_policy_is_worth_what_it_earned(history: History, truth: pd.DataFrame) -> None:
    values = expected_values(truth, "expected_rewards")
    uniform = np.full(values.shape, 1.0 / values.shape[1])
    assert policy_value(truth, uniform, "expected_rewards") == pytest.approx(values.mean())
    best = np.eye(values.shape[1])[values.argmax(axis=1)]
    assert policy_value(truth, best, "expected_rewards") > history.impressions.is_viewed.mean()


def test_a_policy_that_does_not_sum_to_one_is_refused(truth: pd.DataFrame) -> None:
    with pytest.raises(ValueError, match="row 0 sum"):
        policy_value(truth, np.full((len(truth), len(TOPICS)), 0.2), "expected_rewards")
    with pytest.raises(ValueError, match="shape"):
        policy_value(truth, np.ones((1, len(TOPICS))), "expected_rewards")
    with pytest.raises(ValueError, match="holds no expected values"):
        expected_values(truth, "valence")
