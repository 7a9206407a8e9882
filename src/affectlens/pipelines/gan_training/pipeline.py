"""Wiring of the gan stage."""

from kedro.pipeline import Node, Pipeline

from affectlens.pipelines.gan_training import decoder_pipeline, nodes, use_pipeline

MEMBERS = ("gaussian", "mixture", "vae", "wgan", "flow")
CONTENTS = ("content_features", "content_emotions", "emotion_examples")
_CHECKPOINTS = [f"{member}_checkpoint" for member in MEMBERS]
_SCORES = ["gan_vector_scores", "gan_decoder_scores", "gan_augmentation_scores", "gan_cold_scores"]
_HISTORIES = [f"{member}_history" for member in MEMBERS]


def create_pipeline(**_: object) -> Pipeline:
    """Fit each member, hand the best on validation contents on, score all, generate for every emotion state."""
    each = [
        Pipeline(
            _one_member(),
            namespace=f"gan.{member}",
            inputs=set(CONTENTS),
            parameters={
                "params:variant": f"params:gan.{member}",
                "params:condition": "params:gan.condition",
                "params:fitting": "params:gan.fitting",
                "params:trainer": "params:trainer",
                "params:seed": "params:seed",
                "params:workspace": "params:workspace",
            },
        )
        for member in MEMBERS
    ]
    return sum(each, _all_members()) + decoder_pipeline.create_pipeline() + use_pipeline.create_pipeline()


def _one_member() -> Pipeline:
    return Pipeline(
        [
            Node(
                nodes.train_generator,
                inputs=[
                    *CONTENTS,
                    "params:variant",
                    "params:condition",
                    "params:fitting",
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
    parameters = [
        "params:gan.condition",
        "params:gan.evaluation",
        "params:feature_engineering.taxonomy",
        "params:seed",
        "params:dataset",
    ]
    states = ["gan_checkpoint", "emotion_states", "behaviour_sequences", "content_features"]
    return Pipeline(
        [
            Node(nodes.choose_generator, _CHECKPOINTS, "gan_checkpoint", name="choose_generator"),
            Node(nodes.collect_histories, _HISTORIES, "gan_history", name="collect_histories"),
            Node(
                nodes.score_generators,
                [*CONTENTS, *parameters, *_CHECKPOINTS],
                "gan_vector_scores",
                name="score_generators",
                tags="gpu",
            ),
            Node(
                nodes.judge_goals,
                ["gan_vector_scores", "gan_checkpoint", "params:gan.goals"],
                "gan_goals",
                name="judge_goals",
            ),
            Node(nodes.collect_leaderboard, _SCORES, "gan_leaderboard", name="collect_leaderboard"),
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
