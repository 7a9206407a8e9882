"""Posted pictures and clips with the emotion that people saw in them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from affectlens.features.image_files import to_bytes
from affectlens.features.images import GREY_SIZE, decode_frames
from affectlens.features.taxonomy import indicator_matrix, labels_of
from affectlens.schemas import SPLITS
from affectlens.training.picture_decoder import FeltPictures

N_AFFECT = 3  # valence, arousal, and 1 where somebody said what is felt
N_FRAMES = {"image": 1, "clip": 8}
COLUMNS = ("media_id", "form", "split", "frames", "condition")


@dataclass(frozen=True)
class Anchors:
    """Mean valence and arousal (C, 2) that people felt in utterances of each emotion; 0 where nobody rated any."""

    values: np.ndarray

    @classmethod
    def of(cls, examples: pd.DataFrame, taxonomy: str) -> Anchors:
        """The anchors of the train examples."""
        train = examples[examples["split"] == "train"].dropna(subset=["valence", "arousal"])
        labels = indicator_matrix(train["labels"].tolist(), taxonomy)
        totals = labels.T @ train[["valence", "arousal"]].to_numpy(dtype=np.float64)
        return cls(totals / np.maximum(labels.sum(axis=0), 1.0)[:, None])

    def condition(self, emotion: np.ndarray) -> np.ndarray:
        """What a picture decoder is asked for, (n, C + 3): emotion, its valence and arousal, and that it is known."""
        return np.concatenate([emotion, emotion @ self.values, np.ones((len(emotion), 1))], axis=1).astype(np.float32)


def media_table(
    posted: pd.DataFrame, examples: pd.DataFrame, media: pd.DataFrame, taxonomy: str, most: int
) -> pd.DataFrame:
    """Pictures and clips opened once, those with labels first.

    Args:
        posted: utterances and contents with `id`, `split` and the two path columns.
        examples: `emotion_examples`.
        media: pictures and clips by path.
        taxonomy: of the labels.
        most: most media that are opened of each form and split.

    Returns:
        COLUMNS: frames as bytes, and the condition (C + 3): shares of the labels, people's ratings (the anchors where
        nobody rated) and 1; all 0 for a picture whose emotion nobody named.
    """
    data, anchors = media.set_index("media_path")["data"], Anchors.of(examples, taxonomy)
    parts = [pd.DataFrame(columns=list(COLUMNS))]
    for form, n_frames in N_FRAMES.items():
        for split in SPLITS:
            rows = posted[(posted["split"] == split) & posted[f"{form}_path"].isin(data.index)]
            place = pd.Index(examples["utterance_id"]).get_indexer(rows["id"])
            order = np.argsort(place < 0, kind="stable")[:most]
            condition = _felt(place[order], examples, anchors, taxonomy)
            pixels = [_pixels(content, n_frames) for content in data.loc[rows[f"{form}_path"].iloc[order]]]
            values = {"media_id": rows["id"].iloc[order].to_numpy(), "form": form, "split": split, "frames": pixels}
            parts.append(pd.DataFrame({**values, "condition": pd.Series(list(condition), dtype=object)}))
    return pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)


def _felt(place: np.ndarray, examples: pd.DataFrame, anchors: Anchors, taxonomy: str) -> np.ndarray:
    """Conditions (n, C + 3) of media whose labels stand at `place` among the examples, -1 for none."""
    condition = np.zeros((len(place), len(labels_of(taxonomy)) + N_AFFECT), dtype=np.float32)
    if not (place >= 0).any():
        return condition
    labelled = examples.iloc[place[place >= 0]]
    votes = indicator_matrix(labelled["labels"].tolist(), taxonomy)
    known = anchors.condition(votes / votes.sum(axis=1, keepdims=True))
    rated, affect = labelled[["valence", "arousal"]].to_numpy(dtype=np.float32), slice(-N_AFFECT, -1)
    known[:, affect] = np.where(np.isnan(rated), known[:, affect], rated)
    condition[place >= 0] = known
    return condition


def _pixels(content: bytes, n_frames: int) -> bytes:
    """Frames as bytes; a clip with fewer rests on its last one."""
    frames = decode_frames(content, n_frames)
    return to_bytes(frames[np.minimum(np.arange(n_frames), len(frames) - 1)]).tobytes()


def felt_pictures(table: pd.DataFrame, form: str, split: str, *, known: bool) -> tuple[list[str], FeltPictures]:
    """Ids and frames of one form and split; with `known`, only media whose emotion somebody named."""
    rows = table[(table["form"] == form) & (table["split"] == split)]
    if known:
        rows = rows[rows["condition"].map(lambda values: values[-1] > 0).astype(bool)]
    shape = (len(rows), N_FRAMES[form], GREY_SIZE, GREY_SIZE, 3)
    pixels = np.frombuffer(b"".join(rows["frames"]), dtype=np.uint8).reshape(shape)
    condition = np.stack(rows["condition"].to_list()) if len(rows) else np.empty((0, 0))
    return rows["media_id"].tolist(), FeltPictures(pixels.astype(np.float32) / 255.0, condition.astype(np.float32))


def posted_media(utterances: pd.DataFrame, utterance_splits: pd.DataFrame, documents: pd.DataFrame) -> pd.DataFrame:
    """Utterances and contents in one table: `id`, `split`, `image_path`, `clip_path`; a comment is not taken twice."""
    columns = ["id", "split", "image_path", "clip_path"]
    said = utterances.merge(utterance_splits, on="utterance_id").rename(columns={"utterance_id": "id"})
    shown = documents.rename(columns={"content_id": "id"})
    return pd.concat([said[columns], shown[columns]], ignore_index=True).drop_duplicates("id")
