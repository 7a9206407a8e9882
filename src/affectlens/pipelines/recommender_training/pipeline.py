"""The wiring of recommender_training."""

from collections.abc import Callable
from typing import Any

from kedro.pipeline import Node, Pipeline

from affectlens.pipelines.recommender_training import (
    baselines,
    calibration,
    exposure_ladder,
    ladder,
    material,
    networks,
    nodes,
    outcomes,
    satisfaction,
    stand_ins,
)

BASELINES: dict[str, Callable[..., Any]] = {
    "popularity": baselines.train_popularity,
    "content_knn": baselines.train_content_knn,
    "item_knn": baselines.train_item_knn,
    "ease": baselines.train_ease,
}
MEMBERS = (*BASELINES, "attention", "blend")
_BLENDED = ("ease", "item_knn", "attention")
TABLES = ["behaviour_sequences", "content_features", "generated_content_features"]
Step = tuple[Callable[..., Any], list[str], str | list[str]]


def create_pipeline(**_: object) -> Pipeline:
    """Tune the baselines, fit the attention model, blend it, score all, list candidates with the attention model."""
    each = [_baseline(member) for member in BASELINES]
    return sum(each, _attention() + _blend() + _all_members())


def _baseline(member: str) -> Pipeline:
    train = BASELINES[member]
    inputs = [*TABLES[:2], "params:member", "params:evaluation", "params:seeds"]
    return Pipeline(
        [Node(train, inputs, ["checkpoint", "further"], name=train.__name__)],
        namespace=f"recommender.{member}",
        inputs=set(TABLES[:2]),
        parameters=_of(member) | {"params:seeds": "params:seeds"},
    )


def _attention() -> Pipeline:
    shared = ["params:trainer", "params:seeds", "params:workspace"]
    inputs, outputs = [*TABLES, "params:member", "params:evaluation", *shared], ["checkpoint", "further", "history"]
    return Pipeline(
        [Node(networks.train_attention, inputs, outputs, name="train_attention", tags="gpu")],
        namespace="recommender.attention",
        inputs=set(TABLES),
        parameters=_of("attention") | {name: name for name in shared},
    )


def _blend() -> Pipeline:
    fits = _fits_of(_BLENDED)
    inputs = [*TABLES, "params:member", "params:evaluation", *fits]
    return Pipeline(
        [Node(networks.train_blend, inputs, ["checkpoint", "further"], name="train_blend", tags="gpu")],
        namespace="recommender.blend",
        inputs={name: name for name in TABLES} | fits,
        parameters=_of("blend"),
    )


def _fits_of(members: tuple[str, ...]) -> dict[str, str]:
    """The fits of some members: name outside their pipelines -> name inside."""
    parts = ("checkpoint", "further")
    return {f"{member}_{part}": f"recommender.{member}.{part}" for member in members for part in parts}


def _of(member: str) -> dict[str, str]:
    """Where a member finds its own parameters."""
    return {
        "params:member": f"params:recommender.{member}",
        "params:evaluation": "params:recommender.evaluation",
    }


def _all_members() -> Pipeline:
    fits = _fits_of(MEMBERS)
    chosen = ["attention_checkpoint", "attention_history"], ["recommender_checkpoint", "recommender_history"]
    told = ["content_emotions", "emotion_signals", "utterances", "utterance_splits"]
    known = ["item_attributes", "emotion_states", "split_boundaries", "params:feature_engineering.taxonomy"]
    judged = ["params:recommender.evaluation", "params:seed", "params:dataset"]
    calibrated = [*TABLES, "item_attributes", "recommender_checkpoint", "params:recommender.calibration", *judged]
    replaced = [*TABLES, "cold_start_vectors", "recommender_checkpoint", known[2], *judged]
    foretold = [*TABLES, "recommender_checkpoint", known[2], *judged]
    parts = ("recommender", "calibration", "stand_in", "outcome", "ladder", "exposure", "satisfaction")
    boards = [f"{part}_scores" for part in parts]
    steps: list[Step] = [
        (nodes.choose_chain_recommender, *chosen),
        (nodes.describe_items, ["content_features", *told], "item_attributes"),
        (
            nodes.score_recommenders,
            [*TABLES, *known, *judged, *fits],
            ["recommender_scores", "recommender_unit_scores"],
        ),
        (calibration.calibrate_lists, calibrated, ["calibration_frontier", "calibration_scores"]),
        (stand_ins.score_stand_ins, replaced, "stand_in_scores"),
        (outcomes.score_outcomes, foretold, "outcome_scores"),
        *_ladders(),
        (nodes.collect_recommender_leaderboard, boards, "recommender_leaderboard"),
        (nodes.exhibit_recommenders, ["recommender_leaderboard", "calibration_frontier"], "recommender_exhibits"),
        (nodes.list_candidates, [*TABLES, "recommender_checkpoint", judged[0]], "candidate_scores"),
    ]
    return Pipeline(
        [Node(step, inputs, outputs, name=step.__name__, tags="gpu") for step, inputs, outputs in steps],
        namespace="recommender",
        prefix_datasets_with_namespace=False,
        inputs=fits | {"attention_history": "recommender.attention.history"},
    )


def _ladders() -> list[Step]:
    """Does emotion help: to rank what comes next, to foretell what is done with what is shown, and what pleases?"""
    described = ["content_documents", "media", "emotion_examples", "item_attributes", "emotion_states"]
    climbed = ["params:recommender.ladder", "params:recommender.exposures"]
    also = ["interactions", "gan_checkpoint", "params:feature_engineering.content"]
    gathered = [*TABLES, *described, *also, *climbed, "params:seed"]
    shared = ["params:recommender.evaluation", "params:trainer", "params:seed", "params:dataset"]
    member = ["params:recommender.attention", "params:recommender.popularity", climbed[0]]
    shown = ["interactions", TABLES[0], "ladder_material", "emotion_signals", "simulated_truth", "split_boundaries"]
    ranked = [TABLES[0], "ladder_material", "split_boundaries"]
    pleased = ["interactions", "contents", "params:recommender.satisfaction", *shared[2:]]
    return [
        (material.gather_material, gathered, "ladder_material"),
        (ladder.climb_ladder, [*ranked, *member, *shared, "params:workspace"], "ladder_scores"),
        (exposure_ladder.climb_exposures, [*shown, climbed[1], *shared, "params:workspace"], "exposure_scores"),
        (satisfaction.score_satisfaction, pleased, "satisfaction_scores"),
    ]
