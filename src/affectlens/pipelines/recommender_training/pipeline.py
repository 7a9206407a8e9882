"""The wiring of recommender_training."""

from collections.abc import Callable
from typing import Any

from kedro.pipeline import Node, Pipeline

from affectlens.pipelines.recommender_training import calibration, ladder, nodes, satisfaction

BASELINES: dict[str, Callable[..., Any]] = {
    "popularity": nodes.train_popularity,
    "content_knn": nodes.train_content_knn,
    "item_knn": nodes.train_item_knn,
    "ease": nodes.train_ease,
}
MEMBERS = (*BASELINES, "attention")
TABLES = ["behaviour_sequences", "content_features", "generated_content_features"]
LADDER_TABLES = [
    "content_documents",
    "media",
    "emotion_examples",
    "item_attributes",
    "emotion_states",
    "split_boundaries",
]
LADDER_PARAMS = [
    "params:feature_engineering.content",
    *(f"params:recommender.{name}" for name in ("attention", "popularity", "ladder", "evaluation")),
    "params:trainer",
    "params:seed",
    "params:dataset",
]


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
    known = ["item_attributes", "emotion_states", "split_boundaries", "params:feature_engineering.taxonomy"]
    scored = [*TABLES, *known, "params:recommender.evaluation", "params:seed", "params:dataset"]
    return Pipeline(
        [
            Node(
                nodes.choose_chain_recommender,
                ["attention_checkpoint", "attention_history"],
                ["recommender_checkpoint", "recommender_history"],
                name="choose_chain_recommender",
            ),
            Node(
                nodes.describe_items,
                ["content_features", "content_emotions", "emotion_signals", "utterances", "utterance_splits"],
                "item_attributes",
                name="describe_items",
            ),
            Node(
                nodes.score_recommenders,
                [*scored, *checkpoints],
                "recommender_scores",
                name="score_recommenders",
                tags="gpu",
            ),
            Node(
                satisfaction.score_satisfaction,
                ["interactions", "contents", "params:recommender.satisfaction", "params:seed", "params:dataset"],
                "satisfaction_scores",
                name="score_satisfaction",
            ),
            Node(
                ladder.climb_ladder,
                [*TABLES, *LADDER_TABLES, *LADDER_PARAMS],
                "ladder_scores",
                name="climb_ladder",
                tags="gpu",
            ),
            Node(
                calibration.calibrate_lists,
                [
                    *TABLES,
                    "item_attributes",
                    "recommender_checkpoint",
                    *(
                        "params:recommender.calibration",
                        "params:recommender.evaluation",
                        "params:seed",
                        "params:dataset",
                    ),
                ],
                ["calibration_frontier", "calibration_scores"],
                name="calibrate_lists",
                tags="gpu",
            ),
            Node(
                nodes.collect_recommender_leaderboard,
                ["recommender_scores", "calibration_scores", "ladder_scores", "satisfaction_scores"],
                "recommender_leaderboard",
                name="collect_recommender_leaderboard",
            ),
            Node(
                nodes.list_candidates,
                [*TABLES, "recommender_checkpoint", "params:recommender.evaluation"],
                "candidate_scores",
                name="list_candidates",
                tags="gpu",
            ),
        ],
        namespace="recommender",
        prefix_datasets_with_namespace=False,
        inputs={f"{member}_checkpoint": f"recommender.{member}.checkpoint" for member in MEMBERS}
        | {"attention_history": "recommender.attention.history"},
    )
