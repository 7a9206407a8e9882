from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner

from affectlens import schemas
from affectlens.models.policy import action_probabilities
from affectlens.pipelines.policy_training import create_pipeline, nodes
from affectlens.pipelines.policy_training.pipeline import MEMBERS

TOPICS = np.array(["war", "art", "food"])  # the world's order, not the alphabet's
START = pd.Timestamp("2026-01-01", tz="UTC")
N_USERS, N_SESSIONS, LENGTH = 30, 10, 5
PARAMETERS: dict[str, Any] = {
    "seed": 3,
    "dataset": "tiny",
    "policy": {
        "decisions": {"arms": "topic", "surface_is_logger": False},
        "context": {"view_rate_strength": 5.0, "attributes": []},
        "uniform": {"member": {"model": {"kind": "uniform"}}},
        "popularity": {"member": {"model": {"kind": "popularity", "smoothing": 1.0, "epsilons": [0.1, 0.3]}}},
        "linucb": {"member": {"model": {"kind": "linucb", "alphas": [0.0], "ridges": [10.0], "epsilons": [0.1, 0.3]}}},
        "recommender": {"temperature": 1.0, "epsilon": 0.2},
        "selection": {"reward_ridge": 10.0, "n_resamples": 50},
        "scoring": {
            "reward_model": {"ridges": [10.0], "n_folds": 3},
            "lambdas": [10.0, 1.0],
            "n_resamples": 100,
            "min_n_eff": 50.0,
            "max_support_gap": 0.01,
        },
    },
}


class Kept(MemoryDataset):
    """Stays after its last reader."""

    def _release(self) -> None:
        pass


def _world(seed: int = 0) -> dict[str, Any]:
    """Users whose emotion before each session decides which topic they view."""
    generator = np.random.default_rng(seed)
    n = N_USERS * N_SESSIONS * LENGTH
    session = np.repeat(np.arange(N_USERS * N_SESSIONS), LENGTH)
    user, day, position = session // N_SESSIONS, session % N_SESSIONS, np.tile(np.arange(LENGTH), N_USERS * N_SESSIONS)
    emotions = generator.dirichlet(np.full(3, 0.2), size=N_USERS * N_SESSIONS)
    expected = 0.1 + 0.7 * emotions[session]
    propensity = generator.dirichlet(np.full(3, 3.0), size=n) * 0.7 + 0.1
    topic = (propensity.cumsum(axis=1) < generator.random((n, 1))).sum(axis=1)
    chosen = np.arange(n), topic
    impressions = pd.DataFrame(
        {
            "interaction_id": [f"i{row}" for row in range(n)],
            "user_id": [f"u{code}" for code in user],
            "content_id": [f"c{code}" for code in topic],
            "occurred_at": START + pd.to_timedelta(day * 86400 + user + 60 * position, unit="s").as_unit("us"),
            "kind": "impression",
            "slate_id": [f"s{code}" for code in session],
            "position": position + 1.0,
            "propensity": propensity[chosen],
            "surface": np.where(user % 2 == 0, "even", "odd"),
        }
    )
    views = impressions[generator.random(n) < expected[chosen]].assign(kind="view", propensity=np.nan)
    views = views.assign(
        interaction_id="v" + views["interaction_id"], occurred_at=views["occurred_at"] + pd.Timedelta(seconds=5)
    )
    states = pd.DataFrame(
        {
            "user_id": [f"u{code}" for code in user[::LENGTH]],
            "occurred_at": impressions["occurred_at"].iloc[::LENGTH].to_numpy() - pd.Timedelta(seconds=1),
            "probabilities": list(emotions),
        }
    )
    return {
        "interactions": pd.concat([impressions, views], ignore_index=True),
        "users": pd.DataFrame({"user_id": [f"u{code}" for code in range(N_USERS)]}),
        "contents": pd.DataFrame({"content_id": ["c0", "c1", "c2"], "tags": [[name] for name in TOPICS]}),
        "emotion_states": states.assign(occurred_at=states["occurred_at"].dt.tz_convert("UTC")),
        "split_boundaries": {
            "train_end": str(START + pd.Timedelta(days=6)),
            "valid_end": str(START + pd.Timedelta(days=8)),
            "protocol": "global_timeline",
        },
        "candidate_scores": pd.DataFrame(
            {"user_id": ["u0", "u0", "u1"], "content_id": ["c0", "c2", "c1"], "score": 1.0}
        ),
        "simulated_truth": pd.DataFrame(
            {
                "interaction_id": impressions["interaction_id"],
                "topic_index": topic,
                "expected_rewards": list(expected),
                "expected_utilities": list(expected - 0.2),
            }
        ),
    }


def _run(world: dict[str, Any]) -> dict[str, Any]:
    catalog = DataCatalog({name: MemoryDataset(data) for name, data in world.items()})
    for name in create_pipeline().inputs():
        if name.startswith("params:"):
            value: Any = PARAMETERS
            for key in name.removeprefix("params:").split("."):
                value = value[key]
            catalog[name] = MemoryDataset(_typed(name, value))
    names = (
        "policy_events",
        "policy_checkpoint",
        "logged_policy_values",
        "recommender_policy",
        "policy_values",
        "policy_leaderboard",
    )
    for name in names:
        catalog[name] = Kept()
    SequentialRunner().run(create_pipeline(), catalog)
    return {name: catalog[name].load() for name in names}


def _typed(name: str, value: Any) -> Any:
    """What Kedro does with typed arguments when it loads a project's parameters."""
    types = {
        "params:policy.decisions": nodes.DecisionParams,
        "params:policy.context": nodes.ContextParams,
        "params:policy.recommender": nodes.RecommenderPolicyParams,
        "params:policy.selection": nodes.SelectionParams,
        "params:policy.scoring": nodes.ScoringParams,
    }
    if name.endswith(".member"):
        return nodes.MemberParams(**value)
    return types[name](**value) if name in types else value


@pytest.fixture(scope="module")
def world() -> dict[str, Any]:
    return _world()


@pytest.fixture(scope="module")
def outputs(world: dict[str, Any]) -> dict[str, Any]:
    return _run(world)


def _metric(outputs: dict[str, Any], model: str, metric: str) -> pd.Series:
    board = outputs["policy_leaderboard"]
    return board[(board["model"] == model) & (board["metric"] == metric)].iloc[0]


def test_what_is_written_keeps_its_contracts(outputs: dict[str, Any]) -> None:
    schemas.PolicyEvents.validate(outputs["policy_events"])
    assert schemas.LoggedPolicyValues.validate(outputs["logged_policy_values"]).empty
    schemas.RecommenderPolicy.validate(outputs["recommender_policy"])
    schemas.Leaderboard.validate(outputs["policy_leaderboard"].assign(run_id="now"))
    values = schemas.PolicyValues.validate(outputs["policy_values"])
    assert set(values["policy"]) == {"logging", "uniform", "popularity", "linucb", "recommender"}
    assert set(values.loc[values["is_baseline"], "policy"]) == {"logging", "uniform", "popularity"}


def test_linucb_finds_what_emotion_decides_and_beats_the_baselines(outputs: dict[str, Any]) -> None:
    for baseline in ("popularity", "logging"):
        for kind in ("true", "dr"):
            row = _metric(outputs, "linucb", f"difference:{kind}:{baseline}")
            assert row["lower"] > 0
            assert row["protocol"] == "paired"
            assert _metric(outputs, "linucb", f"p_holm:{kind}:{baseline}")["value"] < 0.05


def test_estimates_stand_near_the_value_that_the_world_knows(outputs: dict[str, Any]) -> None:
    values = outputs["policy_values"].query("estimator in ['dr', 'snips', 'on_policy']")
    assert values["is_healthy"].all()
    assert (values["lower"] <= values["true_value"]).mean() > 0.8
    assert (values["upper"] >= values["true_value"]).mean() > 0.8
    assert values["relative_error"].max() < 0.25


def test_the_truth_is_read_in_the_order_of_our_arms(world: dict[str, Any], outputs: dict[str, Any]) -> None:
    expected = np.stack(list(world["simulated_truth"]["expected_rewards"]))
    events, checkpoint = outputs["policy_events"], outputs["policy_checkpoint"]
    is_test = (events["split"] == "test").to_numpy()
    probabilities = action_probabilities(checkpoint, np.stack(list(events.loc[is_test, "context"])).astype(float))
    world_order = [list(TOPICS).index(arm) for arm in checkpoint.metadata["arms"]]
    by_hand = (probabilities * expected[is_test][:, world_order]).sum(axis=1).mean()
    assert _metric(outputs, "linucb", "value:true")["value"] == pytest.approx(by_hand)
    assert by_hand != pytest.approx((probabilities * expected[is_test]).sum(axis=1).mean(), abs=0.01)


def test_the_checkpoint_tells_its_arms_and_features(outputs: dict[str, Any]) -> None:
    checkpoint = outputs["policy_checkpoint"]
    assert checkpoint.architecture == "linucb"
    assert checkpoint.metadata["arms"] == ["art", "food", "war"]
    width = len(outputs["policy_events"]["context"].iloc[0])
    assert len(checkpoint.metadata["context_names"]) == width == len(checkpoint.weights["context_mean"])


def test_the_test_slice_and_its_rewards_change_no_policy(world: dict[str, Any], outputs: dict[str, Any]) -> None:
    end = pd.Timestamp(world["split_boundaries"]["valid_end"])
    interactions = world["interactions"]
    is_late_view = (interactions["kind"] == "view") & (interactions["occurred_at"] >= end)
    changed = _run(world | {"interactions": interactions[~is_late_view]})
    assert changed["policy_checkpoint"].fingerprint() == outputs["policy_checkpoint"].fingerprint()


def test_the_names_of_users_change_no_number(world: dict[str, Any], outputs: dict[str, Any]) -> None:
    frames = {
        name: world[name].assign(user_id="k" + (7919 * world[name]["user_id"].str[1:].astype(int) % 97).astype(str))
        for name in ("interactions", "emotion_states", "candidate_scores")
    }
    pd.testing.assert_frame_equal(_run(world | frames)["policy_leaderboard"], outputs["policy_leaderboard"])


def test_without_a_known_world_the_estimates_remain(world: dict[str, Any]) -> None:
    outputs = _run(world | {"simulated_truth": world["simulated_truth"].iloc[:0]})
    assert outputs["policy_values"]["true_value"].isna().all()
    assert not outputs["policy_leaderboard"]["metric"].str.contains("true").any()


def test_policies_that_shared_the_traffic_judge_each_other(
    world: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(PARAMETERS["policy"], "decisions", {"arms": "topic", "surface_is_logger": True})
    outputs = _run(world)
    values = schemas.LoggedPolicyValues.validate(outputs["logged_policy_values"])
    assert set(zip(values["policy"], values["log"], strict=True)) == {("even", "odd"), ("odd", "even")}
    events = outputs["policy_events"]
    earned = events.groupby("logged_by")["reward"].mean()
    assert values["on_policy"].tolist() == pytest.approx(values["policy"].map(earned).tolist())
    assert values.query("estimator == 'dr'")["relative_error"].max() < 0.15  # chance decided alike in both
    board = outputs["policy_leaderboard"].query("protocol == 'log_of:odd'")
    assert set(board["model"]) == {"even"}
    assert board["is_baseline"].all()
    assert set(board["split"]) == {"all"}
    row = board.set_index("metric").loc["relative_error:dr"]
    expected = values.query("policy == 'even' and estimator == 'dr'").iloc[0]
    assert (row["value"], row["upper"]) == (expected["relative_error"], expected["relative_error_upper"])


def test_without_candidates_there_is_no_recommender_policy(world: dict[str, Any]) -> None:
    outputs = _run(world | {"candidate_scores": world["candidate_scores"].iloc[:0]})
    assert outputs["recommender_policy"].empty
    assert "recommender" not in set(outputs["policy_values"]["policy"])


def test_a_log_that_cannot_speak_gives_no_verdict(world: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    strict = PARAMETERS["policy"]["scoring"] | {"min_n_eff": 1e6}
    monkeypatch.setitem(PARAMETERS["policy"], "scoring", strict)
    outputs = _run(world)
    assert not outputs["policy_values"]["is_healthy"].any()
    assert np.isnan(_metric(outputs, "linucb", "difference:dr:logging")["value"])
    assert _metric(outputs, "linucb", "difference:true:logging")["value"] > 0


def test_a_truth_with_gaps_is_refused(world: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="10 decisions are missing in `simulated_truth`"):
        _run(world | {"simulated_truth": world["simulated_truth"].iloc[10:]})


def test_a_truth_of_other_topics_is_refused(world: dict[str, Any]) -> None:
    truth = world["simulated_truth"]
    with pytest.raises(ValueError, match="do not match one to one"):
        _run(world | {"simulated_truth": truth.assign(topic_index=truth["topic_index"].to_numpy()[::-1])})


def test_a_split_without_instants_is_refused(world: dict[str, Any]) -> None:
    boundaries = {"train_end": None, "valid_end": None, "protocol": "leave_one_out"}
    with pytest.raises(ValueError, match="'leave_one_out' hold no instants"):
        _run(world | {"split_boundaries": boundaries})


def test_an_empty_split_is_named(world: dict[str, Any]) -> None:
    late = world["split_boundaries"] | {"valid_end": "2030-01-01T00:00:00+00:00"}
    with pytest.raises(ValueError, match="no logged decision falls into split 'test'"):
        _run(world | {"split_boundaries": late})


def test_members_are_the_policies_that_have_settings() -> None:
    assert set(MEMBERS) == {name for name, value in PARAMETERS["policy"].items() if "member" in value}
