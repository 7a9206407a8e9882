from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from affectlens.features.content_blocks import ContentParams
from affectlens.models.checkpoint import Checkpoint
from affectlens.models.gan import build_gan_model
from affectlens.models.recommender.ladder import Material
from affectlens.pipelines.recommender_training.exposure_ladder import ExposureLadderParams, climb_exposures
from affectlens.pipelines.recommender_training.ladder import LadderParams, climb_ladder
from affectlens.pipelines.recommender_training.material import gather_material
from affectlens.pipelines.recommender_training.params import (
    AttentionMemberParams,
    EvaluationParams,
    PopularityParams,
    TrainerParams,
)
from affectlens.pipelines.recommender_training.rungs import LADDER, rungs_to_climb
from affectlens.schemas import Leaderboard

TRAINER = TrainerParams(accelerator="cpu", devices=1, precision="32-true", strategy="auto")
CONTENT = ContentParams(
    dimensions=4, text_dimensions=4, text_features=50, reviews_per_content=0, affect=False, affect_min_count=1,
    affect_penalty=1.0, tag_dimensions=2, media_dimensions=2, clip_frames=2,
)  # fmt: skip
EVERYTHING = {part for rung in LADDER for part in rung.parts} - {"mood"}


def ladder_params(steps: list[str]) -> LadderParams:
    sizes = {"width": 8, "n_blocks": 1, "max_epochs": 1, "max_requests": 40}
    return LadderParams(steps=steps, item_dropouts=[0.2], seeds=[1, 2], **sizes)


def exposure_params(parameters, steps: list[str]) -> ExposureLadderParams:
    small = {
        "steps": steps,
        "seeds": [1, 2],
        "factors": 2,
        "training": parameters["exposures"]["training"] | {"max_epochs": 1},
    }
    return ExposureLadderParams(**parameters["exposures"] | small)


def described(contents: pd.DataFrame, generated: pd.DataFrame) -> tuple[pd.DataFrame, ...]:
    """Documents, media, examples, item attributes and emotion states."""
    generator = np.random.default_rng(0)
    words = ["calm sea", "loud party", "grey rain", "calm rain"]
    documents = contents[["content_id", "created_at"]].assign(
        form="short_text", topic=None, split="train", text=[words[n % 4] for n in range(len(contents))],
        tags=[[]] * len(contents), image_path=None, clip_path=None,
    )  # fmt: skip
    emotion = list(generator.dirichlet(np.ones(3), len(contents)))
    states = generated[["state_id", "user_id", "occurred_at"]].assign(
        probabilities=list(generator.dirichlet(np.ones(3), len(generated)))
    )
    media = pd.DataFrame({"media_path": [], "data": []})
    examples = pd.DataFrame({"text": [], "labels": [], "taxonomy": [], "split": []})
    return documents, media, examples, contents[["content_id"]].assign(topic=None, emotion=emotion), states


def gathered(
    sequences: pd.DataFrame,
    contents: pd.DataFrame,
    generated: pd.DataFrame,
    ladder: LadderParams,
    exposures: ExposureLadderParams,
) -> Material:
    nobody = pd.DataFrame({"interaction_id": [], "user_id": [], "content_id": [], "occurred_at": []})
    sizes = {"n_emotions": 3, "vector_size": len(contents["vector"].iloc[0]), "interest_size": 2}
    generator = Checkpoint.of(build_gan_model("gaussian", sizes), "gaussian", sizes)
    tables = sequences, contents, generated, *described(contents, generated), nobody, generator
    return gather_material(*tables, CONTENT, ladder, exposures, 7)


def written(workspace: str, ladder: str) -> set[str]:
    """Steps whose fits left event files."""
    found = (Path(workspace) / "recommender" / ladder).glob("*/events/events.out*")
    return {path.parts[-3].rsplit("_", 2)[0] for path in found}


@pytest.fixture
def workspace(tmp_path: Path) -> str:
    return str(tmp_path)


def climbed(workspace: str, steps: list[str], sequences, contents, generated, parameters) -> pd.DataFrame:
    ladder, evaluation = ladder_params(steps), EvaluationParams(**parameters["evaluation"])
    material = gathered(sequences, contents, generated, ladder, exposure_params(parameters, []))
    member, popularity = AttentionMemberParams(**parameters["attention"]), PopularityParams(**parameters["popularity"])
    where = {"protocol": "global_timeline"}
    return climb_ladder(
        sequences, material, where, member, popularity, ladder, evaluation, TRAINER, 7, "toy", workspace
    )


def test_every_step_stands_beside_its_rivals_with_holm_over_all(
    workspace, sequences, contents, generated, parameters
) -> None:
    rows = climbed(workspace, ["user emotion"], sequences, contents, generated, parameters)
    assert written(workspace, "ladder") >= {"learned_emotion", "user_emotion"}
    Leaderboard.validate(rows)
    found = rows.set_index(["model", "metric"])["value"]
    steps = ("learned emotion", "user emotion", "emotion of another", "random state")
    assert set(rows["model"]) == {f"ladder: {name}" for name in steps}
    values = rows[rows["metric"] == "next_ndcg@10"].set_index("model")["value"]
    assert values.between(0, 1).all()
    for rival in set(steps) - {"user emotion"}:
        difference = found["ladder: user emotion", f"difference:next_ndcg@10:{rival}"]
        assert difference == pytest.approx(values["ladder: user emotion"] - values[f"ladder: {rival}"])
        assert found["ladder: user emotion", f"p_holm:next_ndcg@10:{rival}"] <= 1
    assert found["ladder: user emotion", "helps:next_ndcg@10"] in (0.0, 1.0)
    assert rows["protocol"].unique().tolist() == ["global_timeline, next item, mean of 2 seeds"]


def test_without_steps_nothing_is_climbed(workspace, sequences, contents, generated, parameters) -> None:
    assert climbed(workspace, [], sequences, contents, generated, parameters).empty


def test_the_placebo_of_generated_vectors_has_the_dates_of_the_user_and_other_vectors(
    sequences, contents, generated, parameters
) -> None:
    material = gathered(sequences, contents, generated, ladder_params(["generated"]), exposure_params(parameters, []))
    own, placebo = (material.dated[f"generated{suffix}"] for suffix in ("", "_with_emotion_of_another"))
    assert placebo.user_ids.tolist() == own.user_ids.tolist()
    assert placebo.times.tolist() == own.times.tolist()
    assert placebo.vectors.shape == own.vectors.shape
    assert not np.array_equal(placebo.vectors, own.vectors)
    steps = {rung.name for rung in rungs_to_climb(["generated"], material.parts)}
    assert {"generated of another", "generated with emotion of another"} <= steps


def test_where_nobody_writes_what_was_told_in_numbers_is_the_emotion(
    sequences, contents, generated, parameters
) -> None:
    documents, media, examples, attributes, states = described(contents, generated)
    unknown = attributes.assign(emotion=[[]] * len(attributes))
    told = sequences[["user_id", "content_id", "occurred_at"]].assign(
        interaction_id=[f"i{number}" for number in range(len(sequences))]
    )
    generator = np.random.default_rng(3)
    for name in ("valence_before", "arousal_before", "valence_after", "arousal_after"):
        told[f"attribute_{name}"] = generator.uniform(-1, 1, len(told))
    tables = sequences, contents, generated.iloc[:0], documents, media, examples, unknown, states.iloc[:0], told
    ladder, exposures = ladder_params(["user emotion"]), exposure_params(parameters, [])
    material = gather_material(*tables, Checkpoint.absent(), CONTENT, ladder, exposures, 7)
    assert material.blocks["learned"].shape == (len(contents), 2)
    assert len(material.dated["state"].times) == 2 * len(told)
    assert {"user emotion", "random state"} <= {rung.name for rung in rungs_to_climb(["user emotion"], material.parts)}


def test_a_step_that_the_data_lack_is_left_out_and_the_next_one_stands_on_what_is_there() -> None:
    steps = ["id", "text", "image and clip", "learned emotion"]
    rungs = {rung.name: rung for rung in rungs_to_climb(steps, EVERYTHING - {"media", "generated"})}
    assert "image and clip" not in rungs
    assert rungs["learned emotion"].below == "text"
    assert rungs_to_climb(["user emotion"], {"text"}) == []


def test_an_unknown_step_is_named() -> None:
    with pytest.raises(ValueError, match="astrology"):
        rungs_to_climb(["astrology"], EVERYTHING)


def test_every_rival_is_a_step_and_placebos_read_as_much_as_what_they_stand_for() -> None:
    table = {rung.name: rung for rung in LADDER}
    for rung in LADDER:
        for placebo in rung.placebos:
            assert len(table[placebo].parts) == len(rung.parts)
        assert rung.below is None or rung.below in table


def test_the_ladder_over_exposures_holds_every_outcome_and_what_is_known_of_moods(
    workspace, sequences, contents, generated, parameters
) -> None:
    generator = np.random.default_rng(1)
    shown = pd.DataFrame(
        {"user_id": sequences["user_id"], "content_id": generator.permutation(sequences["content_id"])}
    )
    shown["occurred_at"] = sequences["occurred_at"]
    shown = shown.assign(kind="impression", slate_id="s", position=np.arange(len(shown)), value=np.nan)
    done = [shown, *(shown[generator.random(len(shown)) < 0.7].assign(kind=kind) for kind in ("view", "like"))]
    interactions = pd.concat(done, ignore_index=True)
    interactions["interaction_id"] = [f"i{number}" for number in range(len(interactions))]
    mood = pd.DataFrame({"interaction_id": interactions["interaction_id"]})
    mood[["valence", "arousal", "dominance"]] = generator.normal(size=(len(mood), 3))
    params, evaluation = (
        exposure_params(parameters, ["user emotion", "true mood"]),
        EvaluationParams(**parameters["evaluation"]),
    )
    material = gathered(sequences, contents, generated, ladder_params([]), params)
    states = described(contents, generated)[-1]
    signals = states.assign(utterance_id=states["state_id"])
    ends = {
        "protocol": "global_timeline",
        "train_end": "2025-01-08T00:00:00+00:00",
        "valid_end": "2025-01-09T12:00:00+00:00",
    }
    rows = climb_exposures(
        interactions, sequences, material, signals, mood, ends, params, evaluation, TRAINER, 7, "toy", workspace
    )
    Leaderboard.validate(rows)
    assert written(workspace, "exposures") >= {"learned_emotion", "user_emotion", "true_mood"}
    steps = ("learned emotion", "user emotion", "true mood", "emotion of another", "random state")
    assert set(rows["model"]) == {f"exposures: {name}" for name in steps}
    for outcome in ("view", "like"):
        values = rows[rows["metric"] == f"log_likelihood:{outcome}"].set_index("model")["value"]
        assert (values < 0).all()
        assert rows.loc[rows["metric"] == f"auc:{outcome}", "value"].between(0, 1).all()
        found = rows.set_index(["model", "metric"])["value"]
        difference = found["exposures: user emotion", f"difference:log_likelihood:{outcome}:learned emotion"]
        assert difference == pytest.approx(values["exposures: user emotion"] - values["exposures: learned emotion"])
