"""Contents that a user asks for, written to a folder: vectors, texts, pictures, clips and a contact sheet."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from affectlens.features.image_files import encode_png, sheet, to_bytes
from affectlens.features.taxonomy import labels_of
from affectlens.models.checkpoint import Checkpoint
from affectlens.models.gan import interest_of
from affectlens.pipelines.gan_training.contents import NOT_FITTED, stacked
from affectlens.pipelines.gan_training.decoding import FORMS, Generators, make_contents
from affectlens.pipelines.gan_training.gallery import generated_table
from affectlens.pipelines.gan_training.media import Anchors
from affectlens.pipelines.gan_training.params import DecodingParams

ANY = "any"
_ENDINGS = {"image": "png", "clip": "gif"}
_SHEET_COLUMNS, _SHEET_SCALE = 5, 4


class RequestError(ValueError):
    """What was asked for cannot be made; the message says what can."""


@dataclass(frozen=True)
class Request:
    """What is asked for.

    Attributes:
        emotions: name -> weight, not all 0.
        intensity: in [0, 1], from the mean emotion of all contents to these emotions alone.
        interest: a topic, or "any".
        n: how many.
        seed: of all noise.
    """

    emotions: Mapping[str, float]
    intensity: float
    interest: str
    n: int
    seed: int


def parse_emotions(words: Sequence[str]) -> dict[str, float]:
    """Weights of emotions written as NAME or NAME=WEIGHT.

    Raises:
        RequestError: a weight is no positive number.

    >>> parse_emotions(["joy", "sadness=0.5"])
    {'joy': 1.0, 'sadness': 0.5}
    """
    found = {}
    for word in words:
        name, _, weight = word.partition("=")
        try:
            found[name] = float(weight) if weight else 1.0
        except ValueError:
            found[name] = float("nan")
        if not found[name] > 0:
            raise RequestError(f"emotion {word!r} is not NAME or NAME=WEIGHT with a positive weight, such as joy=0.7")
    return found


def generate_from_catalog(catalog: Any, request: Request, out: Path) -> list[Path]:
    """Make what is asked for with the models of a catalog, and write it to `out`.

    Raises:
        RequestError: no generator was trained, or it does not know an emotion or a topic.
    """
    generators, names = _generators(catalog)
    emotion = _emotion(request, names, np.asarray(generators.vectors.metadata["mean_emotion"]))
    interest = _interest(request.interest, catalog.load("content_features"), generators.vectors)
    made = make_contents(generators, np.tile(emotion, (request.n, 1)), np.tile(interest, (request.n, 1)), request.seed)
    asked = pd.DataFrame(
        {"emotion": "+".join(request.emotions), "intensity": request.intensity, "interest": request.interest},
        index=range(request.n),
    )
    return _write(generated_table(made, asked, generators, request.seed, {}), made.vectors, made.frames, out)


def _generators(catalog: Any) -> tuple[Generators, tuple[str, ...]]:
    if not catalog["gan_checkpoint"].exists() or catalog.load("gan_checkpoint").architecture == NOT_FITTED.architecture:
        raise RequestError("no generator is trained here; make one with `affectlens run`, or name another --env")
    decoders = {form: catalog.load(f"gan.{form}.checkpoint") for form in FORMS}
    taxonomy = catalog.load("params:feature_engineering.taxonomy")
    decoding: DecodingParams = catalog.load("params:gan.decoding")
    anchors = Anchors.of(catalog.load("emotion_examples"), taxonomy)
    return Generators(catalog.load("gan_checkpoint"), decoders, anchors, decoding.writing), labels_of(taxonomy)


def _emotion(request: Request, names: Sequence[str], mean: np.ndarray) -> np.ndarray:
    unknown = sorted(set(request.emotions) - set(names))
    if unknown:
        raise RequestError(f"emotion {', '.join(unknown)} is unknown to this generator; it knows {', '.join(names)}")
    weights = np.array([request.emotions.get(name, 0.0) for name in names])
    mixed: np.ndarray = (1.0 - request.intensity) * mean + request.intensity * weights / weights.sum()
    return mixed


def _interest(topic: str, contents: pd.DataFrame, checkpoint: Checkpoint) -> np.ndarray:
    """The mean interest of a topic's train contents."""
    if topic == ANY:
        return np.asarray(checkpoint.weights["mean_interest"])
    train = contents[contents["split"] == "train"]
    mine = train[train["topic"] == topic]
    if mine.empty:
        known = sorted(train["topic"].dropna().unique())
        raise RequestError(
            f"interest {topic!r} is no topic of the training contents; topics: {', '.join([ANY, *known])}"
        )
    return interest_of(stacked(mine["vector"]), checkpoint.weights["projection"]).mean(axis=0)


def _write(table: pd.DataFrame, vectors: np.ndarray, frames: Mapping[str, np.ndarray], out: Path) -> list[Path]:
    out.mkdir(parents=True, exist_ok=True)
    written = [out / "vectors.parquet", out / "contents.jsonl"]
    pd.DataFrame({"vector": list(vectors)}).to_parquet(written[0])
    manifest = []
    for row in table.to_dict("records"):
        facts = {name: row[name] for name in _TOLD if row[name] is not None}
        if row["data"] is not None:
            facts["file"] = f"{row['form']}s/{row['content_id'].rsplit('/', 1)[1]}.{_ENDINGS[row['form']]}"
            path = out / facts["file"]
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(row["data"])
            written.append(path)
        manifest.append(json.dumps(facts, ensure_ascii=False))
    written[1].write_text("\n".join(manifest) + "\n", encoding="utf-8")
    texts = table.loc[table["form"] == "text", "text"].tolist()
    if texts:
        written.append(out / "texts.txt")
        written[-1].write_text("\n".join(texts) + "\n", encoding="utf-8")
    if frames:
        written.append(out / "contact_sheet.png")
        written[-1].write_bytes(encode_png(contact_sheet(frames), {"generated": "true"}))
    return written


_TOLD = ("content_id", "is_generated", "form", "emotion", "intensity", "interest", "model", "version", "seed", "text")


def contact_sheet(frames: Mapping[str, np.ndarray]) -> np.ndarray:
    """Pictures in rows of five, then each clip as the row of its frames."""
    pictures = [to_bytes(each[0]) for each in frames.get("image", [])]
    rows = [pictures[start : start + _SHEET_COLUMNS] for start in range(0, len(pictures), _SHEET_COLUMNS)]
    rows += [[to_bytes(frame) for frame in clip] for clip in frames.get("clip", [])]
    return sheet(rows, _SHEET_SCALE)
