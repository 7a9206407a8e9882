"""Wiring of the decoders: from vectors and emotions to contents that a person can look at."""

from kedro.pipeline import Node, Pipeline

from affectlens.pipelines.gan_training import decoder_nodes as nodes

DECODERS = ("text", "image", "clip")
TAXONOMY = "params:feature_engineering.taxonomy"
_CONTENTS = ("content_features", "content_emotions", "emotion_examples", "content_documents")
_CHECKPOINTS = ["gan_checkpoint", *(f"{form}_checkpoint" for form in DECODERS)]
_FITTING = ["params:trainer", "params:seed", "params:workspace"]


def create_pipeline() -> Pipeline:
    """Open media once, fit a decoder a form, score what they make, and make a gallery."""
    text = Node(
        nodes.train_text_decoder,
        [*_CONTENTS, "params:variant", "params:gan.decoding", *_FITTING],
        ["checkpoint", "history"],
        name="train_text_decoder",
        tags="gpu",
    )
    whole = Pipeline(
        [_open(), *_make()],
        namespace="gan",
        prefix_datasets_with_namespace=False,
        inputs={f"{form}_checkpoint": f"gan.{form}.checkpoint" for form in DECODERS},
    )
    return whole + _decoder("text", text) + sum((_decoder(form, _picture()) for form in DECODERS[1:]), Pipeline([]))


def _picture() -> Node:
    return Node(
        nodes.train_picture_decoder,
        ["gan_media", "params:variant", *_FITTING],
        ["checkpoint", "history"],
        name="train_picture_decoder",
        tags="gpu",
    )


def _decoder(form: str, node: Node) -> Pipeline:
    pipeline = Pipeline([node])
    parameters = {name: name for name in pipeline.inputs() if name.startswith("params:")}
    inputs = {name for name in pipeline.inputs() if not name.startswith("params:")}
    own = {"params:variant": f"params:gan.{form}"}
    return Pipeline(pipeline, namespace=f"gan.{form}", inputs=inputs, parameters=parameters | own)


def _open() -> Node:
    tables = ["utterances", "utterance_splits", "content_documents", "emotion_examples", "media"]
    return Node(nodes.open_media, [*tables, "params:gan.decoding", TAXONOMY], "gan_media", name="open_media")


def _make() -> list[Node]:
    given = [*_CHECKPOINTS, *_CONTENTS, "gan_media"]
    told = ["params:gan.decoding", TAXONOMY, "params:seed"]
    scored = ["params:gan.condition", *told, "params:dataset"]
    return [
        Node(nodes.generate_gallery, [*given, *told], "generated_contents", name="generate_gallery", tags="gpu"),
        Node(
            nodes.exhibit_generation,
            ["gan_goals", "generated_contents", "gan_leaderboard"],
            "gan_exhibits",
            name="exhibit_generation",
        ),
        Node(nodes.score_decoders, [*given, *scored], "gan_decoder_scores", name="score_decoders", tags="gpu"),
    ]
