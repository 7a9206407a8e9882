"""Wiring of the gan stage."""

from kedro.pipeline import Node, Pipeline

from affectlens.pipelines.gan_training import decoder_pipeline, nodes, use_pipeline

MEMBERS = ("gaussian", "mixture", "vae", "wgan", "flow")
CONTENTS = ("content_features", "content_emotions", "emotion_examples")
_FITS = [f"{member}_{part}" for member in MEMBERS for part in ("checkpoint", "further")]
_HISTORIES = [f"{member}_history" for member in MEMBERS]
_SCORES = ["gan_vector_scores", "gan_decoder_scores", "gan_augmentation_scores", "gan_cold_scores"]
_SHARED = ["params:trainer", "params:seed", "params:seeds", "params:workspace"]


def create_pipeline(**_: object) -> Pipeline:
    """Fit each member, hand the best on validation contents on, score all; decode, use, generate for every state."""
    each = [
        Pipeline(
            [_train()],
            namespace=f"gan.{member}",
            inputs=set(CONTENTS),
            parameters={
                "params:variant": f"params:gan.{member}",
                "params:condition": "params:gan.condition",
                "params:fitting": "params:gan.fitting",
                **{name: name for name in _SHARED},
            },
        )
        for member in MEMBERS
    ]
    return sum(each, _all_members()) + decoder_pipeline.create_pipeline() + use_pipeline.create_pipeline()


def _train() -> Node:
    inputs = [*CONTENTS, "params:variant", "params:condition", "params:fitting", *_SHARED]
    outputs = ["checkpoint", "further", "history"]
    return Node(nodes.train_generator, inputs, outputs, name="train_generator", tags="gpu")


def _all_members() -> Pipeline:
    whole = [
        Node(nodes.choose_generator, _FITS, "gan_checkpoint", name="choose_generator"),
        Node(nodes.collect_histories, _HISTORIES, "gan_history", name="collect_histories"),
        _score(),
        Node(nodes.collect_leaderboard, _SCORES, "gan_leaderboard", name="collect_leaderboard"),
        _judge(),
        _generate(),
    ]
    inputs = {name: f"gan.{name.replace('_', '.')}" for name in (*_FITS, *_HISTORIES)}
    return Pipeline(whole, namespace="gan", prefix_datasets_with_namespace=False, inputs=inputs)


def _score() -> Node:
    told = ["params:gan.condition", "params:gan.evaluation", "params:feature_engineering.taxonomy"]
    inputs = [*CONTENTS, *told, "params:seed", "params:dataset", *_FITS]
    return Node(nodes.score_generators, inputs, "gan_vector_scores", name="score_generators", tags="gpu")


def _judge() -> Node:
    inputs = ["gan_vector_scores", "gan_checkpoint", "params:gan.goals"]
    return Node(nodes.judge_goals, inputs, "gan_goals", name="judge_goals")


def _generate() -> Node:
    tables = ["gan_checkpoint", "emotion_states", "behaviour_sequences", "content_features"]
    inputs = [*tables, "params:gan.generation", "params:seed"]
    return Node(nodes.generate_for_states, inputs, "generated_content_features", name="generate_for_states", tags="gpu")
