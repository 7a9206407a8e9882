"""The wiring of recommender_training."""

from collections.abc import Callable
from typing import Any

from kedro.pipeline import Node, Pipeline

from affectlens.pipelines.recommender_training import (
    calibration,
    exposure_ladder,
    ladder,
    material,
    nodes,
    satisfaction,
)

BASELINES: dict[str, Callable[..., Any]] = {
    "popularity": nodes.train_popularity,
    "content_knn": nodes.train_content_knn,
    "item_knn": nodes.train_item_knn,
    "ease": nodes.train_ease,
}
MEMBERS = (*BASELINES, "attention")
TABLES = ["behaviour_sequences", "content_features", "generated_content_features"]
Step = tuple[Callable[..., Any], list[str], str | list[str]]


def create_pipeline(**_: object) -> Pipeline:
    """Tune the baselines, fit the attention model, score all, list candidates with the attention model."""
    each = [_baseline(member) for member in BASELINES]
    return sum(each, _attention() + _all_members())


def _baseline(member: str) -> Pipeline:
    train = BASELINES[member]
    inputs = [*TABLES[:2], "params:member", "params:evaluation"]
    return Pipeline(
        [Node(train, inputs, "checkpoint", name=train.__name__)],
        namespace=f"recommender.{member}",
        inputs=set(TABLES[:2]),
        parameters={
            "params:member": f"params:recommender.{member}",
            "params:evaluation": "params:recommender.evaluation",
        },
    )


def _attention() -> Pipeline:
    shared = ["params:trainer", "params:seed", "params:workspace"]
    inputs = [*TABLES, "params:member", "params:evaluation", *shared]
    train = Node(nodes.train_attention, inputs, ["checkpoint", "history"], name="train_attention", tags="gpu")
    return Pipeline(
        [train],
        namespace="recommender.attention",
        inputs=set(TABLES),
        parameters={
            "params:member": "params:recommender.attention",
            "params:evaluation": "params:recommender.evaluation",
            **{name: name for name in shared},
        },
    )


def _all_members() -> Pipeline:
    checkpoints = [f"{member}_checkpoint" for member in MEMBERS]
    chosen = ["attention_checkpoint", "attention_history"], ["recommender_checkpoint", "recommender_history"]
    told = ["content_emotions", "emotion_signals", "utterances", "utterance_splits"]
    known = ["item_attributes", "emotion_states", "split_boundaries", "params:feature_engineering.taxonomy"]
    judged = ["params:recommender.evaluation", "params:seed", "params:dataset"]
    calibrated = [*TABLES, "item_attributes", "recommender_checkpoint", "params:recommender.calibration", *judged]
    boards = ["recommender_scores", "calibration_scores", "ladder_scores", "exposure_scores", "satisfaction_scores"]
    steps: list[Step] = [
        (nodes.choose_chain_recommender, *chosen),
        (nodes.describe_items, ["content_features", *told], "item_attributes"),
        (nodes.score_recommenders, [*TABLES, *known, *judged, *checkpoints], "recommender_scores"),
        (calibration.calibrate_lists, calibrated, ["calibration_frontier", "calibration_scores"]),
        *_ladders(),
        (nodes.collect_recommender_leaderboard, boards, "recommender_leaderboard"),
        (nodes.list_candidates, [*TABLES, "recommender_checkpoint", judged[0]], "candidate_scores"),
    ]
    return Pipeline(
        [Node(step, inputs, outputs, name=step.__name__, tags="gpu") for step, inputs, outputs in steps],
        namespace="recommender",
        prefix_datasets_with_namespace=False,
        inputs={f"{member}_checkpoint": f"recommender.{member}.checkpoint" for member in MEMBERS}
        | {"attention_history": "recommender.attention.history"},
    )


def _ladders() -> list[Step]:
    """Does emotion help: to rank what comes next, to foretell what is done with what is shown, and what pleases?"""
    described = ["content_documents", "media", "emotion_examples", "item_attributes", "emotion_states"]
    climbed = ["params:recommender.ladder", "params:recommender.exposures"]
    gathered = [*TABLES, *described, "params:feature_engineering.content", *climbed, "params:seed"]
    shared = ["params:recommender.evaluation", "params:trainer", "params:seed", "params:dataset"]
    member = ["params:recommender.attention", "params:recommender.popularity", climbed[0]]
    shown = ["interactions", TABLES[0], "ladder_material", "emotion_signals", "simulated_truth", "split_boundaries"]
    pleased = ["interactions", "contents", "params:recommender.satisfaction", *shared[2:]]
    return [
        (material.gather_material, gathered, "ladder_material"),
        (ladder.climb_ladder, [TABLES[0], "ladder_material", "split_boundaries", *member, *shared], "ladder_scores"),
        (exposure_ladder.climb_exposures, [*shown, climbed[1], *shared], "exposure_scores"),
        (satisfaction.score_satisfaction, pleased, "satisfaction_scores"),
    ]
