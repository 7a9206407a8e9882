"""Pictures and clips of utterances: fitted where there are enough of them, fused, and scored beside their baselines."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from affectlens import schemas
from affectlens.evaluation.estimate import LEADERBOARD_COLUMNS
from affectlens.exhibits import Exhibit, Message, WeightedTexts
from affectlens.features.image_files import encode_gif, encode_png
from affectlens.models.emotion.build import NETWORKS
from affectlens.models.emotion.fusion import MODALITY_SETS
from affectlens.pipelines.emotion_training import explaining, explaining_nodes, media_nodes, nodes
from affectlens.pipelines.emotion_training.params import (
    ClipFitParams,
    ExplainingParams,
    FusionParams,
    ImageFitParams,
    PixelsParams,
    TrainerParams,
)
from affectlens.pipelines.emotion_training.scoring import NOT_FITTED
from affectlens.pipelines.reporting import pages, render
from affectlens.pipelines.reporting.texts import language

PLACES = {"joy": (2, 2), "anger": (2, 20), "sadness": (20, 2), "neutral": (20, 20)}
SEED = 7
HOSTILE = "happy <img src=x onerror=alert(1)> glad"


def square(label: str, step: int, generator: np.random.Generator) -> np.ndarray:
    frame = generator.integers(0, 60, size=(32, 32, 3), dtype=np.uint8)
    top, left = PLACES[label]
    frame[top + step : top + step + 8, left : left + 8] = 240
    return frame


def shown_tables(utterances: pd.DataFrame, examples: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Two of three utterances have a picture, two of three a clip; the place of a square tells the label."""
    generator, rows, media = np.random.default_rng(0), [], {}
    for row, names in enumerate(examples["labels"]):
        image = f"{row}.png" if row % 3 else None
        clip = f"{row}.gif" if row % 3 != 1 else None
        if image:
            media[image] = encode_png(square(names[0], 0, generator))
        if clip:
            media[clip] = encode_gif(np.stack([square(names[0], step, generator) for step in range(3)]), 100)
        rows.append((image, clip))
    paths = pd.DataFrame(rows, columns=["image_path", "clip_path"], index=utterances.index)
    return utterances.join(paths), pd.DataFrame({"media_path": list(media), "data": list(media.values())})


@pytest.fixture(scope="module")
def looked(stage, stage_tables, parameters, decision, tmp_path_factory) -> SimpleNamespace:
    examples = stage_tables.examples
    trainer = TrainerParams(accelerator="cpu", devices=1, precision="32-true", strategy="auto")
    utterances, media = shown_tables(stage_tables.utterances, examples)
    parameters = {name: dict(parameters[name]) for name in ("image", "clip", "pixels", "fusion")}
    parameters["image"] |= {"model": {"channels": [8, 16], "hidden_size": 8, "dropout": 0.0}}
    parameters["image"]["training"] = {**parameters["image"]["training"], "max_epochs": 6}
    parameters["clip"]["training"] = {**parameters["clip"]["training"], "max_epochs": 3}
    image, clip = ImageFitParams(**parameters["image"]), ClipFitParams(**parameters["clip"])
    owned = media_nodes.decode_pictures(utterances, media, clip)
    fit = (decision, trainer, SEED, str(tmp_path_factory.mktemp("media")))
    images, image_history = media_nodes.train_image_network(examples, owned[0], image, *fit)
    clips, clip_history = media_nodes.train_clip_network(images, examples, owned[1], clip, *fit)
    pixels = media_nodes.train_pixel_baselines(examples, *owned, PixelsParams(**parameters["pixels"]), decision)
    fusion = media_nodes.fit_late_fusion(
        stage.model, examples, *owned, images, clips, FusionParams(**parameters["fusion"]), decision
    )
    rows = media_nodes.score_media(stage.model, examples, *owned, images, clips, *pixels, fusion, SEED, "tiny")
    return SimpleNamespace(
        owned=owned, images=images, clips=clips, pixels=pixels, fusion=fusion, rows=rows, image=image, clip=clip,
        fit=fit, histories=(image_history, clip_history), parameters=parameters,
    )  # fmt: skip


def test_every_picture_and_clip_is_opened_beside_its_utterance(looked, stage_tables) -> None:
    images, clips = looked.owned
    assert len(images.owner) == len(clips.owner) == 160
    assert images.pictures.pixels.shape == (160, 1, 32, 32, 3)
    assert set(clips.pictures.n_frames) == {3}
    rows, pictures = images.of(np.array(["t0", "t2", "t1"], dtype=object))
    assert rows.tolist() == [1, 2]
    assert np.array_equal(pictures.pixels[0], images.pictures.pixels[images.owner.tolist().index("t2")])


def test_networks_write_history_and_carry_a_decision(looked) -> None:
    assert [history["member"].unique().tolist() for history in looked.histories] == [["image_cnn"], ["clip_gru"]]
    for checkpoint in (looked.images, looked.clips, *looked.pixels, looked.fusion):
        assert {"decision", "labels", "taxonomy"} <= set(checkpoint.metadata)


def test_the_leaderboard_has_each_modality_beside_its_baseline_and_every_subset(looked) -> None:
    rows = looked.rows
    assert list(rows.columns) == list(LEADERBOARD_COLUMNS)
    assert set(rows["split"]) == {"test"}
    alone = rows[(rows["protocol"] == "image_alone") & (rows["metric"] == "macro_f1")]
    assert alone["model"].tolist() == ["image_cnn", "image_pixels", "image_cnn - image_pixels"]
    together = rows[(rows["protocol"] == "modalities") & (rows["metric"] == "macro_f1")]
    assert together["model"].tolist() == ["+".join(subset) for subset in MODALITY_SETS] + ["text+image+clip - text"]
    assert together["value"].notna().all()
    assert not rows.duplicated(["model", "metric", "protocol"]).any()


def test_only_what_is_shown_changes_by_fusion(looked, stage) -> None:
    signals = schemas.EmotionSignals.validate(
        media_nodes.fuse_signals(stage.signals, looked.fusion, *looked.owned, looked.images, looked.clips)
    )
    assert signals["utterance_id"].tolist() == stage.signals["utterance_id"].tolist()
    before, after = (np.stack(list(each["probabilities"])) for each in (stage.signals, signals))
    assert not np.allclose(before, after)
    assert ((after > 0) & (after <= 1)).all()
    no_pictures = [media_nodes.OwnedPictures(one.owner[:0], one.pictures.take([])) for one in looked.owned]
    alone = media_nodes.fuse_signals(stage.signals, looked.fusion, *no_pictures, looked.images, looked.clips)
    assert np.allclose(np.stack(list(alone["probabilities"])), before)


def test_without_pictures_nothing_is_fitted_and_words_speak_alone(looked, stage, stage_tables, decision) -> None:
    utterances = stage_tables.utterances.assign(image_path=None, clip_path=None)
    media = pd.DataFrame({"media_path": pd.Series(dtype=object), "data": pd.Series(dtype=object)})
    owned = media_nodes.decode_pictures(utterances, media, looked.clip)
    images, history = media_nodes.train_image_network(stage_tables.examples, owned[0], looked.image, *looked.fit)
    clips, _ = media_nodes.train_clip_network(images, stage_tables.examples, owned[1], looked.clip, *looked.fit)
    pixels = media_nodes.train_pixel_baselines(
        stage_tables.examples, *owned, PixelsParams(**looked.parameters["pixels"]), decision
    )
    fusion = media_nodes.fit_late_fusion(
        stage.model, stage_tables.examples, *owned, images, clips, FusionParams(ridge=1.0), decision
    )
    assert {each.architecture for each in (images, clips, *pixels, fusion)} == {NOT_FITTED.architecture}
    assert history.empty
    assert media_nodes.fuse_signals(stage.signals, fusion, *owned, images, clips) is stage.signals
    rows = media_nodes.score_media(
        stage.model, stage_tables.examples, *owned, images, clips, *pixels, fusion, SEED, "tiny"
    )
    assert rows.empty
    assert list(rows.columns) == list(LEADERBOARD_COLUMNS)


@pytest.fixture(scope="module")
def explained(looked, stage, stage_tables) -> tuple[pd.DataFrame, list[Exhibit]]:
    _, scored, _ = nodes.score_members(
        stage_tables.examples, stage_tables.annotations, stage.decision, 5, SEED, "tiny", *stage.members
    )
    hostile = scored.assign(text=[HOSTILE, *scored["text"].iloc[1:]])
    how_many = ExplainingParams(n_shown=2, n_texts=8, n_pictures=4)
    given = (stage_tables.examples, hostile, looked.owned[0], looked.images, how_many, SEED, "tiny")
    return explaining_nodes.explain_answers(*given, stage.model, *stage.members)


def test_faithfulness_of_words_and_regions_stands_beside_random_rankings(explained) -> None:
    rows, _ = explained
    assert list(rows.columns) == list(LEADERBOARD_COLUMNS)
    for protocol, found in rows.groupby("protocol"):
        assert protocol.startswith("faithfulness: ")
        measured = found.set_index(["model", "metric"])["value"]
        assert measured["integrated gradients", "comprehensiveness"] >= measured["random", "comprehensiveness"]
        assert "integrated gradients - random" in set(found["model"])
    assert rows["protocol"].nunique() == 2


def test_attributions_of_a_run_add_up_within_one_percent(explained) -> None:
    rows, _ = explained
    errors = rows.loc[rows["metric"] == "completeness_error", "value"]
    assert len(errors) == 2
    assert errors.max() < 0.01


def test_right_and_wrong_texts_are_shown_with_weights_and_nothing_is_lost_of_a_text(explained) -> None:
    _, shown = explained
    texts = [text for exhibit in shown if isinstance(exhibit, WeightedTexts) for text in exhibit.texts]
    assert texts
    assert all(len(text.pieces) == len(text.weights) for text in texts)
    assert all(max(map(abs, text.weights)) == pytest.approx(1.0) for text in texts)
    assert any("onerror" in "".join(text.pieces) for text in texts)


def test_what_is_shown_is_said_in_chinese_too_and_user_text_is_escaped(explained) -> None:
    _, shown = explained
    run = {"environment": "tiny", "dataset": "tiny", "seed": 1, "run_ids": []}
    first = {"id": "run", "title": "Run", "lead": [], "blocks": [], "facts": [], "verdict": None, "numbers": run}
    sections = json.loads(json.dumps(pages.sections_of(shown)))
    html = render.reports([first], sections, [], {"nodes": [], "datasets": []}, "zh")[0]["attention"]
    assert "<img src=x" not in html
    assert "积分梯度" in html
    known = language("zh").catalogue
    for exhibit in shown:
        notes = [exhibit.note, *getattr(exhibit, "sentences", ())]
        said = [note.text if isinstance(note, Message) else note for note in notes if note]
        assert [text for text in (exhibit.title, exhibit.part, *said) if text not in known] == []


def test_the_chosen_network_is_explained_else_the_best_one(stage) -> None:
    networks = [each for each in stage.members if each.architecture in NETWORKS]
    best = max(networks, key=lambda one: one.metadata["valid_metric"])
    assert explaining.explainable(networks[0], stage.members) is networks[0]
    assert explaining.explainable(stage.members[2], stage.members).architecture == best.architecture
    assert explaining.explainable(stage.members[2], stage.members[:3]) is None
