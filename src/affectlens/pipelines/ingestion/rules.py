"""Which checks each raw table has to pass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pandera.pandas as pa

from affectlens import schemas
from affectlens.features.taxonomy import TAXONOMIES
from affectlens.pipelines.ingestion.checks import (
    Check,
    Unique,
    before_creation,
    broken_encoding,
    generated,
    images_that_do_not_decode,
    impossible_time,
    missing,
    outside,
    too_long,
    unknown,
)
from affectlens.pipelines.ingestion.params import IngestionParams


@dataclass(frozen=True)
class Rules:
    """A raw table's contract, the checks of its rows and what may occur once."""

    contract: pa.DataFrameSchema
    checks: Sequence[Check]
    uniques: Sequence[Unique]


def user_rules(limits: IngestionParams) -> Rules:
    """Users: an id, seen once."""
    checks = [missing("user_id"), _time("joined_at", limits)]
    return Rules(schemas.Users, checks, [Unique(["user_id"], "duplicate user_id")])


def content_rules(limits: IngestionParams) -> Rules:
    """Contents: an id, seen once, a known form, a readable text."""
    checks = [
        missing("content_id"),
        generated("content_id", schemas.GENERATED_PREFIX),
        missing("form"),
        unknown("form", schemas.FORMS),
        _time("created_at", limits),
        too_long("text", limits.max_text_length),
        broken_encoding(["content_id", "text"]),
    ]
    return Rules(schemas.Contents, checks, [Unique(["content_id"], "duplicate content_id")])


def interaction_rules(limits: IngestionParams, users: pd.DataFrame, contents: pd.DataFrame) -> Rules:
    """Interactions: known user and content, a possible time, numbers in their ranges, each event once."""
    checks = [
        *(missing(name) for name in ("interaction_id", "user_id", "content_id", "occurred_at", "kind")),
        unknown("kind", schemas.INTERACTION_KINDS),
        _time("occurred_at", limits),
        outside("dwell_s", 0, np.inf, text="0 and above"),
        outside("position", 0, np.inf, text="0 and above"),
        outside("propensity", 0, 1, text="(0, 1]", inclusive="right"),
        Check("rating without value", lambda frame: frame["kind"].eq("rating") & frame["value"].isna()),
        broken_encoding(["interaction_id"]),
        unknown("user_id", users["user_id"]),
        unknown("content_id", contents["content_id"]),
        before_creation(contents.set_index("content_id")["created_at"], limits.clock_tolerance_s),
    ]
    event = ["user_id", "content_id", "occurred_at", "kind", "slate_id", "position"]
    uniques = [Unique(["interaction_id"], "duplicate interaction_id"), Unique(event, "duplicate event")]
    return Rules(schemas.Interactions, checks, uniques)


def utterance_rules(limits: IngestionParams, users: pd.DataFrame, contents: pd.DataFrame) -> Rules:
    """Utterances: an id, a readable text, and user, content and time possible where they are given."""
    checks = [
        *(missing(name) for name in ("utterance_id", "text", "form")),
        unknown("form", schemas.FORMS),
        _time("occurred_at", limits),
        too_long("text", limits.max_text_length),
        broken_encoding(["utterance_id", "text"]),
        unknown("user_id", users["user_id"]),
        unknown("content_id", contents["content_id"]),
    ]
    written = ["user_id", "occurred_at"]
    same_text = Unique([*written, "content_id", "text"], "duplicate text of a user at one time", needs=written)
    return Rules(schemas.Utterances, checks, [Unique(["utterance_id"], "duplicate utterance_id"), same_text])


def emotion_label_rules(utterances: pd.DataFrame) -> Rules:
    """Emotion labels: a known utterance and taxonomy, at least one of its labels or a valence."""
    checks = [
        *_label_checks(utterances),
        Check(
            "no labels", lambda frame: _has_no_labels(frame) & (frame["valence"].isna() if "valence" in frame else True)
        ),
        outside("n_annotators", 1, np.inf, text="1 and above"),
        unknown("split", schemas.SPLITS),
        *(_in_unit(name) for name in ("valence", "arousal", "dominance")),
    ]
    unique = Unique(["utterance_id", "taxonomy"], "duplicate utterance_id and taxonomy")
    return Rules(schemas.EmotionLabels, checks, [unique])


def annotation_rules(utterances: pd.DataFrame) -> Rules:
    """Annotations: one annotator's labels of a known utterance."""
    checks = [missing("annotator_id"), *_label_checks(utterances), Check("no labels", _has_no_labels)]
    unique = Unique(["utterance_id", "annotator_id", "taxonomy"], "duplicate utterance_id, annotator_id and taxonomy")
    return Rules(schemas.Annotations, checks, [unique])


def reaction_count_rules(limits: IngestionParams, contents: pd.DataFrame) -> Rules:
    """Reaction counts: whole numbers of a known reaction to a known content, once at a time."""
    checks = [
        *(missing(name) for name in ("content_id", "observed_at", "reaction", "count")),
        unknown("reaction", schemas.COUNTERS),
        _time("observed_at", limits),
        outside("count", 0, 2.0**53, text="0 and above"),
        Check("count is not whole", lambda frame: frame["count"] % 1 != 0),
        unknown("content_id", contents["content_id"]),
    ]
    unique = Unique(["content_id", "observed_at", "reaction"], "duplicate content_id, observed_at and reaction")
    return Rules(schemas.ReactionCounts, checks, [unique])


def media_rules(limits: IngestionParams) -> Rules:
    """Media: a path, seen once, and an image that decodes."""
    checks = [missing("media_path"), missing("data"), images_that_do_not_decode(limits.max_image_pixels)]
    return Rules(schemas.Media, checks, [Unique(["media_path"], "duplicate media_path")])


def _time(column: str, limits: IngestionParams) -> Check:
    check = impossible_time(column, limits.earliest_time, limits.latest_time)
    return Check(check.reason, lambda frame: check.refuses(frame) if column in frame else _nowhere(frame))


def _in_unit(column: str) -> Check:
    check = outside(column, -1, 1, text="[-1, 1]")
    return Check(check.reason, lambda frame: check.refuses(frame) if column in frame else _nowhere(frame))


def _nowhere(frame: pd.DataFrame) -> pd.Series:
    return pd.Series(data=False, index=frame.index)


def _label_checks(utterances: pd.DataFrame) -> list[Check]:
    return [
        missing("utterance_id"),
        missing("taxonomy"),
        unknown("taxonomy", tuple(TAXONOMIES)),
        Check("unknown label", _has_unknown_label),
        unknown("utterance_id", utterances["utterance_id"]),
    ]


def _has_no_labels(frame: pd.DataFrame) -> pd.Series:
    return frame["labels"].str.len() == 0


def _has_unknown_label(frame: pd.DataFrame) -> pd.Series:
    single = frame[["taxonomy", "labels"]].explode("labels").dropna()
    known = pd.MultiIndex.from_tuples([(taxonomy, label) for taxonomy, names in TAXONOMIES.items() for label in names])
    is_unknown = ~pd.MultiIndex.from_frame(single).isin(known)
    return pd.Series(frame.index.isin(single.index[is_unknown]), index=frame.index)
