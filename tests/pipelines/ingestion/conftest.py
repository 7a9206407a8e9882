from __future__ import annotations

import datetime as dt
import io

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from affectlens.pipelines.ingestion.params import IngestionParams, Mask

KEY = "a key of sixteen or more"


@pytest.fixture(scope="session")
def limits() -> IngestionParams:
    return IngestionParams(
        max_rejected_share=0.2,
        max_text_length=50,
        max_image_pixels=100,
        earliest_time=dt.datetime(2000, 1, 1, tzinfo=dt.UTC),
        latest_time=dt.datetime(2030, 1, 1, tzinfo=dt.UTC),
        clock_tolerance_s=60.0,
        masks=(Mask(pattern=r"(?<![\w@.])@[A-Za-z_]\w+", replacement="@user"),),
    )


def image(size: tuple[int, int] = (4, 4), form: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, "red").save(buffer, form)
    return buffer.getvalue()


def clip() -> bytes:
    """Three frames of noise as a GIF."""
    noise = np.random.default_rng(0).integers(0, 255, (3, 8, 8, 3), dtype=np.uint8)
    first, *others = [Image.fromarray(frame) for frame in noise]
    buffer = io.BytesIO()
    first.save(buffer, "GIF", save_all=True, append_images=others)
    return buffer.getvalue()


def rows(table: pd.DataFrame, **cells: object) -> pd.DataFrame:
    """The first row of a good table, then the same row with some cells changed."""
    changed = table.iloc[[0]].astype(object)
    for name, value in cells.items():
        changed[name] = pd.Series([value], index=changed.index, dtype=object)
    return pd.concat([table.astype(object), changed], ignore_index=True)


RAW = {
    "media": pd.DataFrame({"media_path": ["m1"], "data": [image()]}),
    "users": pd.DataFrame({"user_id": ["ann"], "joined_at": ["2020-01-01"], "language": ["en"], "attribute_age": [31]}),
    "contents": pd.DataFrame(
        {
            "content_id": ["c1"],
            "author_id": ["ann"],
            "created_at": ["2020-01-02T00:00:00+00:00"],
            "form": ["image"],
            "text": ["a picture"],
            "language": ["en"],
            "tags": [["art"]],
            "image_path": ["m1"],
            "clip_path": [None],
        }
    ),
    "interactions": pd.DataFrame(
        {
            "interaction_id": ["i1"],
            "user_id": ["ann"],
            "content_id": ["c1"],
            "occurred_at": ["2020-01-03"],
            "kind": ["view"],
            "value": [None],
            "dwell_s": [3.5],
            "surface": ["feed"],
            "slate_id": ["s1"],
            "position": [1],
            "propensity": [0.25],
        }
    ),
    "utterances": pd.DataFrame(
        {
            "utterance_id": ["u1"],
            "user_id": ["ann"],
            "occurred_at": ["2020-01-03T10:00:00Z"],
            "content_id": ["c1"],
            "text": ["lovely, @bob"],
            "language": [None],
            "form": ["short_text"],
            "image_path": ["m1"],
            "clip_path": ["gone"],
        }
    ),
    "emotion_labels": pd.DataFrame(
        {
            "utterance_id": ["u1"],
            "taxonomy": ["ekman"],
            "labels": [["joy"]],
            "n_annotators": [3],
            "split": ["train"],
            "valence": [0.5],
            "arousal": [0.0],
            "dominance": [None],
        }
    ),
    "annotations": pd.DataFrame(
        {"utterance_id": ["u1"], "annotator_id": ["zoe"], "taxonomy": ["ekman"], "labels": [["joy", "surprise"]]}
    ),
    "reaction_counts": pd.DataFrame(
        {"content_id": ["c1"], "observed_at": ["2020-01-04"], "reaction": ["likes"], "count": [12]}
    ),
}
