"""Wiring of the measures: logs and tables to the statistics of attention and expression."""

from collections.abc import Callable
from typing import Any

from kedro.pipeline import Node

from . import measure_nodes as nodes

_LOG, _COUNTING, _SEED = "interaction_log", "params:reporting.counting", "params:seed"
_ATTENTION, _EXPRESSION = "params:reporting.attention", "params:reporting.expression"
_TAXONOMY, _CLOCK = "params:feature_engineering.taxonomy", "params:feature_engineering.has_clock"
_READ = ["emotion_readings", "emotion_reader"]


def measures() -> list[Node]:
    """Count, read, measure, and set the truth beside what was measured."""
    return [*_attention(), *_expression()]


def _attention() -> list[Node]:
    tables = ["interactions_tally", "users", "contents", "utterances", "reaction_counts", "recommendations"]
    followed = ["content_attention", "unit_attention", "attention_by_age", "top_contents"]
    lent = [_TAXONOMY, "lent_emotion_checkpoint", "params:emotion_model"]
    told = ["content_attention", "contents", "reaction_counts", *_READ]
    return [
        _node(nodes.count_attention, [_LOG, *tables, _ATTENTION, _COUNTING, _CLOCK], followed[:2]),
        _node(nodes.follow_ages, [_LOG, "content_attention", _ATTENTION, _COUNTING, _CLOCK], followed[2:]),
        _node(nodes.read_emotions, ["contents", "content_emotions", *lent], _READ),
        _node(nodes.measure_attention, [*followed, _ATTENTION, _SEED], ["attention_measures", "attention_curves"]),
        _node(nodes.measure_effects, [*told, _ATTENTION, "params:reporting.contrast", _SEED], "attention_effects"),
        _node(
            nodes.collect_attention,
            ["attention_measures", "attention_effects", "simulated_statistics"],
            "attention_statistics",
        ),
    ]


def _expression() -> list[Node]:
    written = ["utterances", "emotion_signals", "emotion_examples", _TAXONOMY]
    published = ["contents", "reaction_counts", *_READ]
    parts = ["expression_measures", "emotion_prevalence"]
    days = ["expression_posts", "attended_days"]
    return [
        _node(nodes.mark_posts, ["contents", "utterances", "reaction_counts"], "expression_posts"),
        _node(
            nodes.count_attended,
            [_LOG, "interactions_tally", "contents", "users", _EXPRESSION, _COUNTING, _CLOCK],
            ["attended_counts", "attended_days"],
        ),
        _node(nodes.measure_expression, ["expression_posts", "attended_counts", _EXPRESSION, _SEED], parts[0]),
        _node(nodes.measure_prevalence, [*written, *published, _EXPRESSION, _SEED], parts[1]),
        _node(nodes.find_shifts, [*days, *parts, _EXPRESSION, "params:reporting.shift", _SEED], "expression_shifts"),
        _node(nodes.collect_expression, [*parts, "expression_shifts", "simulated_statistics"], "expression_statistics"),
    ]


def _node(function: Callable[..., Any], inputs: list[str], outputs: str | list[str]) -> Node:
    return Node(function, inputs, outputs, name=function.__name__)
