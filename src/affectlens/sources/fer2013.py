"""FER2013: grey faces with one of seven emotions (Goodfellow et al. 2013). Faces are biometric data: see the docs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import pandas as pd
from pydantic import Field

from affectlens.sources.base import FileName, RemoteFile, Source, SourceParams, Tables
from affectlens.sources.pictures import png, read_arrays, split_of

EKMAN_OF_CLASS = {
    "angry": "anger",
    "disgust": "disgust",
    "fear": "fear",
    "happy": "joy",
    "neutral": "neutral",
    "sad": "sadness",
    "surprise": "surprise",
}
NO_WORDS = "[picture]"  # the contract of `utterances` wants a text; this one says nothing


class Fer2013Source(SourceParams):
    """Arrays of faces; and perhaps those that are held back."""

    name: Literal["fer2013"]
    faces: FileName
    test: FileName | None
    i_may_process_faces: bool = Field(description="a declaration: nothing is read before it is true; see the docs")
    valid_share: float = Field(gt=0.0, lt=1.0, description="share of the faces that become valid, by their pixels")

    def files(self) -> dict[str, str]:
        """The files, none of which is touched before the declaration is made.

        Raises:
            ValueError: it is not made.
        """
        if not self.i_may_process_faces:
            raise ValueError(
                "recognising emotions in faces is off: it is biometric emotion recognition, which is regulated and in "
                "workplaces and schools forbidden in the EU. Read docs/law.md; who may, passes "
                "--params source.i_may_process_faces=true"
            )
        return {name: value for name, value in {"faces": self.faces, "test": self.test}.items() if value is not None}


def read_fer2013(params: Fer2013Source, paths: Mapping[str, Path]) -> Tables:
    """One utterance a face, without words, with the emotion that raters saw in it."""
    parts = [_faces(paths["faces"], params, None, "face")]
    if "test" in paths:
        parts.append(_faces(paths["test"], params, "test", "test-face"))
    rows = pd.concat(parts, ignore_index=True)
    path = rows["utterance_id"] + ".png"
    return {
        "utterances": rows[["utterance_id"]].assign(text=NO_WORDS, language="und", form="image", image_path=path),
        "emotion_labels": rows[["utterance_id", "labels", "split", "defect"]].assign(taxonomy="ekman"),
        "media": pd.DataFrame({"media_path": path, "data": rows["picture"]}),
    }


def _faces(path: Path, params: Fer2013Source, split: str | None, prefix: str) -> pd.DataFrame:
    arrays = read_arrays(path, ("images", "labels", "classes"))
    classes = [EKMAN_OF_CLASS.get(str(name)) for name in arrays["classes"]]
    if len(arrays["labels"]) != len(arrays["images"]) or arrays["labels"].dtype.kind not in "iu":
        raise ValueError(
            f"{path} has {len(arrays['labels'])} `labels` of {arrays['labels'].dtype} for {len(arrays['images'])} "
            "`images`; expected one index of `classes` a face: pass a file in which they belong together"
        )
    named = [classes[label] if 0 <= label < len(classes) else None for label in arrays["labels"]]
    return pd.DataFrame(
        {
            "utterance_id": [f"{prefix}-{row}" for row in range(len(named))],
            "labels": [[name] for name in named],
            "defect": [None if name else "unknown class" for name in named],
            "split": [split or split_of(face.tobytes(), params.valid_share) for face in arrays["images"]],
            "picture": [png(face) for face in arrays["images"]],
        }
    )


SOURCE = Source(
    params=Fer2013Source,
    read=read_fer2013,
    homepage="https://www.kaggle.com/c/challenges-in-representation-learning-facial-expression-recognition-challenge",
    licence="no clear licence, pictures of real people: research only, never ship them; cite Goodfellow et al. 2013",
    remote_files=(
        RemoteFile(
            path="fer2013_sample/fer_train.npz",
            sha256="c6d9b184b8d77021b4734c41cf45dab9df203309a5b9638bf32f26e8e9b5baa0",
            note="no address serves this sample",
        ),
    ),
)
