from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from affectlens import schemas
from affectlens.evaluation.generation_judge import NO_LABEL
from affectlens.features.taxonomy import EKMAN
from affectlens.models.checkpoint import Checkpoint
from affectlens.pipelines.gan_training import nodes
from affectlens.pipelines.gan_training.contents import NOT_FITTED, held_out_test, open_contents, training_parts
from affectlens.pipelines.gan_training.decoder_pipeline import DECODERS
from affectlens.pipelines.gan_training.params import (
    ConditionParams,
    FittingParams,
    GenerationParams,
    GenerationScoreParams,
    GoalsParams,
    MemberParams,
    TrainerParams,
)
from affectlens.pipelines.gan_training.pipeline import MEMBERS, create_pipeline

C, D = len(EKMAN), 6
ROOT = Path(__file__).parents[3]
CPU = TrainerParams(accelerator="cpu", devices=1, precision="32-true", strategy="auto")
CONDITION = ConditionParams(interest_size=3, interest_noise=0.5)
GENERATION = GenerationParams(n_samples=4)
START = pd.Timestamp("2024-01-01", tz="UTC")


def parameters() -> dict[str, Any]:
    """The parameters of the test environment, as the session merges them."""

    def merged(base: Any, change: Any) -> Any:
        if not isinstance(base, dict) or not isinstance(change, dict):
            return change
        return base | {key: merged(base.get(key), value) for key, value in change.items()}

    files = [ROOT / f"conf/{env}/parameters_gan_training.yml" for env in ("base", "test")]
    base, test = (yaml.safe_load(path.read_text())["gan"] for path in files)
    return merged(base, test)


FITTING = FittingParams(**parameters()["fitting"])
SCORES = GenerationScoreParams(**parameters()["evaluation"])


NO_EXAMPLES = pd.DataFrame({"utterance_id": [], "taxonomy": [], "labels": []})
Tables = tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]
Fits = dict[str, tuple[Checkpoint, Checkpoint, pd.DataFrame]]


def content_tables(n: int = 240, seed: int = 0) -> Tables:
    draws = np.random.default_rng(seed)
    labels = draws.integers(3, size=n)
    vectors = (1.5 * np.eye(3, D)[labels] + 0.7 * draws.normal(size=(n, D))).astype(np.float32)
    ids = [f"content-{row}" for row in range(n)]
    features = pd.DataFrame(
        {
            "content_id": ids,
            "created_at": START + pd.to_timedelta(np.arange(n), unit="h"),
            "form": "short_text",
            "topic": "music",
            "split": np.repeat(["train", "valid", "test"], [n - 2 * (n // 5), n // 5, n // 5]),
            "vector": list(vectors),
        }
    )
    probabilities = 0.8 * np.eye(C)[labels] + 0.2 / C
    emotions = pd.DataFrame(
        {"content_id": ids, "probabilities": list(probabilities), "has_text": np.arange(n) % 10 > 0}
    )
    return features, emotions.sample(frac=1.0, random_state=0), NO_EXAMPLES


def state_tables(features: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Two users who watch, and one who never does."""
    at = [START + pd.Timedelta(days=day) for day in (1, 2, 3, 4)]
    events = pd.DataFrame(
        {
            "user_id": ["u1", "u1", "u2", "u2"],
            "content_id": features["content_id"].iloc[[0, 1, 2, 3]].to_list(),
            "occurred_at": at,
            "split": "train",
        }
    )
    states = pd.DataFrame(
        {
            "state_id": ["u1/0", "u1/1", "u2/0", "u3/0"],
            "user_id": ["u1", "u1", "u2", "u3"],
            "occurred_at": [START, at[1], at[3], at[3]],
            "probabilities": [np.full(C, 1 / C)] * 4,
            "hidden": [np.zeros(2)] * 4,
        }
    )
    return events, states


@pytest.fixture(scope="module")
def fitted() -> Fits:
    tables = content_tables()
    return {
        member: nodes.train_generator(
            *tables,
            MemberParams(**parameters()[member]),
            CONDITION,
            FITTING,
            CPU,
            seed=1,
            seeds=[1, 2],
            workspace="unused",
        )
        for member in MEMBERS
    }


@pytest.fixture(autouse=True, scope="module")
def _in_a_folder_of_its_own(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("gan"))
        yield


def score(fitted: Fits, tables: Tables) -> pd.DataFrame:
    checkpoints = [each for fit in fitted.values() for each in fit[:2]]
    return nodes.score_generators(*tables, CONDITION, SCORES, "ekman", 1, "toy", *checkpoints)


def test_the_wiring_has_one_instance_a_member_and_one_box_for_the_rest() -> None:
    found = {node.namespace for node in create_pipeline().nodes}
    assert found == {"gan", *(f"gan.{member}" for member in (*MEMBERS, *DECODERS))}
    assert create_pipeline().all_outputs() >= {"gan_leaderboard", "gan_history", "generated_content_features"}


def test_every_member_leaves_a_checkpoint_and_a_history_that_keeps_its_contract(fitted: Any) -> None:
    histories = nodes.collect_histories(*(history for *_, history in fitted.values()))
    schemas.TrainingHistory.validate(histories)
    assert set(histories["member"]) == set(MEMBERS)
    for member, (checkpoint, *_) in fitted.items():
        assert checkpoint.architecture == member
        assert checkpoint.params["n_emotions"] == C
    assert 0 <= fitted["vae"][0].metadata["active_units"] <= 8


def test_the_best_validation_metric_is_chosen_even_if_it_is_the_baseline() -> None:
    def member(name: str, metric: float) -> Checkpoint:
        return Checkpoint(name, {}, {}, {"valid_metric": metric})

    assert nodes.choose_generator(member("gaussian", -0.1), member("wgan", -0.2)).architecture == "gaussian"
    assert nodes.choose_generator(member("gaussian", -0.3), member("wgan", -0.2)).architecture == "wgan"
    assert nodes.choose_generator(NOT_FITTED, member("vae", -9.0)).architecture == "vae"


def test_the_mean_over_the_seeds_chooses_and_the_first_seed_travels_on() -> None:
    def member(name: str, metric: float, seed: int) -> Checkpoint:
        return Checkpoint(name, {}, {}, {"valid_metric": metric, "seed": seed})

    def more(*fits: Checkpoint) -> Checkpoint:
        return Checkpoint.holding("further", {str(number): each for number, each in enumerate(fits)}, {})

    lucky, steady = member("vae", 0.9, 1), member("flow", 0.5, 1)
    chosen = nodes.choose_generator(lucky, more(member("vae", -0.9, 2)), steady, more(member("flow", 0.4, 2)))
    assert (chosen.architecture, chosen.metadata["seed"]) == ("flow", 1)


def test_the_leaderboard_holds_every_member_and_the_references_with_the_same_n(fitted: Any) -> None:
    board = schemas.Leaderboard.validate(score(fitted, content_tables()))
    baselines = set(board.loc[board["is_baseline"], "model"])
    assert baselines == {"reference: real", "reference: training copies", "gaussian", "mixture"}
    assert set(board["model"]) == baselines | {"vae", "wgan", "flow"}
    assert set(board.loc[board["metric"] == "coverage", "n"]) == {24}
    seeds = board[board["metric"] == "coverage"].groupby("model")["seed"].agg(list)
    assert seeds[list(MEMBERS)].tolist() == [[1, 2]] * len(MEMBERS)
    assert set(board["split"]) == {"test"}
    assert set(board["protocol"]) == {"held_out"}
    copies = board[(board["model"] == "reference: training copies") & (board["metric"] == "authenticity")]
    assert copies["value"].tolist() == [0.0]
    interval = board.dropna(subset="value")
    assert ((interval["lower"] <= interval["value"]) & (interval["value"] <= interval["upper"])).all()


def test_same_seed_same_leaderboard(fitted: Any) -> None:
    pd.testing.assert_frame_equal(score(fitted, content_tables()), score(fitted, content_tables()))


def test_training_reads_no_test_content() -> None:
    features, emotions, _ = content_tables()
    changed = features.copy()
    is_test = changed["split"] == "test"
    changed.loc[is_test, "vector"] = pd.Series([np.full(D, 1e6, dtype=np.float32)] * len(changed))[is_test]
    params = MemberParams(**parameters()["gaussian"])
    left, right = (
        nodes.train_generator(table, emotions, NO_EXAMPLES, params, CONDITION, FITTING, CPU, 1, [1], "unused")[0]
        for table in (features, changed)
    )
    assert left.fingerprint() == right.fingerprint()


def test_without_a_test_split_half_of_valid_is_held_out() -> None:
    features, emotions, _ = content_tables()
    features = features[features["split"] != "test"]
    contents = open_contents(features, emotions, NO_EXAMPLES)
    assert (contents.split, contents.protocol) == ("valid", "cross_fitted")
    assert [(contents.roles == role).sum() for role in ("train", "valid", "test")] == [144, 24, 24]


def test_without_valid_contents_the_training_contents_stop_the_fit() -> None:
    features, emotions, _ = content_tables()
    contents = open_contents(features.assign(split="train"), emotions, NO_EXAMPLES)
    train, valid = training_parts(contents, CONDITION, seed=1)
    assert len(train) == len(valid) == 240


def test_contents_without_text_are_kept_but_have_no_class() -> None:
    contents = open_contents(*content_tables())
    assert len(contents) == 240
    assert (contents.labels == NO_LABEL).sum() == 24


def test_a_content_that_people_labelled_has_their_emotion() -> None:
    features, emotions, _ = content_tables()
    examples = pd.DataFrame(
        {
            "utterance_id": ["content-3", "content-5"],
            "taxonomy": "ekman",
            "labels": [["joy"], ["anger", "fear"]],
        }
    )
    contents = open_contents(features, emotions, examples)
    assert contents.emotion[3].tolist() == np.eye(C)[EKMAN.index("joy")].tolist()
    assert contents.labels[3] == EKMAN.index("joy")
    assert contents.emotion[5, [EKMAN.index("anger"), EKMAN.index("fear")]].tolist() == [0.5, 0.5]
    assert contents.labels[5] == NO_LABEL
    others = np.delete(np.arange(240), [3, 5])
    assert (contents.labels[others] == open_contents(features, emotions, NO_EXAMPLES).labels[others]).all()


def test_the_goals_of_the_model_that_is_handed_on_stand_first(fitted: Any) -> None:
    board, chosen = score(fitted, content_tables()), fitted["vae"][0]
    goals = schemas.GanGoals.validate(nodes.judge_goals(board, chosen, GoalsParams(**parameters()["goals"])))
    assert goals["is_chosen"].tolist() == sorted(goals["is_chosen"], reverse=True)
    assert set(goals.loc[goals["is_chosen"], "model"]) == {"vae"}
    members = goals[~goals["model"].str.startswith("reference: ")]
    assert set(members["model"]) == set(MEMBERS)
    assert members.index.max() < goals.drop(members.index).index.min()
    assert goals["value"].notna().all()


def test_no_reference_is_asked_for_a_dose_and_copies_miss_the_goals_of_memory(fitted: Any) -> None:
    goals = nodes.judge_goals(score(fitted, content_tables()), fitted["vae"][0], GoalsParams(**parameters()["goals"]))
    met = goals.set_index(["model", "metric"])["is_met"]
    assert met["reference: real"][["tstr_ratio", "coverage_ratio", "authenticity_ratio"]].all()
    assert not met["reference: training copies"][["authenticity_ratio", "copy_rate"]].any()
    assert not {"dose_share", "counterfactual_interest"} & set(met["reference: real"].index)


def test_the_two_halves_of_the_test_share_no_content() -> None:
    contents = open_contents(*content_tables())
    test, asked, copies = held_out_test(contents, CONDITION, SCORES, "ekman", seed=1)
    real = test.real.vectors * test.scale + test.center
    assert len(real) == len(asked) == len(copies) == 24
    rows = {tuple(row) for row in np.round(real, 4)}
    assert not rows & {tuple(row) for row in np.round(asked, 4)}
    train = {tuple(row) for row in contents.vectors[contents.roles == "train"]}
    assert {tuple(row) for row in copies} <= train


def test_every_state_gets_its_samples_and_keeps_its_contract(fitted: Any) -> None:
    features, *_ = content_tables()
    events, states = state_tables(features)
    for checkpoint, *_ in fitted.values():
        found = nodes.generate_for_states(checkpoint, states, events, features, GENERATION, seed=1)
        schemas.GeneratedContentFeatures.validate(found)
        assert found["state_id"].tolist() == states["state_id"].tolist()
        assert np.stack(found["vectors"].to_list()).shape == (4, 4 * D)
        again = nodes.generate_for_states(checkpoint, states, events, features, GENERATION, seed=1)
        np.testing.assert_array_equal(np.stack(found["vectors"]), np.stack(again["vectors"]))


def test_a_state_sees_what_its_user_consumed_until_then_and_nothing_later(fitted: Any) -> None:
    features, *_ = content_tables()
    events, states = state_tables(features)
    checkpoint = fitted["gaussian"][0]

    def vectors(consumed: pd.DataFrame) -> np.ndarray:
        found = nodes.generate_for_states(checkpoint, states, consumed, features, GENERATION, seed=1)
        return np.stack(found["vectors"].to_list())

    whole, without = vectors(events), vectors(events.iloc[[0, 2, 3]])  # without what u1 sees at the time of u1/1
    np.testing.assert_array_equal(whole[[0, 2, 3]], without[[0, 2, 3]])
    assert not np.allclose(whole[1], without[1])


def test_a_user_without_history_gets_the_mean_interest(fitted: Any) -> None:
    features, *_ = content_tables()
    events, states = state_tables(features)
    checkpoint = fitted["gaussian"][0]
    stranger = nodes.generate_for_states(checkpoint, states, events[:0], features, GENERATION, seed=1)
    moved = Checkpoint(
        checkpoint.architecture,
        checkpoint.params,
        {**checkpoint.weights, "mean_interest": checkpoint.weights["mean_interest"] + 5.0},
        checkpoint.metadata,
    )
    other = nodes.generate_for_states(moved, states, events[:0], features, GENERATION, seed=1)
    assert not np.allclose(np.stack(stranger["vectors"]), np.stack(other["vectors"]))


def test_where_there_is_nothing_every_table_is_empty_and_keeps_its_contract() -> None:
    features, emotions, _ = (table[:0] for table in content_tables())
    events, states = state_tables(content_tables()[0])
    checkpoint, further, history = nodes.train_generator(
        features, emotions, NO_EXAMPLES, MemberParams(**parameters()["vae"]), CONDITION, FITTING, CPU, 1, [1], "unused"
    )
    chosen = nodes.choose_generator(checkpoint, further)
    board = nodes.score_generators(features, emotions, NO_EXAMPLES, CONDITION, SCORES, "ekman", 1, "toy", checkpoint)
    generated = nodes.generate_for_states(chosen, states, events, features, GENERATION, seed=1)
    assert len(schemas.TrainingHistory.validate(history)) == 0
    assert len(schemas.Leaderboard.validate(board)) == 0
    goals = nodes.judge_goals(board, chosen, GoalsParams(**parameters()["goals"]))
    assert len(schemas.GanGoals.validate(goals)) == 0
    assert len(schemas.GeneratedContentFeatures.validate(generated)) == 0
    assert chosen.architecture == "none"


def test_no_states_give_no_vectors(fitted: Any) -> None:
    features, *_ = content_tables()
    events, states = state_tables(features)
    found = nodes.generate_for_states(fitted["vae"][0], states[:0], events, features, GENERATION, seed=1)
    assert len(schemas.GeneratedContentFeatures.validate(found)) == 0
