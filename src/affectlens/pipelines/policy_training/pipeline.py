"""Wiring: decisions, policies, judges."""

from kedro.pipeline import Node, Pipeline

from affectlens.pipelines.policy_training import nodes

MEMBERS = ("uniform", "popularity", "linucb")


def create_pipeline(**_: object) -> Pipeline:
    """Fit policies on logged decisions and judge them from the log; hand LinUCB on as `policy_checkpoint`."""
    each = [
        Pipeline(
            _one_member(),
            namespace=f"policy.{member}",
            inputs={"policy_events", "policy_context_names"},
            outputs={"checkpoint": "policy_checkpoint"} if member == "linucb" else None,
            parameters={"params:policy.selection", "params:seed"},
        )
        for member in MEMBERS
    ]
    judge = Pipeline(
        _judge(),
        namespace="policy",
        prefix_datasets_with_namespace=False,
        inputs={"uniform": "policy.uniform.checkpoint", "popularity": "policy.popularity.checkpoint"},
    )
    return sum(each, judge)


def _one_member() -> list[Node]:
    return [
        Node(
            nodes.fit_policy,
            inputs=[
                "policy_events",
                "policy_context_names",
                "params:member",
                "params:policy.selection",
                "params:seed",
            ],
            outputs="checkpoint",
            name="fit_policy",
        )
    ]


def _judge() -> list[Node]:
    return [
        Node(
            nodes.build_policy_events,
            inputs=[
                "interactions",
                "contents",
                "users",
                "emotion_states",
                "split_boundaries",
                "params:policy.decisions",
                "params:policy.context",
            ],
            outputs=["policy_events", "policy_context_names"],
            name="build_policy_events",
        ),
        Node(
            nodes.build_recommender_policy,
            inputs=[
                "candidate_scores",
                "contents",
                "policy_events",
                "params:policy.decisions",
                "params:policy.recommender",
            ],
            outputs="recommender_policy",
            name="build_recommender_policy",
        ),
        Node(
            nodes.score_logged_policies,
            inputs=["policy_events", "params:policy.scoring", "params:seed"],
            outputs="logged_policy_values",
            name="score_logged_policies",
        ),
        Node(
            nodes.score_policies,
            inputs=[
                "policy_events",
                "recommender_policy",
                "logged_policy_values",
                "simulated_truth",
                "uniform",
                "popularity",
                "policy_checkpoint",
                "params:policy.scoring",
                "params:seed",
                "params:dataset",
            ],
            outputs=["policy_values", "policy_leaderboard", "policy_unit_scores"],
            name="score_policies",
        ),
        Node(
            nodes.exhibit_policies,
            inputs=["policy_values", "logged_policy_values"],
            outputs="policy_exhibits",
            name="exhibit_policies",
        ),
    ]
