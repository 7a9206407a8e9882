from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from affectlens.evaluation.estimate import LEADERBOARD_COLUMNS
from affectlens.models.checkpoint import Checkpoint
from affectlens.pipelines.recommender_training import nodes
from affectlens.pipelines.recommender_training.baselines import (
    train_content_knn,
    train_ease,
    train_item_knn,
    train_popularity,
)
from affectlens.pipelines.recommender_training.fits import fits_of
from affectlens.pipelines.recommender_training.networks import train_attention, train_blend
from affectlens.pipelines.recommender_training.params import (
    AttentionMemberParams,
    BlendParams,
    ContentKnnParams,
    EaseParams,
    EvaluationParams,
    ItemKnnParams,
    PopularityParams,
    TrainerParams,
)
from affectlens.schemas import BehaviourSequences, CandidateScores, ContentFeatures, Leaderboard, UnitScores

TRAINER = TrainerParams(accelerator="cpu", devices=1, precision="32-true", strategy="auto")
BOUNDARIES = {"protocol": "global_timeline"}


def baselines(sequences, contents, parameters: dict[str, Any]) -> list[Checkpoint]:
    """Each baseline's checkpoint and further fits, one after the other."""
    evaluation = EvaluationParams(**parameters["evaluation"])
    nodes_and_params = [
        (train_popularity, PopularityParams),
        (train_content_knn, ContentKnnParams),
        (train_item_knn, ItemKnnParams),
        (train_ease, EaseParams),
    ]
    return [
        fit
        for train, params in nodes_and_params
        for fit in train(
            sequences, contents, params(**parameters[train.__name__.removeprefix("train_")]), evaluation, [7]
        )
    ]


def attention(sequences, contents, generated, parameters, tmp_path, seeds=(7,)) -> tuple[Checkpoint, ...]:
    params, evaluation = AttentionMemberParams(**parameters["attention"]), EvaluationParams(**parameters["evaluation"])
    return train_attention(sequences, contents, generated, params, evaluation, TRAINER, list(seeds), str(tmp_path))


def scored(sequences, contents, generated, parameters, checkpoints) -> tuple[pd.DataFrame, pd.DataFrame]:
    evaluation = EvaluationParams(**parameters["evaluation"])
    attributes, states = item_attributes(contents), emotion_states(generated)
    tables = sequences, contents, generated, attributes, states
    return nodes.score_recommenders(*tables, BOUNDARIES, "sentiment", evaluation, 7, "toy", *checkpoints)


def leaderboard(sequences, contents, generated, parameters, checkpoints) -> pd.DataFrame:
    return scored(sequences, contents, generated, parameters, checkpoints)[0]


def item_attributes(contents: pd.DataFrame) -> pd.DataFrame:
    """Two topics; every third content without an emotion."""
    place = np.arange(len(contents))
    emotions = [[] if number % 3 == 0 else np.eye(4)[number % 4] for number in place]
    topics = np.where(place % 2 == 0, "even", "odd")
    return pd.DataFrame({"content_id": contents["content_id"], "topic": topics}).assign(emotion=emotions)


def emotion_states(generated: pd.DataFrame) -> pd.DataFrame:
    """A state wherever content was generated."""
    probabilities = list(np.random.default_rng(5).dirichlet(np.ones(4), len(generated)))
    return generated[["state_id", "user_id", "occurred_at"]].assign(probabilities=probabilities)


def all_members(sequences, contents, generated, parameters, tmp_path, seeds=(7,)) -> list[Checkpoint]:
    fitted = baselines(sequences, contents, parameters)
    fitted += attention(sequences, contents, generated, parameters, tmp_path, seeds)[:2]
    params, evaluation = BlendParams(**parameters["blend"]), EvaluationParams(**parameters["evaluation"])
    return [*fitted, *train_blend(sequences, contents, generated, params, evaluation, *fitted)]


@pytest.mark.parametrize("tried", [[], [0.5, 2000.0], [2000.0, 0.5]])
def test_attention_takes_the_half_life_of_heat_that_ranks_validation_best(
    sequences, contents, generated, parameters, tmp_path, tried: list[float]
) -> None:
    popularity = {**parameters, "popularity": {"half_lives_days": tried or [1.0]}}
    best = baselines(sequences, contents, popularity)[0].params["half_life_days"]
    member = {**parameters["attention"], "heat_half_lives_days": tried}
    found = attention(sequences, contents, generated, {**parameters, "attention": member}, tmp_path)[0]
    stated = parameters["attention"]["model"]["heat_half_life_days"]
    assert found.params["model"]["heat_half_life_days"] == (best if tried else stated)


def test_every_member_stands_in_the_leaderboard_with_intervals(
    sequences, contents, generated, parameters, tmp_path
) -> None:
    rows, units = scored(
        sequences, contents, generated, parameters, all_members(sequences, contents, generated, parameters, tmp_path)
    )
    Leaderboard.validate(rows)
    whole = rows[rows["protocol"].str.endswith("fold-in")].set_index(["model", "metric"])["value"]
    for model, mean in UnitScores.validate(units).groupby("model")["value"].mean().items():
        assert mean == pytest.approx(whole[model, "ndcg@10"])
    assert list(rows.columns) == list(LEADERBOARD_COLUMNS)
    flags = rows.groupby("model")["is_baseline"].first().to_dict()
    assert flags == {"popularity": True, "content_knn": True, "item_knn": True, "ease": True, "attention": False,
                     "blend": False}  # fmt: skip
    main = rows[(rows["protocol"] != "paired") & (rows["metric"] != "uses_generated_content")]
    ranking = {"hr@10", "recall@10", "recall_min@10", "ndcg@10", "mrr@10", "map@10"}
    groups = {"cold_items", "warm_items", "head_items", "tail_items", "cold_users", "warm_users",
              *(f"emotion={name}" for name in ("positive", "negative", "ambiguous", "neutral"))}  # fmt: skip
    names = ranking | {f"{metric}:{group}" for metric in ranking for group in groups}
    names |= {"coverage@10", "exposure_gini@10", "popularity_lift@10", "novelty@10", "serendipity@10", "ild@10",
              "miscalibration_topic@10", "miscalibration_emotion@10", "group_gap:ndcg@10:emotion"}  # fmt: skip
    assert main.groupby("model")["metric"].agg(set).map(names.__eq__).all()
    known = main.dropna(subset="value")
    assert ((known["lower"] <= known["value"]) & (known["value"] <= known["upper"])).all()
    assert set(rows["split"]) == {"test"}


def test_every_pair_of_members_is_compared_with_holm_over_all_pairs(
    sequences, contents, generated, parameters, tmp_path
) -> None:
    members = all_members(sequences, contents, generated, parameters, tmp_path)
    rows = leaderboard(sequences, contents, generated, parameters, members)
    paired = rows[rows["protocol"] == "paired"].set_index(["model", "metric"])["value"]
    values = rows[rows["metric"] == "ndcg@10"].set_index("model")["value"]
    differences = [key for key in paired.index if key[1].startswith("difference:ndcg@10:") and "items" not in key[1]]
    assert len(differences) == 6 * 5 / 2
    for ours, metric in differences:
        theirs = metric.rsplit(":", 1)[1]
        assert paired[ours, metric] == pytest.approx(values[ours] - values[theirs])
        assert 0 < paired[ours, f"p:ndcg@10:{theirs}"] <= paired[ours, f"p_holm:ndcg@10:{theirs}"] <= 1
    assert ("attention", "difference:ndcg@10:popularity") in differences


def test_test_events_do_not_reach_any_checkpoint(sequences, contents, generated, parameters, tmp_path) -> None:
    is_test = sequences["split"] == "test"
    changed = sequences.assign(content_id=sequences["content_id"].mask(is_test, "item24"))
    one, two = (all_members(table, contents, generated, parameters, tmp_path) for table in (sequences, changed))
    assert [member.fingerprint() for member in one] == [member.fingerprint() for member in two]


def test_where_nothing_is_generated_the_term_is_off_and_the_results_say_so(
    sequences, contents, generated, parameters, tmp_path
) -> None:
    checkpoint, *_ = attention(sequences, contents, generated.iloc[:0], parameters, tmp_path)
    assert checkpoint.metadata["uses_generated_content"] is False
    assert not [name for name in checkpoint.weights if name.startswith("generated.")]
    members = [*baselines(sequences, contents, parameters), checkpoint]
    rows = leaderboard(sequences, contents, generated.iloc[:0], parameters, members)
    assert rows.loc[rows["metric"] == "uses_generated_content", "value"].tolist() == [0.0]


def test_generated_content_changes_what_is_recommended(sequences, contents, generated, parameters, tmp_path) -> None:
    checkpoint, *_ = attention(sequences, contents, generated, parameters, tmp_path)
    evaluation = EvaluationParams(**parameters["evaluation"])
    other = generated.assign(vectors=[-3 * vectors for vectors in generated["vectors"]])
    one, two = (
        nodes.list_candidates(sequences, contents, table, checkpoint, evaluation) for table in (generated, other)
    )
    assert not np.allclose(one["score"], two["score"])


def test_candidates_are_new_to_the_user_ranked_and_as_many_as_asked_for(
    sequences, contents, generated, parameters, tmp_path
) -> None:
    checkpoint, *_ = attention(sequences, contents, generated, parameters, tmp_path)
    evaluation = EvaluationParams(**parameters["evaluation"])
    candidates = CandidateScores.validate(nodes.list_candidates(sequences, contents, generated, checkpoint, evaluation))
    before = sequences[sequences["split"] != "test"]
    assert set(candidates["user_id"]) == set(before["user_id"])
    assert candidates.merge(before, on=["user_id", "content_id"]).empty
    for _, rows in candidates.groupby("user_id"):
        assert rows["rank"].tolist() == list(range(1, 7))
        assert rows["score"].is_monotonic_decreasing


def test_the_chain_always_goes_on_with_the_attention_model(
    sequences, contents, generated, parameters, tmp_path
) -> None:
    checkpoint, _, history = attention(sequences, contents, generated, parameters, tmp_path)
    assert nodes.choose_chain_recommender(checkpoint, history)[0].architecture == "attention"
    assert history["member"].tolist() == ["attention"] * 2
    assert history["metric_name"].tolist() == ["ndcg@10"] * 2


def test_without_times_and_contents_everything_runs(sequences, contents, generated, parameters, tmp_path) -> None:
    timeless = sequences.assign(
        occurred_at=pd.Series(pd.NaT, index=sequences.index).dt.tz_localize("UTC"), gap_s=np.nan
    )
    members = all_members(timeless, contents.iloc[:0], generated.iloc[:0], parameters, tmp_path)
    rows = leaderboard(timeless, contents.iloc[:0], generated.iloc[:0], parameters, members)
    assert rows.loc[rows["metric"] == "ndcg@10", "value"].notna().all()
    assert "ild@10" not in set(rows["metric"])


def test_without_test_events_the_validation_events_are_scored(
    sequences, contents, generated, parameters, tmp_path
) -> None:
    early = sequences[sequences["split"] != "test"]
    members = all_members(early, contents, generated, parameters, tmp_path)
    assert set(leaderboard(early, contents, generated, parameters, members)["split"]) == {"valid"}


def test_tables_without_rows_give_tables_without_rows(generated, parameters, tmp_path) -> None:
    sequences, contents = (
        schema.validate(pd.DataFrame({name: pd.Series(dtype=object) for name in schema.columns}))
        for schema in (BehaviourSequences, ContentFeatures)
    )
    members = all_members(sequences, contents, generated.iloc[:0], parameters, tmp_path)
    rows = leaderboard(sequences, contents, generated.iloc[:0], parameters, members)
    assert rows.empty
    assert list(rows.columns) == list(LEADERBOARD_COLUMNS)
    evaluation = EvaluationParams(**parameters["evaluation"])
    candidates = nodes.list_candidates(sequences, contents, generated.iloc[:0], members[-2], evaluation)
    assert CandidateScores.validate(candidates).empty


def test_a_checkpoint_of_another_catalogue_is_refused(sequences, contents, generated, parameters, tmp_path) -> None:
    checkpoint, *_ = attention(sequences, contents, generated, parameters, tmp_path)
    evaluation = EvaluationParams(**parameters["evaluation"])
    with pytest.raises(ValueError, match="other items"):
        nodes.list_candidates(sequences, contents.iloc[::-1], generated, checkpoint, evaluation)


def test_every_seed_and_every_refit_has_rows_of_its_own(sequences, contents, generated, parameters, tmp_path) -> None:
    asked = {**parameters, "evaluation": {**parameters["evaluation"], "refit": True}}
    members = all_members(sequences, contents, generated, asked, tmp_path, seeds=(7, 8))
    rows = leaderboard(sequences, contents, generated, asked, members)
    ranked = rows[(rows["metric"] == "ndcg@10") & (rows["protocol"] != "paired")]
    found = set(zip(ranked["model"], ranked["protocol"].str.rsplit(", ").str[-1], ranked["seed"], strict=True))
    seeds = {"attention": (7, 8), "blend": (7, 8)}
    names = ("popularity", "content_knn", "item_knn", "ease", "attention", "blend")
    assert found == {
        (name, how, seed) for name in names for how in ("fold-in", "refit") for seed in seeds.get(name, (7,))
    }


def test_a_refit_learns_from_validation_events_with_the_settings_of_the_fold_in(
    sequences, contents, parameters
) -> None:
    asked = {**parameters, "evaluation": {**parameters["evaluation"], "refit": True}}
    *_, first, further = baselines(sequences, contents, asked)
    (again,) = fits_of([further])
    assert again.checkpoint.metadata["settings"] == first.metadata["settings"]
    n_later = (sequences["split"] == "valid").sum()
    assert again.checkpoint.weights["popularity"].sum() == first.weights["popularity"].sum() + n_later


def test_the_blend_takes_the_weight_that_validation_prefers(
    sequences, contents, generated, parameters, tmp_path
) -> None:
    blend = all_members(sequences, contents, generated, parameters, tmp_path)[-2]
    best = max(blend.metadata["trials"], key=lambda trial: trial["value"])
    assert blend.params["weight"] == best["weight"]
    assert set(blend.parts()) == {"attention", "linear"}
