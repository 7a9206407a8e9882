"""What emotion a content carries, known before the validation period: read off its text, else off train reactions."""

from __future__ import annotations

import numpy as np
import pandas as pd

from affectlens.schemas import SPLITS


def item_emotions(
    content_emotions: pd.DataFrame, signals: pd.DataFrame, utterances: pd.DataFrame, utterance_splits: pd.DataFrame
) -> dict[str, np.ndarray]:
    """Emotion shares by content id; contents about which nothing is known are left out.

    A content with a text of its own speaks for itself. For the others speak the train utterances about them: nothing
    that was written later enters.

    Args:
        content_emotions: probabilities of each content and whether it has a text.
        signals: probabilities of each utterance.
        utterances: which content an utterance is about.
        utterance_splits: split of each utterance.

    Returns:
        content_id -> (C,) shares that sum to 1.
    """
    spoken = content_emotions[content_emotions["has_text"].astype(bool)]
    found = dict(zip(spoken["content_id"], map(as_shares, spoken["probabilities"]), strict=True))
    about = utterances.loc[utterances["content_id"].notna(), ["utterance_id", "content_id"]]
    about = about[~about["content_id"].isin(list(found))].merge(utterance_splits, on="utterance_id")
    told = about[about["split"] == SPLITS[0]].merge(signals[["utterance_id", "probabilities"]], on="utterance_id")
    for content_id, rows in told.groupby("content_id", sort=False)["probabilities"]:
        found[str(content_id)] = as_shares(np.mean(np.stack(list(rows)), axis=0))
    return found


def as_shares(probabilities: np.ndarray) -> np.ndarray:
    """Probabilities of labels that may go together, scaled to sum to 1; even where all are zero.

    >>> as_shares(np.array([0.2, 0.6])).round(2).tolist()
    [0.25, 0.75]
    """
    values = np.asarray(probabilities, dtype=np.float64)
    total = values.sum()
    return values / total if total > 0 else np.full(len(values), 1.0 / len(values))
