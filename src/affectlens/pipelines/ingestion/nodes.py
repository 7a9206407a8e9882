"""Nodes of ingestion: one a table, then the account of all refused rows."""

from __future__ import annotations

import logging

import pandas as pd

from affectlens.pipelines.ingestion import rules
from affectlens.pipelines.ingestion.columns import as_string
from affectlens.pipelines.ingestion.intake import mask_texts, take_in
from affectlens.pipelines.ingestion.params import IngestionParams
from affectlens.schemas import SPLITS

logger = logging.getLogger(__name__)

Parts = tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]
N_REASONS_SHOWN = 3


def ingest_media(raw_media: pd.DataFrame, key: str, limits: IngestionParams) -> Parts:
    """Keep the images that decode."""
    return take_in(raw_media, rules.media_rules(limits), key).parts()


def ingest_users(raw_users: pd.DataFrame, key: str, limits: IngestionParams) -> Parts:
    """Keep the users with an id, under its keyed hash."""
    return take_in(raw_users, rules.user_rules(limits), key).parts()


def ingest_contents(raw_contents: pd.DataFrame, media: pd.DataFrame, key: str, limits: IngestionParams) -> Parts:
    """Keep the readable contents of a known form; a lost image costs its path, not the row."""
    intake = take_in(raw_contents, rules.content_rules(limits), key, media["media_path"])
    return mask_texts(intake.accepted, limits.masks), intake.refusals, intake.tally


def ingest_interactions(
    raw_interactions: pd.DataFrame, users: pd.DataFrame, contents: pd.DataFrame, key: str, limits: IngestionParams
) -> Parts:
    """Keep the possible events of known users with known contents."""
    return take_in(raw_interactions, rules.interaction_rules(limits, users, contents), key).parts()


def ingest_utterances(
    raw_utterances: pd.DataFrame,
    users: pd.DataFrame,
    contents: pd.DataFrame,
    media: pd.DataFrame,
    key: str,
    limits: IngestionParams,
) -> Parts:
    """Keep the readable texts; mask mentions and addresses in them."""
    intake = take_in(raw_utterances, rules.utterance_rules(limits, users, contents), key, media["media_path"])
    return mask_texts(intake.accepted, limits.masks), intake.refusals, intake.tally


def ingest_emotion_labels(raw_emotion_labels: pd.DataFrame, utterances: pd.DataFrame, key: str) -> Parts:
    """Keep the labels of kept utterances in a known taxonomy; the tally tells which splits were lost wholly."""
    intake = take_in(raw_emotion_labels, rules.emotion_label_rules(utterances), key)
    lost = _lost_splits(as_string(raw_emotion_labels["split"]), intake.accepted["split"], intake.refusals)
    return intake.accepted, intake.refusals, intake.tally.assign(lost_splits=pd.Series([lost]))


def _lost_splits(stated: pd.Series, kept: pd.Series, refusals: pd.DataFrame) -> list[str]:
    """One line for each split of which every row was refused."""
    lost = [split for split in SPLITS if stated.eq(split).any() and not kept.eq(split).any()]
    of_row = stated.to_numpy()[refusals["row"]]
    reasons = {split: _commonest_reasons(refusals[of_row == split]) for split in lost}
    return [f"all {stated.eq(split).sum()} rows of {split!r}, most often {reasons[split]}" for split in lost]


def ingest_annotations(raw_annotations: pd.DataFrame, utterances: pd.DataFrame, key: str) -> Parts:
    """Keep what single annotators said of kept utterances."""
    return take_in(raw_annotations, rules.annotation_rules(utterances), key).parts()


def ingest_reaction_counts(
    raw_reaction_counts: pd.DataFrame, contents: pd.DataFrame, key: str, limits: IngestionParams
) -> Parts:
    """Keep the counts of known reactions to kept contents."""
    return take_in(raw_reaction_counts, rules.reaction_count_rules(limits, contents), key).parts()


def collect_refusals(*refusals: pd.DataFrame) -> pd.DataFrame:
    """Every refused row of every table, with its reason."""
    return pd.concat(refusals, ignore_index=True)


def account_rows(rejected_rows: pd.DataFrame, limits: IngestionParams, *tallies: pd.DataFrame) -> pd.DataFrame:
    """Rows read, accepted and rejected by source; stops the run where they do not add up or too many were refused.

    Raises:
        RuntimeError: accepted + rejected is not read (an error of AffectLens, not of the data).
        ValueError: a source has a larger share of refused rows than `ingestion.max_rejected_share`, or a published
            split lost every row: nothing would be left to learn from, or to judge by.
    """
    account = pd.concat(tallies, ignore_index=True)
    counts = rejected_rows["source"].value_counts()
    lost_splits = account.pop("lost_splits").explode().dropna().tolist() if "lost_splits" in account else []
    account.insert(3, "rejected", account["source"].map(counts).fillna(0).astype("int64"))
    lost = account[account["accepted"] + account["rejected"] != account["read"]]
    if len(lost):
        raise RuntimeError(f"rows were lost or counted twice in ingestion: {lost.to_dict('records')}")
    share = account["rejected"] / account["read"].clip(lower=1)
    bad = account[share > limits.max_rejected_share]
    if len(bad):
        raise ValueError(_too_many_refused(bad, rejected_rows, limits.max_rejected_share))
    if lost_splits:
        raise ValueError(
            f"a published split of emotion_labels was refused wholly: {'; '.join(lost_splits)}. Expected at least one "
            "row that can be read: repair the file of that split, pass another one in `source:`, or leave it out (null)"
        )
    return account


def _too_many_refused(bad: pd.DataFrame, rejected_rows: pd.DataFrame, limit: float) -> str:
    lines = [
        f"  {source}: {rejected} of {read} rows ({rejected / read:.1%}), most often "
        + _commonest_reasons(rejected_rows[rejected_rows["source"] == source])
        for source, rejected, read in zip(bad["source"], bad["rejected"], bad["read"], strict=True)
    ]
    return "\n".join(
        [
            f"too many rows were refused (limit {limit:.1%}, `ingestion.max_rejected_share`):",
            *lines,
            "Look at `rejected_rows` (08_reporting/rejected_rows.parquet: row, reason), then repair the source or "
            "choose another file in `source:`. If these rows can be missed, raise the limit: "
            "`--params ingestion.max_rejected_share=0.5`.",
        ]
    )


def _commonest_reasons(refusals: pd.DataFrame) -> str:
    counts = refusals["reason"].value_counts().head(N_REASONS_SHOWN)
    return ", ".join(f"{reason!r} ({count})" for reason, count in counts.items())
