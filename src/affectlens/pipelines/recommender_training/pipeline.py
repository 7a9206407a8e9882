"""The wiring of recommender_training."""

from collections.abc import Callable
from typing import Any

from kedro.pipeline import Node, Pipeline

from affectlens.pipelines.recommender_training import nodes

BASELINES: dict[str, Callable[..., Any]] = {
    "popularity": nodes.train_popularity,
    "item_knn": nodes.train_item_knn,
    "ease": nodes.train_ease,
}
MEMBERS = (*BASELINES, "attention")
TABLES = ["behaviour_sequences", "content_features", "generated_content_features"]


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
    scored = [*TABLES, "split_boundaries", "params:recommender.evaluation", "params:seed", "params:dataset"]
    return Pipeline(
        [
            Node(
                nodes.choose_chain_recommender,
                ["attention_checkpoint", "attention_history"],
                ["recommender_checkpoint", "recommender_history"],
                name="choose_chain_recommender",
            ),
            Node(
                nodes.score_recommenders,
                [*scored, *checkpoints],
                "recommender_leaderboard",
                name="score_recommenders",
                tags="gpu",
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
