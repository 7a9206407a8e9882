"""The wiring of emotion_training."""

from collections.abc import Callable
from typing import Any

from kedro.pipeline import Node, Pipeline

from affectlens.pipelines.emotion_training import (
    explaining_nodes,
    few_labels_nodes,
    media_nodes,
    nodes,
    robustness_nodes,
    state_nodes,
)

BASELINES = ("majority", "lexicon_rule", "tfidf")
NETWORKS = ("cnn", "lstm", "gru", "table_lstm", "encoder")
MEMBERS = (*BASELINES, *NETWORKS)
_ALONE = [f"{member}_checkpoint" for member in MEMBERS]
_CHECKPOINTS = [*_ALONE, "blend_checkpoint"]
_HISTORIES = [f"{member}_history" for member in MEMBERS]
_OTHER_HISTORIES = ["image_history", "clip_history", "emotion_state_history"]
_SCORES = [
    *("emotion_model_scores", "emotion_media_scores", "emotion_state_scores"),
    *("emotion_explanation_scores", "emotion_few_labels_scores", "emotion_robustness_scores"),
]


def create_pipeline(**_: object) -> Pipeline:
    """Fit and tune each member, hand the best on as `emotion_checkpoint`, read all texts and users with it."""
    each = [
        Pipeline(
            _one_member(),
            namespace=f"emotion.{member}",
            inputs={"emotion_examples", "vocabulary"},
            parameters={
                "params:member": f"params:emotion.{member}",
                "params:members": "params:emotion.members",
                "params:decision": "params:emotion.decision",
                "params:trainer": "params:trainer",
                "params:seed": "params:seed",
                "params:workspace": "params:workspace",
            },
            tags="gpu" if member in NETWORKS else None,
        )
        for member in MEMBERS
    ]
    return sum(each, _all_members())


def _one_member() -> Pipeline:
    who = ["params:member", "params:members"]
    fit = ["emotion_examples", "vocabulary", *who, "params:trainer", "params:seed", "params:workspace"]
    tune = ["uncalibrated", "emotion_examples", "params:decision", "params:seed"]
    return Pipeline(
        [
            Node(nodes.train_emotion_member, fit, ["uncalibrated", "history"], name="train_emotion_member"),
            Node(nodes.tune_emotion_member, tune, "checkpoint", name="tune_emotion_member"),
        ]
    )


def _all_members() -> Pipeline:
    tested = ["emotion_examples", "annotations", "params:emotion.decision", "params:emotion.n_examples"]
    weighed = ["emotion_examples", "params:emotion.members", "params:emotion.decision", "params:seed"]
    shared = ["params:seed", "params:dataset"]
    beyond = ["emotion_examples", "other_texts", "params:emotion.robustness"]
    both = ["emotion_checkpoint", "tfidf_checkpoint"]
    told = ["emotion_model_scores", "emotion_examples_scored", "emotion_answers"]
    explained = ["emotion_explanation_exhibits", "emotion_leaderboard"]
    steps: list[tuple[Callable[..., Any], list[str], str | list[str]]] = [
        (nodes.collect_histories, [*_HISTORIES, *_OTHER_HISTORIES], "emotion_history"),
        (nodes.blend_members, [*weighed, *_ALONE], "blend_checkpoint"),
        (nodes.choose_member, _CHECKPOINTS, "emotion_checkpoint"),
        (nodes.read_texts, ["emotion_checkpoint", "utterances", "contents"], ["text_signals", "content_emotions"]),
        (nodes.score_members, [*tested, *shared, *_CHECKPOINTS], told),
        *_looking(shared),
        *_states(shared),
        _explaining(shared),
        _few_labels(),
        (robustness_nodes.score_robustness, [*beyond, *shared, *both], _SCORES[-1]),
        (nodes.collect_leaderboard, _SCORES, "emotion_leaderboard"),
        (nodes.collect_exhibits, [told[2], "emotion_checkpoint", *explained, shared[0]], "emotion_exhibits"),
    ]
    return Pipeline(
        [Node(function, inputs, outputs, name=function.__name__) for function, inputs, outputs in steps],
        namespace="emotion",
        prefix_datasets_with_namespace=False,
        inputs={
            f"{member}_{part}": f"emotion.{member}.{part}" for member in MEMBERS for part in ("checkpoint", "history")
        },
        outputs={"blend_checkpoint": "emotion.blend.checkpoint"},
    )


def _looking(shared: list[str]) -> list[tuple[Callable[..., Any], list[str], str | list[str]]]:
    """Pictures and clips, and all modalities together."""
    fitted = ["params:emotion.decision", "params:trainer", "params:seed", "params:workspace"]
    shown, networks = ["utterance_images", "utterance_clips"], ["image_checkpoint", "clip_checkpoint"]
    pixels, examples = ["image_pixels_checkpoint", "clip_pixels_checkpoint"], "emotion_examples"
    image = [examples, "utterance_images", "params:emotion.image", *fitted]
    clip = ["image_checkpoint", examples, "utterance_clips", "params:emotion.clip", *fitted]
    known = ["emotion_checkpoint", examples, *shown, *networks]
    return [
        (media_nodes.decode_pictures, ["utterances", "media", "params:emotion.clip"], shown),
        (media_nodes.train_image_network, image, [networks[0], "image_history"]),
        (media_nodes.train_clip_network, clip, [networks[1], "clip_history"]),
        (media_nodes.train_pixel_baselines, [examples, *shown, "params:emotion.pixels", fitted[0]], pixels),
        (media_nodes.fit_late_fusion, [*known, "params:emotion.fusion", fitted[0]], "fusion_checkpoint"),
        (media_nodes.fuse_signals, ["text_signals", "fusion_checkpoint", *shown, *networks], "emotion_signals"),
        (media_nodes.score_media, [*known, *pixels, "fusion_checkpoint", *shared], "emotion_media_scores"),
    ]


def _explaining(shared: list[str]) -> tuple[Callable[..., Any], list[str], str | list[str]]:
    answered = ["emotion_examples", "emotion_examples_scored", "utterance_images", "image_checkpoint"]
    networks = ["emotion_checkpoint", *(f"{member}_checkpoint" for member in NETWORKS)]
    inputs = [*answered, "params:emotion.explaining", *shared, *networks]
    return explaining_nodes.explain_answers, inputs, ["emotion_explanation_scores", "emotion_explanation_exhibits"]


def _few_labels() -> tuple[Callable[..., Any], list[str], str]:
    members = ["params:emotion.tfidf", "params:emotion.lstm", "params:emotion.few_labels", "params:emotion.decision"]
    inputs = ["emotion_examples", "vocabulary", *members, "params:trainer", "params:seed", "params:workspace"]
    return few_labels_nodes.score_few_labels, [*inputs, "params:dataset"], "emotion_few_labels_scores"


def _states(shared: list[str]) -> list[tuple[Callable[..., Any], list[str], str | list[str]]]:
    lived = ["emotion_checkpoint", "users", "utterances", "emotion_signals", "interactions", "content_emotions"]
    taught = [*lived, "emotion_examples", "utterance_splits", "split_boundaries"]
    recurrent = [
        "params:emotion.state.recurrent",
        "params:emotion.state.ridge",
        "params:trainer",
        "params:seed",
        "params:workspace",
    ]
    both = ["moving_average_state", "recurrent_state"]
    tracked = ["emotion_state_checkpoint", *lived, "params:emotion.state.every"]
    scored = [*taught, "emotion_state_checkpoint", "moving_average_state", "simulated_truth", *shared]
    return [
        (state_nodes.fit_moving_average, [*taught, "params:emotion.state.moving_average"], both[0]),
        (state_nodes.fit_recurrent_state, [*taught, *recurrent], [both[1], "emotion_state_history"]),
        (state_nodes.choose_state_model, both, "emotion_state_checkpoint"),
        (state_nodes.track_states, tracked, "emotion_states"),
        (state_nodes.score_states, scored, "emotion_state_scores"),
    ]
