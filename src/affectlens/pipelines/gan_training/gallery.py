"""Generated contents as a table that says so in every row, each beside the training content that it resembles most."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from affectlens.evaluation.generation import nearest_row
from affectlens.features.image_files import encode_gif, encode_png, to_bytes
from affectlens.features.taxonomy import labels_of
from affectlens.pipelines.gan_training.contents import Contents
from affectlens.pipelines.gan_training.decoding import FORMS, Generators, Made, intensified, make_contents
from affectlens.pipelines.gan_training.media import N_FRAMES, felt_pictures
from affectlens.pipelines.gan_training.params import GalleryParams
from affectlens.schemas import GENERATED_PREFIX

FRAME_MS = 120
COLUMNS = (
    "content_id",
    "is_generated",
    "form",
    "emotion",
    "intensity",
    "interest",
    "text",
    "data",
    "model",
    "version",
    "seed",
    "nearest_id",
    "nearest_text",
    "nearest_data",
    "nearest_distance",
)


@dataclass(frozen=True)
class Originals:
    """Training contents of one form: ids, what is compared with (n, k), and what is shown (text, or file bytes)."""

    ids: Sequence[str]
    features: np.ndarray
    shown: Sequence[str | bytes]


def originals_of(contents: Contents, documents: pd.DataFrame, media: pd.DataFrame) -> dict[str, Originals]:
    """What generators learned from: texts by content vector, pictures and clips by pixel."""
    train = contents.where(contents.roles == "train")
    texts = documents.set_index("content_id")["text"].reindex(train.ids).fillna("").tolist()
    found = {"text": Originals(train.ids.tolist(), train.vectors, texts)}
    for form in N_FRAMES:
        ids, pictures = felt_pictures(media, form, "train", known=False)
        found[form] = Originals(ids, flat(pictures.frames), encoded(pictures.frames, {}) if ids else [])
    return found


def make_gallery(
    generators: Generators, originals: dict[str, Originals], params: GalleryParams, taxonomy: str, seed: int
) -> pd.DataFrame:
    """Contents for every emotion at every intensity, for an interest like everybody's."""
    names = labels_of(taxonomy)
    every = list(itertools.product(names, params.intensities, range(params.n_each)))
    asked = pd.DataFrame(every, columns=["emotion", "intensity", "copy"]).drop(columns="copy").assign(interest="any")
    mean = np.asarray(generators.vectors.metadata["mean_emotion"])
    emotion = intensified(mean, asked["emotion"].map(names.index).to_numpy(), asked["intensity"].to_numpy())
    interest = np.tile(generators.vectors.weights["mean_interest"], (len(asked), 1))
    return generated_table(make_contents(generators, emotion, interest, seed), asked, generators, seed, originals)


def generated_table(
    made: Made, asked: pd.DataFrame, generators: Generators, seed: int, originals: dict[str, Originals]
) -> pd.DataFrame:
    """One row a content and form.

    Args:
        made: contents for n conditions.
        asked: (n) emotion, intensity, interest of each, by name.
        generators: what made them.
        seed: of their noise.
        originals: form -> training contents; forms without any have no nearest one.
    """
    forms = [form for form in FORMS if generators.has(form)]
    parts = [_form_rows(form, made, asked, generators, seed, originals.get(form)) for form in forms]
    return pd.concat(parts, ignore_index=True)[list(COLUMNS)] if parts else pd.DataFrame(columns=list(COLUMNS))


def _form_rows(
    form: str, made: Made, asked: pd.DataFrame, generators: Generators, seed: int, originals: Originals | None
) -> pd.DataFrame:
    version = generators.version(form)
    features = made.vectors if form == "text" else flat(made.frames[form])
    facts = {"generated": "true", "model": generators.name(form), "version": version, "seed": str(seed)}
    table = asked.assign(
        content_id=[f"{GENERATED_PREFIX}{version}/{seed}/{form}/{row:05d}" for row in range(len(asked))],
        is_generated=True,
        form=form,
        text=made.texts if form == "text" else None,
        data=None if form == "text" else encoded(made.frames[form], facts),
        model=facts["model"],
        version=version,
        seed=seed,
    )
    return table.assign(**_nearest(features, originals, form))


def _nearest(features: np.ndarray, originals: Originals | None, form: str) -> dict[str, Any]:
    if originals is None or not len(originals.ids):
        return {"nearest_id": None, "nearest_text": None, "nearest_data": None, "nearest_distance": float("nan")}
    index, distance = nearest_row(features, originals.features)
    shown = [originals.shown[place] for place in index]
    return {
        "nearest_id": [originals.ids[place] for place in index],
        "nearest_text": shown if form == "text" else None,
        "nearest_data": None if form == "text" else shown,
        "nearest_distance": distance,
    }


def flat(frames: np.ndarray) -> np.ndarray:
    """Frames (n, F, H, W, 3) as rows of pixels."""
    return frames.reshape(len(frames), int(np.prod(frames.shape[1:])))


def encoded(frames: np.ndarray, facts: dict[str, str]) -> list[bytes]:
    """Pictures as PNG and clips as GIF, with their provenance inside the file."""
    told = "; ".join(f"{name}: {text}" for name, text in facts.items())
    pixels = to_bytes(frames)
    return [encode_png(each[0], facts) if len(each) == 1 else encode_gif(each, FRAME_MS, told) for each in pixels]
