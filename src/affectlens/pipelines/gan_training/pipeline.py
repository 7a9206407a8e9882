"""Wiring of the gan stage."""

from kedro.pipeline import Node, Pipeline

from affectlens.pipelines.gan_training import nodes

MEMBERS = ("gaussian", "vae", "wgan")
_CHECKPOINTS = [f"{member}_checkpoint" for member in MEMBERS]
_HISTORIES = [f"{member}_history" for member in MEMBERS]


def create_pipeline(**_: object) -> Pipeline:
    """Fit each member, hand the best on validation contents on, score all, generate for every emotion state."""
    each = [
        Pipeline(
            _one_member(),
            namespace=f"gan.{member}",
            inputs={"content_features", "content_emotions"},
            parameters={
                "params:variant": f"params:gan.{member}",
                "params:condition": "params:gan.condition",
                "params:trainer": "params:trainer",
                "params:seed": "params:seed",
                "params:workspace": "params:workspace",
            },
        )
        for member in MEMBERS
    ]
    return sum(each, _all_members())


def _one_member() -> Pipeline:
    return Pipeline(
        [
            Node(
                nodes.train_generator,
                inputs=[
                    "content_features",
                    "content_emotions",
                    "params:variant",
                    "params:condition",
                    "params:trainer",
                    "params:seed",
                    "params:workspace",
                ],
                outputs=["checkpoint", "history"],
                name="train_generator",
                tags="gpu",
            )
        ]
    )


def _all_members() -> Pipeline:
    parameters = ["params:gan.condition", "params:gan.evaluation", "params:seed", "params:dataset"]
    states = ["gan_checkpoint", "emotion_states", "behaviour_sequences", "content_features"]
    return Pipeline(
        [
            Node(nodes.choose_generator, _CHECKPOINTS, "gan_checkpoint", name="choose_generator"),
            Node(nodes.collect_histories, _HISTORIES, "gan_history", name="collect_histories"),
            Node(
                nodes.score_generators,
                ["content_features", "content_emotions", *parameters, *_CHECKPOINTS],
                "gan_leaderboard",
                name="score_generators",
                tags="gpu",
            ),
            Node(
                nodes.generate_for_states,
                [*states, "params:gan.generation", "params:seed"],
                "generated_content_features",
                name="generate_for_states",
                tags="gpu",
            ),
        ],
        namespace="gan",
        prefix_datasets_with_namespace=False,
        inputs={f"{member}_{part}": f"gan.{member}.{part}" for member in MEMBERS for part in ("checkpoint", "history")},
    )
