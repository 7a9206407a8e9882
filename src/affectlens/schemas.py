"""One contract per table: columns, types, units and ranges. The catalog enforces each on load and on save.

Ids are strings, times are UTC. Primary and later tables are closed against wrong values; `raw_*` tables only have to
carry their columns, since refusing their bad rows is the work of ingestion.
"""

from typing import Any

import numpy as np
import pandas as pd
import pandera.pandas as pa

FORMS = ("long_text", "short_text", "image", "short_video", "link", "product", "music", "film")
INTERACTION_KINDS = ("impression", "view", "like", "comment", "share", "rating", "purchase")
REACTIONS = ("likes", "loves", "hahas", "wows", "sads", "angrys", "shares", "comments")
COUNTERS = (*REACTIONS, "impressions", "clicks")  # what sources count without saying who
SPLITS = ("train", "valid", "test")
GENERATED_PREFIX = "generated/"  # of the ids of generated contents, which no real content may have
TAXONOMY_NAMES = ("goemotions", "ekman", "sentiment")


def _column(dtype: Any, *checks: pa.Check, optional: bool = False, nullable: bool = False, unique: bool = False) -> Any:
    return pa.Column(dtype, list(checks), required=not optional, nullable=nullable, unique=unique, coerce=True)


def _string(*checks: pa.Check, **options: bool) -> Any:
    return _column(pd.StringDtype(na_value=np.nan), *checks, **options)


def _id(**options: bool) -> Any:
    return _string(pa.Check.str_length(min_value=1), **options)


def _one_of(values: tuple[str, ...], **options: bool) -> Any:
    return _string(pa.Check.isin(values), **options)


def _time(**options: bool) -> Any:
    return _column(pd.DatetimeTZDtype(unit="us", tz="UTC"), **options)


def _real(low: float | None = None, high: float | None = None, **options: bool) -> Any:
    checks = [pa.Check.ge(low)] if low is not None else []
    checks += [pa.Check.le(high)] if high is not None else []
    return _column("float64", *checks, **options)


def _count(low: int = 0, **options: bool) -> Any:
    return _column("int64", pa.Check.ge(low), **options)


def _list(**options: bool) -> Any:
    is_list = pa.Check(
        lambda values: values.map(lambda value: isinstance(value, list | tuple | np.ndarray)),
        error="every value is a list",
    )
    return pa.Column(object, [is_list], required=not options.get("optional", False), nullable=False)


def _table(name: str, columns: dict[str, Any], unique: list[str] | None = None) -> pa.DataFrameSchema:
    return pa.DataFrameSchema(columns, name=name, unique=unique, strict=False)


def _raw(table: pa.DataFrameSchema) -> pa.DataFrameSchema:
    columns = {name: pa.Column(required=column.required, nullable=True) for name, column in table.columns.items()}
    return pa.DataFrameSchema(columns, name=f"raw_{table.name}", strict=False)


# --- primary -----------------------------------------------------------------------------------------------------
Users = _table(
    "users",
    {
        "user_id": _id(unique=True),
        "joined_at": _time(nullable=True, optional=True),
        "language": _string(nullable=True, optional=True),
    },
)
Contents = _table(
    "contents",
    {
        "content_id": _string(
            pa.Check.str_length(min_value=1), pa.Check.str_matches(f"^(?!{GENERATED_PREFIX})"), unique=True
        ),
        "author_id": _id(nullable=True),
        "created_at": _time(nullable=True),
        "form": _one_of(FORMS),
        "text": _string(nullable=True),
        "language": _string(nullable=True),
        "tags": _list(),
        "image_path": _string(nullable=True),
        "clip_path": _string(nullable=True),
        "experiment_id": _id(nullable=True, optional=True),  # contents that were shown to viewers at random in its turn
    },
)
Interactions = _table(
    "interactions",
    {
        "interaction_id": _id(unique=True),
        "user_id": _id(),
        "content_id": _id(),
        "occurred_at": _time(),
        "kind": _one_of(INTERACTION_KINDS),
        "value": _real(nullable=True),
        "dwell_s": _real(0.0, nullable=True),
        "surface": _string(nullable=True),
        "slate_id": _string(nullable=True),
        "position": _real(0.0, nullable=True),
        "propensity": _column("float64", pa.Check.in_range(0.0, 1.0, include_min=False), nullable=True),
    },
)
Utterances = _table(
    "utterances",
    {
        "utterance_id": _id(unique=True),
        "user_id": _id(nullable=True),
        "occurred_at": _time(nullable=True),
        "content_id": _id(nullable=True),
        "text": _string(pa.Check.str_length(min_value=1)),
        "language": _string(),
        "form": _one_of(FORMS),
        "image_path": _string(nullable=True),
        "clip_path": _string(nullable=True),
    },
)
EmotionLabels = _table(
    "emotion_labels",
    {
        "utterance_id": _id(),
        "taxonomy": _one_of(TAXONOMY_NAMES),
        "labels": _list(),
        "n_annotators": _real(1.0, nullable=True),
        "split": _one_of(SPLITS, nullable=True),
        "valence": _real(-1.0, 1.0, nullable=True, optional=True),
        "arousal": _real(-1.0, 1.0, nullable=True, optional=True),
        "dominance": _real(-1.0, 1.0, nullable=True, optional=True),
    },
    unique=["utterance_id", "taxonomy"],
)
Annotations = _table(
    "annotations",
    {"utterance_id": _id(), "annotator_id": _id(), "taxonomy": _one_of(TAXONOMY_NAMES), "labels": _list()},
    unique=["utterance_id", "annotator_id", "taxonomy"],
)
ReactionCounts = _table(
    "reaction_counts",
    {"content_id": _id(), "observed_at": _time(), "reaction": _one_of(COUNTERS), "count": _count()},
)
Media = _table("media", {"media_path": _id(unique=True), "data": pa.Column(object, nullable=False)})
RejectedRows = _table(
    "rejected_rows", {"source": _string(), "row": _count(), "reason": _string(), "raw": _string(nullable=True)}
)
RowAccounting = _table(
    "row_accounting", {"source": _string(unique=True), "read": _count(), "accepted": _count(), "rejected": _count()}
)

# --- inference and results -------------------------------------------------------------------------------------------
Recommendations = _table(
    "recommendations",
    {"user_id": _id(), "rank": _count(1), "content_id": _id(), "score": _real()},
    unique=["user_id", "rank"],
)
ChainChecks = _table(
    "chain_checks",
    {
        "check": _string(),
        "quantity": _string(unique=True),
        "value": _real(nullable=True),
        "lower": _real(nullable=True),
        "upper": _real(nullable=True),
        "n": _count(),
        "run_id": _string(optional=True),
    },
)
Leaderboard = _table(
    "leaderboard",
    {
        "stage": _string(),
        "model": _string(),
        "is_baseline": _column("bool"),
        "metric": _string(),
        "value": _real(nullable=True),
        "lower": _real(nullable=True),
        "upper": _real(nullable=True),
        "n": _count(),
        "split": _string(),
        "protocol": _string(),
        "seed": _column("int64"),
        "dataset": _string(),
        "run_id": _string(optional=True),
    },
)
TrainingHistory = _table(
    "training_history",
    {
        "member": _string(),
        "epoch": _count(1),
        "train_loss": _real(nullable=True),
        "valid_metric": _real(nullable=True),
        "metric_name": _string(),
        "seconds": _real(0.0),
    },
    unique=["member", "epoch"],
)

# --- raw: the columns of the primary tables, any values --------------------------------------------------------------
RawUsers = _raw(Users)
RawContents = _raw(Contents)
RawInteractions = _raw(Interactions)
RawUtterances = _raw(Utterances)
RawEmotionLabels = _raw(EmotionLabels)
RawAnnotations = _raw(Annotations)
RawReactionCounts = _raw(ReactionCounts)
RawMedia = _raw(Media)

# --- emotion -------------------------------------------------------------------------------------------------------
EmotionSignals = _table(
    "emotion_signals",
    {
        "utterance_id": _id(unique=True),
        "user_id": _id(nullable=True),
        "occurred_at": _time(nullable=True),
        "probabilities": _list(),
        "hidden": _list(),
    },
)
ContentEmotions = _table(
    "content_emotions",
    {"content_id": _id(unique=True), "probabilities": _list(), "has_text": _column("bool")},
)
EmotionStates = _table(
    "emotion_states",
    {
        "state_id": _id(unique=True),
        "user_id": _id(),
        "occurred_at": _time(nullable=True),
        "probabilities": _list(),
        "hidden": _list(),
    },
)
EmotionExamplesScored = _table(
    "emotion_examples_scored",
    {
        "utterance_id": _id(unique=True),
        "text": _string(),
        "labels": _list(),
        "predicted": _list(),
        "probability": _real(0.0, 1.0),
        "is_right": _column("bool"),
        "split": _one_of(SPLITS),
    },
)
EmotionAnswers = _table(
    "emotion_answers",
    {
        "model": _string(),
        "unit": _id(),
        "truth": _list(),
        "decided": _list(),
        "probabilities": _list(),
        "brier": _real(0.0),
    },
    unique=["model", "unit"],
)

# --- features --------------------------------------------------------------------------------------------------------
UtteranceSplits = _table(
    "utterance_splits", {"utterance_id": _id(unique=True), "split": _one_of(SPLITS, nullable=True)}
)
EmotionExamples = _table(
    "emotion_examples",
    {
        "utterance_id": _id(unique=True),
        "user_id": _id(nullable=True),
        "occurred_at": _time(nullable=True),
        "text": _string(pa.Check.str_length(min_value=1)),
        "taxonomy": _one_of(TAXONOMY_NAMES),
        "labels": _list(),
        "valence": _real(-1.0, 1.0, nullable=True),
        "arousal": _real(-1.0, 1.0, nullable=True),
        "split": _one_of(SPLITS, nullable=True),
    },
)
ContentDocuments = _table(
    "content_documents",
    {
        "content_id": _id(unique=True),
        "created_at": _time(nullable=True),
        "form": _one_of(FORMS),
        "topic": _string(nullable=True),
        "split": _one_of(SPLITS),
        "text": _string(nullable=True),
        "tags": _list(),
        "image_path": _string(nullable=True),
        "clip_path": _string(nullable=True),
    },
)
ContentFeatures = _table(
    "content_features",
    {
        "content_id": _id(unique=True),
        "created_at": _time(nullable=True),
        "form": _one_of(FORMS),
        "topic": _string(nullable=True),
        "split": _one_of(SPLITS),
        "vector": _list(),
    },
)
BehaviourSequences = _table(
    "behaviour_sequences",
    {
        "user_id": _id(),
        "content_id": _id(),
        "step": _count(),
        "occurred_at": _time(nullable=True),
        "kind": _one_of(INTERACTION_KINDS[1:]),
        "dwell_s": _real(0.0, nullable=True),
        "gap_s": _real(0.0, nullable=True),
        "value": _real(nullable=True),
        "is_liked": _column("boolean", nullable=True),
        "is_commented": _column("boolean", nullable=True),
        "is_shared": _column("boolean", nullable=True),
        "surface": _string(nullable=True),
        "split": _one_of(SPLITS),
    },
    unique=["user_id", "step"],
)

# --- policy ----------------------------------------------------------------------------------------------------------
PolicyEvents = _table(
    "policy_events",
    {
        "event_id": _id(unique=True),
        "user_id": _id(),
        "slate_id": _string(nullable=True),
        "position": _real(0.0, nullable=True),
        "occurred_at": _time(),
        "split": _one_of(SPLITS),
        "logged_by": _string(nullable=True),
        "arm": _string(),
        "action": _count(),
        "reward": _real(0.0, 1.0),
        "propensity": _column("float64", pa.Check.in_range(0.0, 1.0, include_min=False)),
        "context": _list(),
    },
)
RecommenderPolicy = _table("recommender_policy", {"user_id": _id(unique=True), "probabilities": _list()})
_OVERLAP = {
    "n": _count(1),
    "n_eff": _real(0.0),
    "max_weight_share": _real(0.0, nullable=True),
    "mean_weight": _real(0.0),
    "mean_weight_lower": _real(0.0),
    "mean_weight_upper": _real(0.0),
    "support_gap": _real(0.0, 1.0),
}
PolicyValues = _table(
    "policy_values",
    {
        "policy": _string(),
        "is_baseline": _column("bool"),
        "estimator": _string(),
        "value": _real(nullable=True),
        "lower": _real(nullable=True),
        "upper": _real(nullable=True),
        **_OVERLAP,
        "true_value": _real(nullable=True),
        "relative_error": _real(0.0, nullable=True),
        "is_healthy": _column("bool"),
    },
    unique=["policy", "estimator"],
)
LoggedPolicyValues = _table(
    "logged_policy_values",
    {
        "policy": _string(),
        "log": _string(),
        "estimator": _string(),
        "value": _real(nullable=True),
        "lower": _real(nullable=True),
        "upper": _real(nullable=True),
        **_OVERLAP,
        "is_healthy": _column("bool"),
        "on_policy": _real(),
        "on_policy_lower": _real(),
        "on_policy_upper": _real(),
        "n_on_policy": _count(1),
        "relative_error": _real(0.0, nullable=True),
        "relative_error_lower": _real(0.0, nullable=True),
        "relative_error_upper": _real(0.0, nullable=True),
    },
    unique=["policy", "log", "estimator"],
)

# --- any modelling stage: its scores by unit, for paired differences of two runs -------------------------------------
UnitScores = _table(
    "unit_scores",
    {"stage": _string(), "model": _string(), "metric": _string(), "unit": _id(), "value": _real(nullable=True)},
    unique=["stage", "model", "metric", "unit"],
)

# --- gan -------------------------------------------------------------------------------------------------------------
GanGoals = _table(
    "gan_goals",
    {
        "model": _string(),
        "is_chosen": _column("bool"),
        "metric": _string(),
        "wanted": _one_of(("at_least", "at_most")),
        "bound": _real(),
        "value": _real(nullable=True),
        "spread": _real(0.0, nullable=True),
        "margin": _real(nullable=True),
        "is_met": _column("bool"),
        "n_seeds": _count(),
    },
    unique=["model", "metric"],
)
GanMedia = _table(
    "gan_media",
    {
        "media_id": _id(),
        "form": _one_of(("image", "clip")),
        "split": _one_of(SPLITS),
        "frames": pa.Column(object, nullable=False),
        "condition": _list(),
    },
    unique=["media_id", "form"],
)
GeneratedContents = _table(
    "generated_contents",
    {
        "content_id": _string(pa.Check.str_startswith(GENERATED_PREFIX), unique=True),
        "is_generated": _column("bool", pa.Check.equal_to(True)),
        "form": _one_of(("text", "image", "clip")),
        "emotion": _string(),
        "intensity": _real(0.0, 1.0),
        "interest": _string(),
        "text": _string(nullable=True),
        "data": pa.Column(object, nullable=True),
        "model": _string(),
        "version": _string(),
        "seed": _column("int64"),
        "nearest_id": _string(nullable=True),
        "nearest_text": _string(nullable=True),
        "nearest_data": pa.Column(object, nullable=True),
        "nearest_distance": _real(0.0, nullable=True),
    },
)
ColdStartVectors = _table(
    "cold_start_vectors",
    {
        "content_id": _id(unique=True),
        "split": _one_of(SPLITS),
        "n_train_events": _count(),
        "generated": _list(),
        "content_knn": _list(),
        "class_mean": _list(),
    },
)
GeneratedContentFeatures = _table(
    "generated_content_features",
    {
        "state_id": _id(unique=True),
        "user_id": _id(),
        "occurred_at": _time(nullable=True),
        "n_samples": _count(1),
        "vectors": _list(),
    },
)

# --- recommender -----------------------------------------------------------------------------------------------------
ItemAttributes = _table(
    "item_attributes",
    {"content_id": _id(unique=True), "topic": _string(nullable=True), "emotion": _list()},  # emotion: [] unknown
)
CalibrationFrontier = _table(
    "calibration_frontier",
    {
        "attribute": _one_of(("topic", "emotion")),
        "strength": _real(0.0, 1.0),
        "split": _one_of(SPLITS),
        "is_chosen": _column("bool"),
        "metric": _string(),
        "value": _real(nullable=True),
        "lower": _real(nullable=True),
        "upper": _real(nullable=True),
        "n": _count(),
    },
    unique=["attribute", "strength", "split", "metric"],
)
CandidateScores = _table(
    "candidate_scores",
    {"user_id": _id(), "content_id": _id(), "rank": _count(1), "score": _real()},
    unique=["user_id", "content_id"],
)

# --- reporting -------------------------------------------------------------------------------------------------------
_MEASURED = {
    "quantity": _string(),
    "group": _string(),
    "window": _string(),
    "value": _real(nullable=True),
    "lower": _real(nullable=True),
    "upper": _real(nullable=True),
    "n": _count(),
    "unit": _string(),
    "method": _string(),
}
_MEASURED_ONCE = ["quantity", "group", "window", "method"]
Measures = _table("measures", _MEASURED, unique=_MEASURED_ONCE)
AttentionStatistics = _table(
    "attention_statistics", {**_MEASURED, "truth": _real(nullable=True)}, unique=_MEASURED_ONCE
)
ContentAttention = _table(
    "content_attention",
    {
        "content_id": _id(unique=True),
        "author_id": _id(nullable=True),
        "form": _one_of(FORMS),
        "born_at": _time(nullable=True),
        "n": _real(0.0),
        "n_followed": _real(0.0, nullable=True),
        "half_age_days": _real(0.0, nullable=True),
        "observed_days": _real(0.0, nullable=True),
    },
)
EmotionReadings = _table("emotion_readings", {"content_id": _id(unique=True)})
ExpressionPosts = _table(
    "expression_posts",
    {
        "source": _one_of(("published", "written", "reacted")),
        "time": _time(),
        "unit": _count(),
        "form": _one_of(FORMS),
        "tokens": _real(0.0, nullable=True),
    },
)
AttentionCurves = _table(
    "attention_curves",
    {
        "subject": _string(),
        "curve": _one_of(("lorenz", "rank_size", "survival", "novelty")),
        "x": _real(0.0),
        "y": _real(0.0),
    },
)
# A true break that was not found is a row without a value.
ExpressionStatistics = _table(
    "expression_statistics", {**_MEASURED, "truth": _real(nullable=True)}, unique=_MEASURED_ONCE
)

# --- simulation ------------------------------------------------------------------------------------------------------
SimulatedTruth = _table(
    "simulated_truth",
    {
        "interaction_id": _id(unique=True),
        "topic_index": _count(),
        "valence": _real(-1.0, 1.0),
        "arousal": _real(-1.0, 1.0),
        "dominance": _real(-1.0, 1.0),
        "fatigue": _real(0.0),
        "utility": _real(),
        "expected_rewards": _list(),
        "expected_utilities": _list(),
    },
)
SimulatedStatistics = _table(
    "simulated_statistics",
    {"quantity": _string(), "group": _string(), "window": _string(), "value": _real()},
    unique=["quantity", "group", "window"],
)
SimulatedUtteranceTruth = _table(
    "simulated_utterance_truth",
    {
        "utterance_id": _id(unique=True),
        "emotion_probabilities": _list(),
        "intensity": _real(0.0, 1.0),
        "is_ironic": _column("bool"),
        "is_mixed": _column("bool"),
        "valence": _real(-1.0, 1.0),
        "arousal": _real(-1.0, 1.0),
        "dominance": _real(-1.0, 1.0),
        "manner": _string(),
        "surface_emotion": _string(),
    },
)
