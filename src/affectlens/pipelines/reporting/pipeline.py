"""The report: statistics, figures, a section for every part, one page."""

from collections.abc import Callable
from typing import Any

from kedro.pipeline import Node, Pipeline

from . import nodes

STAGES = ("emotion", "gan", "recommender", "policy")
_SECTIONS = {f"{stage}_section": f"reporting.{stage}.section" for stage in STAGES}
_BOARDS = [f"{stage}_leaderboard" for stage in STAGES]
_TABLES = ["contents", "interactions", "utterances"]
_PLACE = ["params:stages", "params:environment"]
_FORMS = ["published_forms_figure", "attended_forms_figure", "written_forms_figure"]
_TEXTS = ["text_length_figure", "emoji_share_figure"]
_CURVES = ["lorenz_figure", "rank_size_figure"]


def create_pipeline(**_: object) -> Pipeline:
    """Measure attention and expression, draw every figure, compose the sections and render the page."""
    whole = [*_measure(), *_draw(), *_compose()]
    shared = Pipeline(whole, namespace="reporting", prefix_datasets_with_namespace=False, inputs=_SECTIONS)
    emotion = _trained("emotion", nodes.compose_emotion, ["examples", "params:examples"])
    gan, recommender = (_trained(stage, nodes.compose_stage) for stage in ("gan", "recommender"))
    return shared + emotion + gan + recommender + _policy()


def _measure() -> list[Node]:
    attention = ["users", *_TABLES, "recommendations", "params:reporting.attention", "params:seed"]
    expression = [*_TABLES, "params:reporting.expression", "params:seed"]
    return [
        _node(nodes.summarise_attention, attention, ["attention_statistics", "attention_curves"]),
        _node(nodes.summarise_expression, expression, "expression_statistics"),
    ]


def _draw() -> list[Node]:
    return [
        _node(nodes.draw_attention, "attention_curves", _CURVES),
        _node(nodes.draw_forms, "expression_statistics", _FORMS),
        _node(nodes.draw_texts, "expression_statistics", _TEXTS),
    ]


def _compose() -> list[Node]:
    facts = [*_PLACE, "params:dataset", "params:seed", "row_accounting", "chain_checks"]
    told = [f"params:reporting.stages.{stage}" for stage in ("emotion", "gan", "recommender", "policy")]
    closing = [*_BOARDS, "policy_values", "row_accounting", "chain_checks", *told, *_PLACE]
    sections = ["run_section", "accounting_section", "attention_section", *_SECTIONS, "inference_section",
                "limits_section", "reproduce_section"]  # fmt: skip
    attention = ["attention_statistics", "expression_statistics", *_CURVES, *_FORMS, *_TEXTS]
    return [
        _node(nodes.compose_run, [*facts, *_BOARDS], "run_section"),
        _node(nodes.compose_accounting, ["row_accounting", "rejected_rows", "users", *_TABLES], "accounting_section"),
        _node(nodes.compose_attention, attention, "attention_section"),
        _node(nodes.compose_inference, ["chain_checks", "recommendations", *_PLACE], "inference_section"),
        _node(nodes.compose_closing, [*closing, "params:seed"], ["limits_section", "reproduce_section"]),
        _node(nodes.render_report, sections, ["report", "report_summary"]),
    ]


def _trained(stage: str, compose: Callable[..., Any], more: list[str] | None = None) -> Pipeline:
    """A stage whose models were fitted in epochs."""
    drawn = ["leaderboard", "standing", "loss", "progress", "params:stage", *_PLACE, *(more or [])]
    own = [_node(nodes.draw_training, "history", ["loss", "progress"]), _node(compose, drawn, "section")]
    return _stage(stage, own)


def _policy() -> Pipeline:
    drawn = ["leaderboard", "values", "standing", "estimates", "params:stage", *_PLACE]
    own = [_node(nodes.draw_policy_values, "values", "estimates"), _node(nodes.compose_policy, drawn, "section")]
    return _stage("policy", own)


def _stage(stage: str, own: list[Node]) -> Pipeline:
    """One modelling stage: its figures and its section."""
    every = Pipeline([_node(nodes.draw_leaderboard, ["leaderboard", "params:stage"], "standing"), *own])
    known = {
        "leaderboard": f"{stage}_leaderboard",
        "history": f"{stage}_history",
        "values": "policy_values",
        "examples": "emotion_examples_scored",
        "params:stage": f"params:reporting.stages.{stage}",
        "params:examples": "params:reporting.examples",
        "params:stages": "params:stages",
        "params:environment": "params:environment",
    }
    free = {name: known[name] for name in every.inputs()}
    parameters = {name: target for name, target in free.items() if name.startswith("params:")}
    inputs = {name: target for name, target in free.items() if name not in parameters}
    return Pipeline(every, namespace=f"reporting.{stage}", inputs=inputs, parameters=parameters)


def _node(function: Callable[..., Any], inputs: str | list[str], outputs: str | list[str]) -> Node:
    return Node(function, inputs, outputs, name=function.__name__)
