from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from affectlens import schemas
from affectlens.pipelines.simulation import create_pipeline, nodes
from affectlens.pipelines.simulation.params import SimulationParams

ROOT = Path(__file__).parents[3]


def merged(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    both = dict(base)
    for key, value in changes.items():
        both[key] = merged(base[key], value) if isinstance(value, dict) else value
    return both


def parameters(environment: str) -> SimulationParams:
    base, own = (
        yaml.safe_load((ROOT / f"conf/{name}/parameters_simulation.yml").read_text())["simulation"]
        for name in ("base", environment)
    )
    return SimulationParams.model_validate(merged(base, own))


@pytest.mark.parametrize("environment", ["base", "full", "test"])
def test_the_parameters_of_every_environment_are_valid(environment: str) -> None:
    assert parameters(environment).population.n_users > 0


def test_the_full_world_is_larger_than_the_base_world_and_the_test_world_smaller() -> None:
    sizes = [parameters(name).population.n_users for name in ("test", "base", "full")]
    assert sizes == sorted(sizes)
    assert len(set(sizes)) == 3


def test_an_unknown_parameter_is_refused() -> None:
    raw = parameters("test").model_dump()
    with pytest.raises(ValueError, match="gravity"):
        SimulationParams.model_validate({**raw, "gravity": 9.81})


def test_the_nodes_write_every_raw_table_and_the_truth() -> None:
    params = parameters("test")
    history = nodes.simulate_history(params, 11)
    users, contents = nodes.tabulate_users_and_contents(history)
    interactions, truth = nodes.tabulate_interactions(history)
    utterances, utterance_truth = nodes.write_utterances(history)
    labels, annotations = nodes.annotate_utterances(utterance_truth, params, 11)
    schemas.RawUsers.validate(users)
    schemas.RawContents.validate(contents)
    schemas.RawInteractions.validate(interactions)
    schemas.SimulatedTruth.validate(truth)
    schemas.RawUtterances.validate(utterances)
    schemas.SimulatedUtteranceTruth.validate(utterance_truth)
    schemas.RawEmotionLabels.validate(labels)
    schemas.RawAnnotations.validate(annotations)
    schemas.RawReactionCounts.validate(nodes.count_reactions(history))
    schemas.RawMedia.validate(nodes.draw_media(history))
    assert set(truth["interaction_id"]) <= set(interactions["interaction_id"].dropna())
    assert set(utterance_truth["utterance_id"]) <= set(utterances["utterance_id"].dropna())
    assert nodes.describe_world(history)["seed"] == 11


def test_the_pipeline_offers_all_raw_tables() -> None:
    outputs = create_pipeline().all_outputs()
    raw = {name for name in outputs if name.startswith("raw_")}
    assert len(raw) == 8
    assert {"simulated_truth", "simulated_utterance_truth", "simulated_world"} <= outputs
