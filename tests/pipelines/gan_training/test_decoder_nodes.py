from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from affectlens import schemas
from affectlens.exhibits import EXHIBITS
from affectlens.features.taxonomy import EKMAN
from affectlens.models.checkpoint import Checkpoint
from affectlens.pipelines.gan_training import decoder_nodes, nodes, use_nodes
from affectlens.pipelines.gan_training.contents import NOT_FITTED
from affectlens.pipelines.gan_training.exhibits import goal_exhibits
from affectlens.pipelines.gan_training.params import (
    AugmentationParams,
    ColdStartParams,
    ConditionParams,
    DecodingParams,
    FittingParams,
    GenerationScoreParams,
    GoalsParams,
    PictureDecoderMember,
    TextDecoderMember,
    TrainerParams,
)
from affectlens.pipelines.reporting.texts import language

C, N = len(EKMAN), 200
CPU = TrainerParams(accelerator="cpu", devices=1, precision="32-true", strategy="auto")
CONDITION = ConditionParams(interest_size=3, interest_noise=0.5)
CONTENTS = ("content_features", "content_emotions", "emotion_examples")


def tables(world: dict[str, pd.DataFrame], *names: str) -> list[pd.DataFrame]:
    return [world[name] for name in names]


@pytest.fixture(scope="module")
def gallery(
    world: dict[str, pd.DataFrame], media: pd.DataFrame, fitted: dict[str, Checkpoint], params: DecodingParams
) -> pd.DataFrame:
    given = tables(world, *CONTENTS, "content_documents")
    table = decoder_nodes.generate_gallery(*fitted.values(), *given, media, params, "ekman", 1)
    return schemas.GeneratedContents.validate(table)


def test_media_carry_what_people_saw_and_anchors_where_nobody_rated(media: pd.DataFrame) -> None:
    assert set(media["form"]) == {"image", "clip"}
    conditions = np.stack(media["condition"])
    joy = conditions[:, EKMAN.index("joy")] == 1.0
    np.testing.assert_allclose(conditions[joy, -3:], [[0.8, 0.5, 1.0]] * joy.sum(), rtol=1e-6)
    np.testing.assert_allclose(conditions[~joy, -3:], [[0.0, 0.0, 1.0]] * (~joy).sum())
    clip = media.loc[media["form"] == "clip", "frames"].iloc[0]
    assert len(clip) == 8 * 32 * 32 * 3


def test_every_generated_content_says_so_and_by_what(gallery: pd.DataFrame, fitted: dict[str, Checkpoint]) -> None:
    assert gallery["is_generated"].all()
    assert gallery["content_id"].str.startswith(schemas.GENERATED_PREFIX).all()
    assert set(gallery["form"]) == {"text", "image", "clip"}
    image = gallery[gallery["form"] == "image"].iloc[0]
    assert image["version"] == fitted["image"].fingerprint()
    assert Image.open(io.BytesIO(image["data"])).text["generated"] == "true"
    clip = Image.open(io.BytesIO(gallery.loc[gallery["form"] == "clip", "data"].iloc[0]))
    assert b"generated: true" in clip.info["comment"]
    assert gallery.loc[gallery["form"] == "text", "model"].iloc[0] == "mixture+text_decoder"


def test_every_emotion_is_shown_at_every_intensity_beside_its_nearest_training_content(
    gallery: pd.DataFrame, world: dict[str, pd.DataFrame]
) -> None:
    assert len(gallery) == 3 * C * 2
    assert set(gallery["intensity"]) == {0.0, 1.0}
    texts = gallery[gallery["form"] == "text"]
    known = world["content_documents"].set_index("content_id")
    assert (texts["nearest_id"].map(known["text"]) == texts["nearest_text"]).all()
    assert set(texts["nearest_id"].map(known["split"])) == {"train"}
    assert gallery["nearest_distance"].gt(0).all()


def test_a_generated_content_cannot_pass_for_a_real_one(gallery: pd.DataFrame) -> None:
    columns = ["author_id", "created_at", "language", "image_path", "clip_path"]
    disguised = gallery[["content_id", "text"]].assign(form="short_text", **dict.fromkeys(columns))
    disguised["tags"] = [[]] * len(disguised)
    with pytest.raises(Exception, match="content_id"):
        schemas.Contents.validate(disguised)


def test_decoders_are_scored_beside_what_people_made(
    world: dict[str, pd.DataFrame], media: pd.DataFrame, fitted: dict[str, Checkpoint], params: DecodingParams
) -> None:
    given = tables(world, *CONTENTS, "content_documents")
    board = decoder_nodes.score_decoders(*fitted.values(), *given, media, CONDITION, params, "ekman", 1, "toy")
    schemas.Leaderboard.validate(board)
    assert set(board["model"]) == {
        "mixture+text_decoder", "reference: real texts", "reference: copied texts",
        "image decoder", "reference: real images", "reference: copied images",
        "clip decoder", "reference: real clips", "reference: copied clips",
    }  # fmt: skip
    assert set(board["protocol"]) == {"decoded"}
    values = board.set_index(["model", "metric"])["value"]
    assert values["reference: real texts", "text_accuracy"] == 1.0
    assert values["reference: copied images", "picture_authenticity"] == 0.0
    assert np.isfinite(values["clip decoder", "motion_arousal_correlation"])


def test_without_media_and_texts_there_are_no_decoders_and_no_gallery(
    world: dict[str, pd.DataFrame],
    fitted: dict[str, Checkpoint],
    params: DecodingParams,
    gan_parameters: dict[str, Any],
    tmp_path: Path,
) -> None:
    posted = tables(world, "utterances", "utterance_splits", "content_documents", "emotion_examples")
    none = schemas.GanMedia.validate(decoder_nodes.open_media(*posted, world["media"][:0], params, "ekman"))
    picture = PictureDecoderMember(**gan_parameters["clip"])
    clip, history = decoder_nodes.train_picture_decoder(none, picture, CPU, 1, str(tmp_path))
    mute = world["content_documents"].assign(text=None)
    variant = TextDecoderMember(**gan_parameters["text"])
    text, _ = decoder_nodes.train_text_decoder(*tables(world, *CONTENTS), mute, variant, params, CPU, 1, str(tmp_path))
    assert clip.architecture == text.architecture == "none"
    assert history.empty
    absent = (fitted["gan"], text, NOT_FITTED, clip)
    given = tables(world, *CONTENTS, "content_documents")
    shown = decoder_nodes.generate_gallery(*absent, *given, none, params, "ekman", 1)
    assert schemas.GeneratedContents.validate(shown).empty
    board = decoder_nodes.score_decoders(*absent, *given, none, CONDITION, params, "ekman", 1, "toy")
    assert schemas.Leaderboard.validate(board).empty


def test_augmentation_is_measured_for_each_share_of_labels(
    world: dict[str, pd.DataFrame], fitted: dict[str, Checkpoint], gan_parameters: dict[str, Any]
) -> None:
    params = AugmentationParams(**gan_parameters["augmentation"])
    fitting = FittingParams(**gan_parameters["fitting"])
    board = use_nodes.measure_augmentation(
        fitted["gan"], *tables(world, *CONTENTS), CONDITION, fitting, params, CPU, 1, "toy"
    )
    schemas.Leaderboard.validate(board)
    assert {"augmentation_lift@10%", "augmentation_lift_rare@100%"} <= set(board["metric"])
    assert board["value"].notna().all()


def test_cold_contents_get_three_stand_ins_and_the_neighbours_come_nearest(
    world: dict[str, pd.DataFrame], fitted: dict[str, Checkpoint], gan_parameters: dict[str, Any]
) -> None:
    consumed = pd.DataFrame({"content_id": ["content-0"] * 9 + ["content-199"] * 9, "split": "train"})
    params = ColdStartParams(**gan_parameters["cold_start"])
    contents = tables(world, "content_features", "content_emotions")
    table = use_nodes.stand_in_for_cold_contents(fitted["gan"], *contents, consumed, params, 1)
    schemas.ColdStartVectors.validate(table)
    assert len(table) == N - 2
    board = use_nodes.score_cold_contents(table, world["content_features"], 1, "toy")
    schemas.Leaderboard.validate(board)
    cosines = board[board["metric"] == "cold_cosine"].set_index("model")["value"]
    assert cosines["stand-in: content_knn"] > cosines["stand-in: generated"] > 0.2
    assert set(board["n"]) == {39}


def test_a_stand_in_does_not_look_at_the_vector_that_it_stands_for(
    world: dict[str, pd.DataFrame], fitted: dict[str, Checkpoint], gan_parameters: dict[str, Any]
) -> None:
    params = ColdStartParams(**gan_parameters["cold_start"])
    features, emotions = tables(world, "content_features", "content_emotions")
    consumed = pd.DataFrame({"content_id": ["content-0"], "split": ["train"]})
    moved = features.assign(vector=[*features["vector"][:-1], features["vector"].iloc[-1] + 5.0])
    before, after = (
        use_nodes.stand_in_for_cold_contents(fitted["gan"], each, emotions, consumed, params, 1).iloc[-1]
        for each in (features, moved)
    )
    np.testing.assert_array_equal(before["generated"], after["generated"])
    np.testing.assert_array_equal(before["class_mean"], after["class_mean"])
    assert not np.array_equal(before["content_knn"], after["content_knn"])


def test_where_nobody_consumed_anything_nothing_stands_in(
    world: dict[str, pd.DataFrame], fitted: dict[str, Checkpoint], gan_parameters: dict[str, Any]
) -> None:
    params, nobody = ColdStartParams(**gan_parameters["cold_start"]), pd.DataFrame({"content_id": [], "split": []})
    contents = tables(world, "content_features", "content_emotions")
    table = use_nodes.stand_in_for_cold_contents(fitted["gan"], *contents, nobody, params, 1)
    assert len(schemas.ColdStartVectors.validate(table)) == 0
    assert len(use_nodes.score_cold_contents(table, world["content_features"], 1, "toy")) == 0


def test_the_report_shows_goals_samples_with_their_neighbours_and_uses(
    gallery: pd.DataFrame, world: dict[str, pd.DataFrame], fitted: dict[str, Checkpoint], gan_parameters: dict[str, Any]
) -> None:
    scores = nodes.score_generators(
        *tables(world, *CONTENTS), CONDITION, GenerationScoreParams(**gan_parameters["evaluation"]), "ekman", 1, "toy",
        fitted["gan"],
    )  # fmt: skip
    goals = nodes.judge_goals(scores, fitted["gan"], GoalsParams(**gan_parameters["goals"]))
    lift = scores.head(1).assign(protocol="augmentation", metric="augmentation_lift@10%", value=0.1)
    shown = EXHIBITS.validate_python(
        decoder_nodes.exhibit_generation(goals, gallery, pd.concat([scores, lift], ignore_index=True))
    )
    kinds = {exhibit.title: exhibit.kind for exhibit in shown}
    assert kinds["Goals met by the chosen generator"] == "finding"
    assert kinds["Pictures by emotion"] == kinds["Clips by emotion"] == "gallery"
    assert kinds["Texts by emotion"] == "records"
    assert kinds["Lift by generated contents over real ones shown again"] == "intervals"
    pictures = next(exhibit for exhibit in shown if exhibit.title == "Pictures by emotion")
    assert [item.title for item in pictures.items] == list(EKMAN)
    assert all(item.facts["generated"] == "yes" for item in pictures.items)
    chinese = language("zh").catalogue
    assert not [text for exhibit in shown for text in (exhibit.title, exhibit.part) if text not in chinese]


@pytest.mark.parametrize("is_met", [True, False])
def test_goals_are_named_where_one_is_missed_and_in_chinese_too(is_met: bool) -> None:
    row = {
        "is_chosen": True,
        "model": "flow",
        "metric": "coverage",
        "wanted": "at_least",
        "bound": 0.8,
        "is_met": is_met,
    }
    found = goal_exhibits(pd.DataFrame([{**row, "value": 0.9, "spread": 0.0, "margin": 0.1, "n_seeds": 1}]))[0].note
    assert found.values["missed"] == ("" if is_met else "coverage")
    assert ("{missed}" in found.text) is not is_met
    assert found.text in language("zh").catalogue


def test_nothing_generated_gives_nothing_to_show(gallery: pd.DataFrame) -> None:
    goals = nodes.judge_goals(pd.DataFrame(), NOT_FITTED, None)  # type: ignore[arg-type]
    assert decoder_nodes.exhibit_generation(goals, gallery[:0], schemas_empty_board()) == []


def schemas_empty_board() -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(dtype=object) for name in ("protocol", "metric", "model", "value", "n")})
