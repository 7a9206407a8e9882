"""Wiring of what generated vectors are good for."""

from kedro.pipeline import Node, Pipeline

from affectlens.pipelines.gan_training import use_nodes as nodes


def create_pipeline() -> Pipeline:
    """Measure augmentation, and hand on and measure stand-ins for cold contents."""
    contents = ["content_features", "content_emotions", "emotion_examples"]
    fitting = ["params:gan.condition", "params:gan.fitting", "params:gan.augmentation", "params:trainer"]
    whose = ["params:seed", "params:dataset"]
    return Pipeline(
        [
            Node(
                nodes.measure_augmentation,
                ["gan_checkpoint", *contents, *fitting, *whose],
                "gan_augmentation_scores",
                name="measure_augmentation",
                tags="gpu",
            ),
            Node(
                nodes.stand_in_for_cold_contents,
                ["gan_checkpoint", *contents[:2], "behaviour_sequences", "params:gan.cold_start", "params:seed"],
                "cold_start_vectors",
                name="stand_in_for_cold_contents",
                tags="gpu",
            ),
            Node(
                nodes.score_cold_contents,
                ["cold_start_vectors", "content_features", *whose],
                "gan_cold_scores",
                name="score_cold_contents",
            ),
        ],
        namespace="gan",
        prefix_datasets_with_namespace=False,
    )
