"""The wiring of emotion_training."""

from collections.abc import Callable
from typing import Any

from kedro.pipeline import Node, Pipeline

from affectlens.pipelines.emotion_training import nodes

BASELINES = ("majority", "lexicon_rule", "tfidf")
NETWORKS = ("cnn", "lstm", "gru", "table_lstm", "encoder")
MEMBERS = (*BASELINES, *NETWORKS)
_ALONE = [f"{member}_checkpoint" for member in MEMBERS]
_CHECKPOINTS = [*_ALONE, "blend_checkpoint"]
_HISTORIES = [f"{member}_history" for member in MEMBERS]


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
    signals = ["emotion_signals", "emotion_examples"]
    shared = ["params:seed", "params:dataset"]
    steps: list[tuple[Callable[..., Any], list[str], str | list[str]]] = [
        (nodes.collect_histories, _HISTORIES, "emotion_history"),
        (nodes.blend_members, [*weighed, *_ALONE], "blend_checkpoint"),
        (nodes.choose_member, _CHECKPOINTS, "emotion_model"),
        (nodes.encode_utterances, ["emotion_model", "utterances"], "emotion_signals"),
        (nodes.fit_pooling, ["emotion_model", *signals, "params:emotion.state"], "emotion_checkpoint"),
        (nodes.pool_states, ["emotion_checkpoint", "emotion_signals", "users"], "emotion_states"),
        (nodes.encode_contents, ["emotion_checkpoint", "contents"], "content_emotions"),
        (nodes.score_members, [*tested, *shared, *_CHECKPOINTS], ["emotion_model_scores", "emotion_examples_scored"]),
        (nodes.score_states, ["emotion_checkpoint", *signals, *shared], "emotion_state_scores"),
        (nodes.collect_leaderboard, ["emotion_model_scores", "emotion_state_scores"], "emotion_leaderboard"),
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
