"""From vectors and emotions to contents, all decoders together; and the texts and media that decoders learn from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from affectlens.models.checkpoint import Checkpoint
from affectlens.models.gan import generate
from affectlens.models.gan.drawing import draw_pictures
from affectlens.models.gan.writing import WritingParams, write_texts
from affectlens.pipelines.gan_training.contents import NOT_FITTED, Contents
from affectlens.pipelines.gan_training.media import Anchors
from affectlens.training.text_decoder import DescribedTexts

FORMS = ("text", "image", "clip")


@dataclass(frozen=True)
class Generators:
    """Everything that makes contents; a decoder may be absent.

    Attributes:
        vectors: `gan_checkpoint`.
        decoders: form -> checkpoint.
        anchors: valence and arousal of each emotion.
        writing: how texts are drawn.
    """

    vectors: Checkpoint
    decoders: dict[str, Checkpoint]
    anchors: Anchors
    writing: WritingParams

    def version(self, form: str) -> str:
        """Fingerprints of the models behind a form."""
        used = [self.decoders[form]] if form != "text" else [self.vectors, self.decoders[form]]
        return "+".join(each.fingerprint() for each in used)

    def name(self, form: str) -> str:
        """Architectures of the models behind a form."""
        used = [self.decoders[form]] if form != "text" else [self.vectors, self.decoders[form]]
        return "+".join(each.architecture for each in used)

    def has(self, form: str) -> bool:
        """Whether this form can be made."""
        return self.decoders[form].architecture != NOT_FITTED.architecture


@dataclass(frozen=True)
class Made:
    """Contents for n conditions.

    Attributes:
        vectors: (n, d).
        texts: n texts; none without a text decoder.
        frames: "image" and "clip" -> (n, F, 32, 32, 3) in [0, 1], where there is a decoder.
    """

    vectors: np.ndarray
    texts: list[str]
    frames: dict[str, np.ndarray]


def make_contents(generators: Generators, emotion: np.ndarray, interest: np.ndarray, seed: int) -> Made:
    """One content of every form for each emotion (n, C) and interest (n, u)."""
    vectors = generate(generators.vectors, emotion, interest, 1, seed)[:, 0]
    texts = (
        write_texts(generators.decoders["text"], emotion, vectors, generators.writing, seed)
        if generators.has("text")
        else []
    )
    asked = generators.anchors.condition(emotion)
    frames = {form: draw_pictures(generators.decoders[form], asked, seed) for form in FORMS[1:] if generators.has(form)}
    return Made(vectors, texts, frames)


def intensified(mean: np.ndarray, index: np.ndarray, intensity: np.ndarray) -> np.ndarray:
    """Emotion (n, C) between the mean emotion (C,), at intensity 0, and one emotion alone, at intensity 1.

    >>> intensified(np.array([0.5, 0.5]), np.array([1]), np.array([0.5])).tolist()
    [[0.25, 0.75]]
    """
    share = np.asarray(intensity, dtype=np.float64)[:, None]
    mixed: np.ndarray = (1.0 - share) * mean + share * np.eye(len(mean))[index]
    return mixed


def described_texts(contents: Contents, documents: pd.DataFrame, role: str, most: int) -> DescribedTexts:
    """Texts of the contents of one role, the first `most` in the order of the table, with emotion and vector."""
    texts = documents.set_index("content_id")["text"].reindex(contents.ids).fillna("").str.strip()
    rows = np.flatnonzero((contents.roles == role) & (texts != "").to_numpy())
    if len(rows) > most:
        rows = rows[np.linspace(0, len(rows) - 1, most).astype(np.int64)]
    condition = np.concatenate([contents.emotion, contents.vectors], axis=1) if len(contents) else np.empty((0, 0))
    return DescribedTexts(texts.iloc[rows].tolist(), condition[rows].astype(np.float32))
