from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from omegaconf import OmegaConf

from affectlens import schemas
from affectlens.pipelines.feature_engineering import create_pipeline, nodes
from affectlens.pipelines.feature_engineering.params import FeatureEngineeringParams

CONF = Path(__file__).parents[3] / "conf"
ENVIRONMENTS = ("base", "full", "test", "goemotions", "musical_instruments", "sequences")
START = pd.Timestamp("2024-01-01", tz="UTC")
PRIMARY = {
    "interactions": schemas.Interactions,
    "utterances": schemas.Utterances,
    "emotion_labels": schemas.EmotionLabels,
    "contents": schemas.Contents,
    "media": schemas.Media,
}
WRITTEN = {
    "behaviour_sequences": schemas.BehaviourSequences,
    "utterance_splits": schemas.UtteranceSplits,
    "emotion_examples": schemas.EmotionExamples,
    "content_documents": schemas.ContentDocuments,
    "content_features": schemas.ContentFeatures,
}


def parameters(environment):
    files = [CONF / name / "parameters_feature_engineering.yml" for name in dict.fromkeys(["base", environment])]
    merged = OmegaConf.merge(*(OmegaConf.load(file) for file in files))
    merged.feature_engineering.vocabulary.language = "en"  # conf/base/globals.yml says it once for all stages
    return FeatureEngineeringParams.model_validate(OmegaConf.to_container(merged)["feature_engineering"])


def empty(schema):
    return schema.validate(pd.DataFrame({name: pd.Series(dtype=object) for name in schema.columns}))


def world(n=120):
    """A small world: `n` views of 20 contents by 4 users, one a day, each with a comment that has a label."""
    generator = np.random.default_rng(0)
    at = START + pd.to_timedelta(np.arange(n), unit="D")
    user, content = [f"u{k % 4}" for k in range(n)], [f"c{k // 6}" for k in range(n)]
    words = ["good", "bad", "day", "night", "song", "love", "hate", "rain", "sun", "street"]
    texts = [" ".join([*generator.choice(words, 3), f"word{k}x"]) for k in range(n)]
    interactions = pd.DataFrame(
        {"interaction_id": [f"i{k}" for k in range(n)], "user_id": user, "content_id": content, "occurred_at": at,
         "kind": "view", "dwell_s": 1.0}
    )  # fmt: skip
    utterances = pd.DataFrame(
        {"utterance_id": [f"t{k}" for k in range(n)], "user_id": user, "content_id": content, "occurred_at": at,
         "text": texts, "language": "en", "form": "short_text"}
    )  # fmt: skip
    labels = pd.DataFrame(
        {"utterance_id": utterances["utterance_id"], "taxonomy": "ekman", "labels": [["joy"]] * n}
    )  # fmt: skip
    contents = pd.DataFrame(
        {"content_id": [f"c{k}" for k in range(20)], "created_at": at[::6], "form": "long_text",
         "text": [" ".join(generator.choice(words, 8)) for _ in range(20)], "tags": [["a"], ["b"]] * 10}
    )  # fmt: skip
    tables = {"interactions": interactions, "utterances": utterances, "emotion_labels": labels, "contents": contents}
    return {
        name: schema.validate(tables[name].reindex(columns=list(schema.columns))) if name in tables else empty(schema)
        for name, schema in PRIMARY.items()
    }


def features(tables, params, seed=0):
    """All tables of the stage, each checked against its contract."""
    written = {"split_boundaries": nodes.build_boundaries(tables["interactions"], tables["utterances"], params.split)}
    ends = written["split_boundaries"]
    sequences = nodes.build_behaviour_sequences(tables["interactions"], ends, params.has_clock)
    placed = nodes.build_utterance_splits(tables["utterances"], tables["emotion_labels"], sequences, ends, params.split)
    examples = nodes.build_emotion_examples(tables["utterances"], tables["emotion_labels"], placed, params.taxonomy)
    documents = nodes.build_content_documents(
        tables["contents"], tables["utterances"], placed, sequences, ends, params.content
    )
    vectors, space = nodes.build_content_features(documents, tables["media"], examples, params.content, seed)
    checked = dict(zip(WRITTEN, [sequences, placed, examples, documents, vectors], strict=True))
    written |= {name: WRITTEN[name].validate(table) for name, table in checked.items()}
    return written | {"content_space": space, "vocabulary": nodes.build_vocabulary(examples, params.vocabulary)}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_environment_copes_with_empty_tables(environment):
    written = features({name: empty(schema) for name, schema in PRIMARY.items()}, parameters(environment))
    assert [len(written[name]) for name in WRITTEN] == [0] * len(WRITTEN)
    assert written["vocabulary"] == ["<pad>", "<unknown>"]
    assert written["content_space"]["d_g"] == 0


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_environment_splits_each_row_once(environment):
    params = parameters(environment).model_copy(update={"has_clock": True})  # this world has one
    written = features(world(), params)
    assert {"train", "valid", "test"} == set(written["behaviour_sequences"]["split"])
    assert len(written["behaviour_sequences"]) == 120
    assert written["utterance_splits"]["utterance_id"].is_unique
    assert {"train", "valid", "test"} == set(written["utterance_splits"]["split"].dropna())


def test_behaviour_utterances_and_contents_share_the_instants_of_the_timeline():
    written = features(world(), parameters("base"))
    ends = written["split_boundaries"]
    assert (ends["train_end"], ends["valid_end"]) == ("2024-04-06T00:00:00+00:00", "2024-04-18T00:00:00+00:00")
    for name, column in (
        ("behaviour_sequences", "occurred_at"),
        ("emotion_examples", "occurred_at"),
        ("content_features", "created_at"),
    ):
        table = written[name]
        assert (table.loc[table["split"] == "train", column] < pd.Timestamp(ends["train_end"])).all()
        assert (table.loc[table["split"] == "test", column] >= pd.Timestamp(ends["valid_end"])).all()


def test_no_later_row_changes_what_is_fitted_on_train():
    params = parameters("musical_instruments")
    tables = world()
    tables["contents"] = tables["contents"].assign(text=None, created_at=pd.NaT)
    tables["contents"] = schemas.Contents.validate(tables["contents"])
    before = features(tables, params)
    is_later = before["utterance_splits"]["split"].ne("train").to_numpy()
    other = [f"quite other words {number}" for number in range(120)]
    changed = tables["utterances"].assign(text=np.where(is_later, other, tables["utterances"]["text"]))
    after = features(tables | {"utterances": changed}, params)
    assert before["vocabulary"] == after["vocabulary"]
    assert before["content_space"]["d_g"] > 0
    for one, two in zip(before["content_features"]["vector"], after["content_features"]["vector"], strict=True):
        np.testing.assert_array_equal(one, two)


def test_other_user_ids_change_no_number():
    renamed = {f"u{number}": f"{9 - number}x" for number in range(4)}
    tables = world()
    other = {
        name: table.assign(user_id=table["user_id"].map(renamed)) if "user_id" in table else table
        for name, table in tables.items()
    }
    one, two = (features(each, parameters("base")) for each in (tables, other))
    for name in WRITTEN:
        columns = one[name].columns.difference(["user_id", "labels", "tags", "vector"])
        pd.testing.assert_frame_equal(one[name][columns], two[name][columns])
    assert one["vocabulary"] == two["vocabulary"]
    np.testing.assert_array_equal(
        np.stack(one["content_features"]["vector"]), np.stack(two["content_features"]["vector"])
    )


def test_a_source_without_a_clock_keeps_its_order_and_no_times():
    tables, params = world(), parameters("sequences")
    sequences = features(tables, params)["behaviour_sequences"]
    assert sequences["occurred_at"].isna().all()
    assert sequences["gap_s"].isna().all()
    timed = features(tables, params.model_copy(update={"has_clock": True}))["behaviour_sequences"]
    assert sequences["content_id"].tolist() == timed["content_id"].tolist()
    assert timed["occurred_at"].notna().all()


def test_inputs_are_not_changed_in_place():
    tables = world()
    kept = {name: table.copy(deep=True) for name, table in tables.items()}
    features(tables, parameters("base"))
    for name, table in tables.items():
        pd.testing.assert_frame_equal(table, kept[name])


def test_a_node_is_named_after_its_function():
    pipeline = create_pipeline()
    assert {node.short_name.lower().replace(" ", "_") for node in pipeline.nodes} == {
        name for name in dir(nodes) if name.startswith("build_")
    }
    assert pipeline.inputs() - {name for name in pipeline.inputs() if name.startswith("params:")} == set(PRIMARY)


def test_what_was_shown_sets_the_instants_where_nothing_was_consumed():
    tables, params = world(), parameters("base")
    shown = tables["interactions"].assign(kind="impression")
    split = params.split.model_copy(update={"protocol": "global_timeline"})
    ends = nodes.build_boundaries(shown, tables["utterances"].iloc[:0], split)
    assert shown["occurred_at"].min() < pd.Timestamp(ends["train_end"]) <= pd.Timestamp(ends["valid_end"])
    mixed = shown.assign(kind=["view", *["impression"] * (len(shown) - 1)])
    assert nodes.build_boundaries(mixed, tables["utterances"], split)["train_end"] != ends["train_end"]
