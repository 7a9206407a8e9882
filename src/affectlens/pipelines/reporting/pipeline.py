"""The report: statistics, exhibits, figures, a section for every part, three pages."""

from collections.abc import Callable
from typing import Any

from kedro.pipeline import Node, Pipeline

from . import nodes
from .measuring import measures

STAGES = ("emotion", "gan", "recommender", "policy")
PAGES = ("attention", "expression")  # beside the evaluation of the stages
_SECTIONS = {f"{stage}_section": f"reporting.{stage}.section" for stage in STAGES}
_PAGES = {f"{page}_sections": f"reporting.{page}.sections" for page in PAGES}
_BOARDS = [f"{stage}_leaderboard" for stage in STAGES]
_TABLES = ["contents", "interactions", "utterances"]
_PLACE = ["params:stages", "params:environment"]


def create_pipeline(**_: object) -> Pipeline:
    """Measure attention and expression, draw every figure, compose the sections and render the pages."""
    whole = [*measures(), *_exhibit(), *_compose()]
    inputs = {**_SECTIONS, **_PAGES}
    shared = Pipeline(whole, namespace="reporting", prefix_datasets_with_namespace=False, inputs=inputs)
    emotion = _trained("emotion", nodes.compose_emotion, ["examples", "params:examples"])
    gan, recommender = (_trained(stage, nodes.compose_stage) for stage in ("gan", "recommender"))
    return shared + emotion + gan + recommender + _policy() + sum((_page(page) for page in PAGES), Pipeline([]))


def _exhibit() -> list[Node]:
    attention = ["attention_statistics", "attention_curves", "emotion_reader"]
    return [
        _node(nodes.exhibit_attention, attention, "attention_exhibits"),
        _node(nodes.exhibit_expression, ["expression_statistics", "emotion_reader"], "expression_exhibits"),
    ]


def _compose() -> list[Node]:
    facts = [*_PLACE, "params:dataset", "params:seed", "row_accounting", "chain_checks"]
    told = [f"params:reporting.stages.{stage}" for stage in STAGES]
    closing = [*_BOARDS, "policy_values", "row_accounting", "chain_checks", *told, *_PLACE]
    sections = ["run_section", "accounting_section", *_SECTIONS, "inference_section", "limits_section",
                "model_card_section", "data_card_section", "reproduce_section"]  # fmt: skip
    cards, pages = ["params:environment", "params:dataset"], ["flow", "params:reporting.language"]
    chain = ["chain_checks", "recommendations", "inference_exhibits"]
    return [
        _node(nodes.compose_run, [*facts, *_BOARDS], "run_section"),
        _node(nodes.compose_accounting, ["row_accounting", "rejected_rows", "users", *_TABLES], "accounting_section"),
        _node(nodes.compose_inference, [*chain, *_PLACE], "inference_section"),
        _node(nodes.compose_closing, [*closing, "params:seed"], ["limits_section", "reproduce_section"]),
        _node(nodes.compose_model_card, [*_BOARDS, *told, *cards], "model_card_section"),
        _node(nodes.compose_data_card, ["row_accounting", "users", *_TABLES, *cards], "data_card_section"),
        _node(nodes.render_reports, [*sections, *_PAGES, *pages], ["report", "report_summary"]),
    ]


def _trained(stage: str, compose: Callable[..., Any], more: list[str] | None = None) -> Pipeline:
    """A stage whose models were fitted in epochs."""
    shown = ["leaderboard", "fits", "params:stage", *_PLACE, *(more or []), "exhibits"]
    return _stage(stage, ["leaderboard", "params:stage", "history"], _node(compose, shown, "section"))


def _policy() -> Pipeline:
    shown = ["leaderboard", "fits", "params:stage", *_PLACE, "exhibits"]
    return _stage("policy", ["leaderboard", "params:stage"], _node(nodes.compose_stage, shown, "section"))


def _stage(stage: str, fitted: list[str], section: Node) -> Pipeline:
    """One modelling stage: how its fits went, its charts for kedro-viz, and its section."""
    known = {
        "leaderboard": f"{stage}_leaderboard",
        "history": f"{stage}_history",
        "exhibits": f"{stage}_exhibits",
        "examples": "emotion_examples_scored",
        "params:stage": f"params:reporting.stages.{stage}",
        "params:examples": "params:reporting.examples",
        "params:stages": "params:stages",
        "params:environment": "params:environment",
    }
    fits = _node(nodes.exhibit_fits, fitted, "fits")
    plots = _node(nodes.draw_exhibits, ["fits", "exhibits"], "plots")
    return _placed([fits, plots, section], f"reporting.{stage}", known)


def _page(page: str) -> Pipeline:
    """One page of analytics: its exhibits as sections, and its charts for kedro-viz."""
    own = [_node(nodes.draw_exhibits, "exhibits", "plots"), _node(nodes.compose_page, "exhibits", "sections")]
    return _placed(own, f"reporting.{page}", {"exhibits": f"{page}_exhibits"})


def _placed(nodes_of_it: list[Node], namespace: str, known: dict[str, str]) -> Pipeline:
    """Nodes in a namespace whose free inputs are called by their names outside."""
    every = Pipeline(nodes_of_it)
    free = {name: known[name] for name in every.inputs()}
    parameters = {name: target for name, target in free.items() if name.startswith("params:")}
    inputs = {name: target for name, target in free.items() if name not in parameters}
    return Pipeline(every, namespace=namespace, inputs=inputs, parameters=parameters)


def _node(function: Callable[..., Any], inputs: str | list[str], outputs: str | list[str]) -> Node:
    return Node(function, inputs, outputs, name=function.__name__)
