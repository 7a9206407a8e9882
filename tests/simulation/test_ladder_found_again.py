"""The ladder finds the effect of emotion that the world put in, and none in a world without it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from affectlens.features.behaviour import behaviour_sequences, consumed_events, split_sequences
from affectlens.features.splits import Boundaries
from affectlens.models.recommender.catalogue import Catalogue, emotion_states_of
from affectlens.models.recommender.ladder import (
    Material,
    block_of_unit_variance,
    following_users,
    state_placebos,
    with_placebos,
)
from affectlens.pipelines.recommender_training.exposure_ladder import ExposureLadderParams, climb_exposures
from affectlens.pipelines.recommender_training.material import standardised
from affectlens.pipelines.recommender_training.params import EvaluationParams, TrainerParams
from affectlens.simulation.world import (
    WorldParams,
    interactions_and_truth,
    make_history,
    users_and_contents,
    utterances_and_truth,
)

SEED = 3
STEPS = ("learned emotion", "user emotion", "true mood")
TRAINER = TrainerParams(accelerator="cpu", devices=1, precision="32-true", strategy="auto")


@pytest.fixture(scope="module")
def climbed(
    world_params: Callable[..., WorldParams], project_root: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[float], pd.Series]:
    """Climbs the exposure ladder of a world where emotion moves people by a factor, and what they say is read right."""
    base = yaml.safe_load((project_root / "conf/base/parameters_recommender_training.yml").read_text())["recommender"]
    quick = {"steps": list(STEPS), "seeds": [1, 2], "weight_decays": [0.3]}
    params = ExposureLadderParams.model_validate(base["exposures"] | quick)

    def climb(coupling: float) -> pd.Series:
        sizes = {"population": {"n_users": 600, "gap_days": 8}, "catalogue": {"n_contents": 800}}
        history = make_history(world_params(**sizes, emotion_coupling=coupling, bad_row_share=0.0), seed=SEED)
        (interactions, moods), (utterances, read) = interactions_and_truth(history), utterances_and_truth(history)
        _, contents = users_and_contents(history)
        ends = Boundaries.at_quantiles(interactions["occurred_at"], 0.7, 0.8)
        sequences = split_sequences(behaviour_sequences(consumed_events(interactions)), ends)
        n = len(contents)
        catalogue = Catalogue(
            tuple(contents["content_id"]), np.zeros(n), np.zeros((n, 0), np.float32), np.zeros(n, bool)
        )
        emotions = block_of_unit_variance(history.world.catalogue.emotions, np.ones(n, dtype=bool))
        said = utterances[["utterance_id", "user_id", "occurred_at"]].assign(
            probabilities=read["emotion_probabilities"]
        )
        following = following_users(said["user_id"].to_numpy(dtype=object), SEED)
        states = state_placebos(standardised(emotion_states_of(said)), following, SEED)
        dated = {f"state{suffix}": values for suffix, values in states.items()}
        material = Material(catalogue, with_placebos({"learned": emotions}, SEED), dated, following)
        where = {"protocol": "global_timeline", **ends.to_json()}
        evaluation, folder = EvaluationParams(**base["evaluation"]), tmp_path_factory.mktemp("ladder")
        rows = climb_exposures(
            interactions,
            sequences,
            material,
            said,
            moods,
            where,
            params,
            evaluation,
            TRAINER,
            SEED,
            "world",
            str(folder),
        )
        return rows.set_index(["model", "metric"])["value"]

    return climb


def test_where_emotion_moves_people_the_ladder_finds_it(climbed: Callable[[float], pd.Series]) -> None:
    found = climbed(1.0)
    assert found["exposures: learned emotion", "helps:log_likelihood:view"] == 1.0
    assert found["exposures: learned emotion", "helps:log_likelihood:like"] == 1.0
    assert found["exposures: true mood", "helps:log_likelihood:view"] == 1.0


def test_where_emotion_moves_nobody_the_ladder_finds_nothing(climbed: Callable[[float], pd.Series]) -> None:
    found = climbed(0.0)
    verdicts = found[found.index.get_level_values("metric").str.startswith("helps:")]
    assert len(verdicts) == len(STEPS) * len(("view", "like", "share", "comment"))
    assert not verdicts.any()
