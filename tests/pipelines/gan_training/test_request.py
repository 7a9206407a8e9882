from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from affectlens.models.checkpoint import Checkpoint
from affectlens.pipelines.gan_training.contents import NOT_FITTED
from affectlens.pipelines.gan_training.params import DecodingParams
from affectlens.pipelines.gan_training.request import Request, RequestError, generate_from_catalog, parse_emotions


class Catalog:
    """What the command asks of Kedro's catalog."""

    def __init__(self, data: dict[str, Any]) -> None:
        self._data = data

    def load(self, name: str) -> Any:
        return self._data[name]

    def __getitem__(self, name: str) -> Catalog:
        return Catalog({"exists": name in self._data})

    def exists(self) -> bool:
        return bool(self._data["exists"])


@pytest.fixture
def catalog(world: dict[str, pd.DataFrame], fitted: dict[str, Checkpoint], gan_parameters: dict[str, Any]) -> Catalog:
    return Catalog(
        {
            "gan_checkpoint": fitted["gan"],
            **{f"gan.{form}.checkpoint": fitted[form] for form in ("text", "image", "clip")},
            "content_features": world["content_features"],
            "emotion_examples": world["emotion_examples"],
            "params:feature_engineering.taxonomy": "ekman",
            "params:gan.decoding": DecodingParams(**gan_parameters["decoding"]),
        }
    )


def joy(**changes: Any) -> Request:
    return Request(**{"emotions": {"joy": 1.0}, "intensity": 0.8, "interest": "music", "n": 3, "seed": 0} | changes)


def test_a_request_becomes_a_folder_of_marked_contents(catalog: Catalog, tmp_path: Path) -> None:
    written = generate_from_catalog(catalog, joy(), tmp_path / "out")
    assert {path.relative_to(tmp_path / "out").as_posix() for path in written} == {
        "vectors.parquet", "contents.jsonl", "texts.txt", "contact_sheet.png",
        *(f"images/{row:05d}.png" for row in range(3)), *(f"clips/{row:05d}.gif" for row in range(3)),
    }  # fmt: skip
    assert all(path.is_file() for path in written)
    rows = [json.loads(line) for line in (tmp_path / "out/contents.jsonl").read_text().splitlines()]
    assert len(rows) == 9
    assert all(row["is_generated"] and row["model"] and row["version"] and row["seed"] == 0 for row in rows)
    assert {row["file"] for row in rows if row["form"] == "clip"} == {f"clips/{row:05d}.gif" for row in range(3)}
    assert len(pd.read_parquet(tmp_path / "out/vectors.parquet")) == 3
    assert Image.open(tmp_path / "out/images/00000.png").size == (32, 32)
    assert len((tmp_path / "out/texts.txt").read_text().splitlines()) == 3


def test_the_same_seed_makes_the_same_and_another_other_contents(catalog: Catalog, tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        generate_from_catalog(catalog, joy(seed=seed), tmp_path / name)
    vectors = {name: np.stack(pd.read_parquet(tmp_path / name / "vectors.parquet")["vector"]) for name in "abc"}
    np.testing.assert_array_equal(vectors["a"], vectors["b"])
    assert not np.allclose(vectors["a"], vectors["c"])


def test_the_asked_emotion_draws_the_vectors(catalog: Catalog, tmp_path: Path) -> None:
    means = {}
    for emotion in ("joy", "anger"):
        generate_from_catalog(catalog, joy(emotions={emotion: 1.0}, n=200, intensity=1.0), tmp_path / emotion)
        means[emotion] = np.stack(pd.read_parquet(tmp_path / emotion / "vectors.parquet")["vector"]).mean(axis=0)
    # In the small world anger lives on the first axis and joy on the second.
    assert means["joy"][1] - means["anger"][1] > 0.3
    assert means["anger"][0] - means["joy"][0] > 0.3


def test_without_media_decoders_vectors_and_texts_are_made_alone(catalog: Catalog, tmp_path: Path) -> None:
    catalog._data |= {"gan.image.checkpoint": NOT_FITTED, "gan.clip.checkpoint": NOT_FITTED}
    written = generate_from_catalog(catalog, joy(), tmp_path)
    assert {path.name for path in written} == {"vectors.parquet", "contents.jsonl", "texts.txt"}


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (joy(emotions={"glee": 1.0}), "glee is unknown to this generator; it knows anger, disgust"),
        (joy(interest="cars"), "'cars' is no topic of the training contents; topics: any, music"),
    ],
)
def test_what_cannot_be_made_is_refused_with_what_can(
    catalog: Catalog, tmp_path: Path, request_: Request, message: str
) -> None:
    with pytest.raises(RequestError, match=message):
        generate_from_catalog(catalog, request_, tmp_path)
    assert not any(tmp_path.iterdir())


def test_without_a_trained_generator_the_way_to_one_is_told(catalog: Catalog, tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="affectlens run"):
        generate_from_catalog(Catalog({}), joy(), tmp_path)
    catalog._data["gan_checkpoint"] = NOT_FITTED
    with pytest.raises(RequestError, match="affectlens run"):
        generate_from_catalog(catalog, joy(), tmp_path)


@pytest.mark.parametrize("word", ["joy=-1", "joy=much", "joy=0", "joy=nan"])
def test_a_weight_that_is_no_positive_number_is_refused(word: str) -> None:
    with pytest.raises(RequestError, match="NAME=WEIGHT"):
        parse_emotions([word])
