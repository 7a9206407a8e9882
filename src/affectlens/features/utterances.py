"""What people wrote, as examples to learn from: the split of each utterance, and its labels in one taxonomy."""

from __future__ import annotations

import numpy as np
import pandas as pd

from affectlens.features import splits
from affectlens.features.splits import NONE, Boundaries, SplitParams
from affectlens.features.taxonomy import MAPS, labels_of
from affectlens.features.text import normalised_key

_EXAMPLE_COLUMNS = (
    "utterance_id",
    "user_id",
    "occurred_at",
    "text",
    "taxonomy",
    "labels",
    "valence",
    "arousal",
    "split",
)


def split_utterances(
    utterances: pd.DataFrame,
    published: pd.Series,
    sequences: pd.DataFrame,
    boundaries: Boundaries,
    params: SplitParams,
) -> np.ndarray:
    """Split code of each utterance; -1 is not used.

    `given` keeps the published split, near-duplicates included, since others report on it. The other protocols set
    aside a text that an earlier split holds as well. Rows that neither time nor behaviour places take the published
    split, and without one a split drawn from the hash of their text.

    Args:
        utterances: primary table.
        published: (n,) split that the source gives, or null.
        sequences: `behaviour_sequences` with their split; used by leave_one_out.
        boundaries: of the global timeline.
        params: the protocol and its shares.
    """
    keys = pd.Series([normalised_key(text) for text in utterances["text"]], dtype=object)
    codes = splits.codes_of(published)
    if params.protocol == "given" and (codes != NONE).any():
        return splits.with_valid_rows(codes, keys, params.valid_share)
    by_behaviour = params.protocol == "leave_one_out"
    placed = split_of_events(utterances, sequences) if by_behaviour else boundaries.split(utterances["occurred_at"])
    codes = np.where(placed == NONE, codes, placed)
    codes = np.where(codes == NONE, splits.hashed(keys, params), codes)
    return splits.without_repeats(codes, keys)


def split_of_events(utterances: pd.DataFrame, sequences: pd.DataFrame) -> np.ndarray:
    """Split code of the event that an utterance belongs to, -1 for users without behaviour.

    That event is the user's latest one, at or before the utterance, with the utterance's content; else with any
    content. What a user wrote before the first event is train.
    """
    about_content = _latest_event(utterances, sequences, ["user_id", "content_id"])
    of_user = _latest_event(utterances, sequences, ["user_id"])
    codes = np.where(about_content == NONE, of_user, about_content)
    is_known = utterances["user_id"].isin(sequences["user_id"]).to_numpy()
    return np.where((codes == NONE) & is_known, splits.TRAIN, codes)


def _latest_event(utterances: pd.DataFrame, sequences: pd.DataFrame, by: list[str]) -> np.ndarray:
    left = utterances[[*by, "occurred_at"]].assign(row=np.arange(len(utterances))).dropna()
    right = sequences[[*by, "occurred_at", "split"]].dropna()
    codes = np.full(len(utterances), NONE)
    if len(left) and len(right):
        found = pd.merge_asof(
            left.sort_values("occurred_at", kind="stable"),
            right.sort_values("occurred_at", kind="stable"),
            on="occurred_at",
            by=by,
        )
        codes[found["row"].to_numpy()] = splits.codes_of(found["split"])
    return codes


def labels_in(emotion_labels: pd.DataFrame, taxonomy: str) -> pd.DataFrame:
    """One row per labelled utterance with its labels in `taxonomy`; finer labels are mapped where it has no others.

    Raises:
        ValueError: the taxonomy is unknown.
    """
    labels_of(taxonomy)
    own = emotion_labels[emotion_labels["taxonomy"] == taxonomy]
    finer = [fine for fine, coarse in MAPS if coarse == taxonomy]
    mapped = [_coarser(emotion_labels[emotion_labels["taxonomy"] == fine], fine, taxonomy) for fine in finer]
    return pd.concat([own, *mapped]).drop_duplicates("utterance_id").sort_index()


def _coarser(rows: pd.DataFrame, fine: str, coarse: str) -> pd.DataFrame:
    labels = rows["labels"].explode().dropna().map(MAPS[fine, coarse])
    pairs = labels.rename("label").rename_axis("row").reset_index().drop_duplicates()
    lists = pairs.groupby("row", sort=False)["label"].agg(list)
    return rows.loc[lists.index].assign(taxonomy=coarse, labels=lists)


def emotion_examples(
    utterances: pd.DataFrame, emotion_labels: pd.DataFrame, utterance_splits: pd.DataFrame, taxonomy: str
) -> pd.DataFrame:
    """Labelled utterances in the order of `utterances`, labels in one taxonomy, with their split."""
    labels = labels_in(emotion_labels, taxonomy).reindex(
        columns=["utterance_id", "taxonomy", "labels", "valence", "arousal"]
    )
    texts = utterances[["utterance_id", "user_id", "occurred_at", "text"]]
    examples = texts.merge(labels, on="utterance_id").merge(utterance_splits, on="utterance_id", how="left")
    return examples[list(_EXAMPLE_COLUMNS)]
