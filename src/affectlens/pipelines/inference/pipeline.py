"""The inference stage: what the chain recommends now, and whether its links carry weight."""

from kedro.pipeline import Node, Pipeline

from affectlens.pipelines.inference import nodes
from affectlens.pipelines.inference.trace import EMOTION_TABLES


def create_pipeline(**_: object) -> Pipeline:
    """Recommend to every user, check the links of the chain, and write some requests down whole."""
    behaviour = ["behaviour_sequences", "content_features"]
    return Pipeline(
        [
            Node(
                nodes.recommend_contents,
                ["recommender_checkpoint", *behaviour, "generated_content_features", "params:inference.ranking"],
                "recommendations",
                name="recommend_contents",
                tags="gpu",
            ),
            Node(
                nodes.check_chain,
                [
                    "recommender_checkpoint",
                    "gan_checkpoint",
                    *behaviour,
                    "content_emotions",
                    "emotion_states",
                    "generated_content_features",
                    "params:inference.checks",
                    "params:seed",
                ],
                "chain_checks",
                name="check_chain",
                tags="gpu",
            ),
            Node(
                nodes.trace_requests,
                [
                    "recommender_checkpoint",
                    *behaviour,
                    "generated_content_features",
                    "params:inference.traces",
                    "params:seed",
                    "gan_checkpoint",
                    *EMOTION_TABLES,
                ],
                "request_traces",
                name="trace_requests",
                tags="gpu",
            ),
            Node(nodes.exhibit_reasons, "request_traces", "inference_exhibits", name="exhibit_reasons"),
        ],
        namespace="inference",
        prefix_datasets_with_namespace=False,
    )
