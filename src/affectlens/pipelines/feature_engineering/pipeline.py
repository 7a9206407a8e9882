"""The wiring of feature_engineering."""

from kedro.pipeline import Node, Pipeline

from affectlens.pipelines.feature_engineering import nodes


def create_pipeline(**_: object) -> Pipeline:
    """Split once, then texts, contents and behaviour as the tables that models read."""
    return Pipeline(
        [
            Node(
                nodes.build_boundaries,
                inputs=["interactions", "utterances", "params:feature_engineering.split"],
                outputs="split_boundaries",
                name="build_boundaries",
            ),
            Node(
                nodes.build_behaviour_sequences,
                inputs=["interactions", "split_boundaries", "params:feature_engineering.has_clock"],
                outputs="behaviour_sequences",
                name="build_behaviour_sequences",
            ),
            Node(
                nodes.build_utterance_splits,
                inputs=[
                    "utterances",
                    "emotion_labels",
                    "behaviour_sequences",
                    "split_boundaries",
                    "params:feature_engineering.split",
                ],
                outputs="utterance_splits",
                name="build_utterance_splits",
            ),
            Node(
                nodes.build_emotion_examples,
                inputs=["utterances", "emotion_labels", "utterance_splits", "params:feature_engineering.taxonomy"],
                outputs="emotion_examples",
                name="build_emotion_examples",
            ),
            Node(
                nodes.build_vocabulary,
                inputs=["emotion_examples", "params:feature_engineering.vocabulary"],
                outputs="vocabulary",
                name="build_vocabulary",
            ),
            Node(
                nodes.build_content_documents,
                inputs=[
                    "contents",
                    "utterances",
                    "utterance_splits",
                    "behaviour_sequences",
                    "split_boundaries",
                    "params:feature_engineering.content",
                ],
                outputs="content_documents",
                name="build_content_documents",
            ),
            Node(
                nodes.build_content_features,
                inputs=[
                    "content_documents",
                    "media",
                    "emotion_examples",
                    "params:feature_engineering.content",
                    "params:seed",
                ],
                outputs=["content_features", "content_space"],
                name="build_content_features",
            ),
        ],
        namespace="feature_engineering",
        prefix_datasets_with_namespace=False,
    )
