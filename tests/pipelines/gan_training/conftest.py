"""The parameters of the test environment, as the session merges them, and a small world with fitted decoders."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from affectlens import schemas
from affectlens.features.image_files import encode_gif, encode_png
from affectlens.features.taxonomy import EKMAN
from affectlens.models.checkpoint import Checkpoint
from affectlens.pipelines.gan_training import decoder_nodes, nodes
from affectlens.pipelines.gan_training.params import (
    ConditionParams,
    DecodingParams,
    FittingParams,
    MemberParams,
    PictureDecoderMember,
    TextDecoderMember,
    TrainerParams,
)

ROOT = Path(__file__).parents[3]


def _merged(base: Any, change: Any) -> Any:
    if not isinstance(base, dict) or not isinstance(change, dict):
        return change
    return base | {key: _merged(base.get(key), value) for key, value in change.items()}


@pytest.fixture(scope="session")
def gan_parameters() -> dict[str, Any]:
    """`gan` of the test environment."""
    files = [ROOT / f"conf/{env}/parameters_gan_training.yml" for env in ("base", "test")]
    base, test = (yaml.safe_load(path.read_text())["gan"] for path in files)
    return _merged(base, test)


C, D, N = len(EKMAN), 6, 200
CPU = TrainerParams(accelerator="cpu", devices=1, precision="32-true", strategy="auto")
CONDITION = ConditionParams(interest_size=3, interest_noise=0.5)
EMOTIONS = ("anger", "joy", "sadness")
WORDS = {"anger": "furious about the bill", "joy": "happy about the garden", "sadness": "crying over the letter"}


@pytest.fixture(scope="session")
def params(gan_parameters: dict[str, Any]) -> DecodingParams:
    return DecodingParams(**gan_parameters["decoding"])


@pytest.fixture(scope="session")
def world() -> dict[str, pd.DataFrame]:
    """Contents with vectors and texts, utterances with labelled pictures and clips."""
    draws = np.random.default_rng(0)
    labels = np.arange(N) % 3
    split = np.repeat(["train", "valid", "test"], [120, 40, 40])
    ids = [f"content-{row}" for row in range(N)]
    names = np.array(EMOTIONS)[labels]
    said = [f"utterance-{row}" for row in range(N)]
    is_clip = np.arange(N) % 2 == 1
    paths = [f"{name}.{'gif' if clip else 'png'}" for name, clip in zip(said, is_clip, strict=True)]
    pictures = draws.integers(0, 255, (N, 8, 32, 32, 3), dtype=np.uint8) // 4 + (60 * labels)[:, None, None, None, None]
    data = [
        encode_gif(frames.astype(np.uint8), 100) if clip else encode_png(frames[0].astype(np.uint8))
        for frames, clip in zip(pictures, is_clip, strict=True)
    ]
    emotion = np.eye(C)[[EKMAN.index(name) for name in names]] * 0.8 + 0.2 / C
    vectors = list((1.5 * np.eye(3, D)[labels] + 0.7 * draws.normal(size=(N, D))).astype(np.float32))
    texts = [WORDS[name] + f" number {row % 7}" for row, name in enumerate(names)]
    contents = pd.DataFrame({"content_id": ids, "split": split, "form": "short_text", "topic": "music"})
    paths_of = {"image_path": np.where(is_clip, None, paths), "clip_path": np.where(is_clip, paths, None)}
    return {
        "content_features": contents.assign(vector=vectors),
        "content_emotions": pd.DataFrame({"content_id": ids, "probabilities": list(emotion), "has_text": True}),
        "content_documents": contents.assign(text=texts, image_path=None, clip_path=None),
        "utterances": pd.DataFrame({"utterance_id": said, **paths_of}),
        "utterance_splits": pd.DataFrame({"utterance_id": said, "split": split}),
        "emotion_examples": pd.DataFrame(
            {
                "utterance_id": said,
                "taxonomy": "ekman",
                "labels": [[name] for name in names],
                "valence": np.where(labels == 1, 0.8, np.nan),
                "arousal": np.where(labels == 1, 0.5, np.nan),
                "split": split,
            }
        ),
        "media": pd.DataFrame({"media_path": paths, "data": data}),
    }


def tables(world: dict[str, pd.DataFrame], *names: str) -> list[pd.DataFrame]:
    return [world[name] for name in names]


CONTENTS = ("content_features", "content_emotions", "emotion_examples")


@pytest.fixture(scope="session")
def media(world: dict[str, pd.DataFrame], params: DecodingParams) -> pd.DataFrame:
    posted = ("utterances", "utterance_splits", "content_documents", "emotion_examples", "media")
    return schemas.GanMedia.validate(decoder_nodes.open_media(*tables(world, *posted), params, "ekman"))


@pytest.fixture(scope="session")
def fitted(
    world: dict[str, pd.DataFrame],
    media: pd.DataFrame,
    params: DecodingParams,
    gan_parameters: dict[str, Any],
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, Checkpoint]:
    workspace = str(tmp_path_factory.mktemp("decoders"))
    fitting, member = FittingParams(**gan_parameters["fitting"]), MemberParams(**gan_parameters["mixture"])
    vectors, *_ = nodes.train_generator(*tables(world, *CONTENTS), member, CONDITION, fitting, CPU, 1, [1], workspace)
    variant = TextDecoderMember(**gan_parameters["text"])
    documents = world["content_documents"]
    text, history = decoder_nodes.train_text_decoder(
        *tables(world, *CONTENTS), documents, variant, params, CPU, 1, workspace
    )
    schemas.TrainingHistory.validate(history)
    found = {"gan": vectors, "text": text}
    for form in ("image", "clip"):
        picture = PictureDecoderMember(**gan_parameters[form])
        found[form], _ = decoder_nodes.train_picture_decoder(media, picture, CPU, 1, workspace)
    return found
