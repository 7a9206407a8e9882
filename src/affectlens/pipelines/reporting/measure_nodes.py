"""Nodes that measure attention and expression: logs and tables are opened, the science is called, rows are closed."""

from __future__ import annotations

from itertools import chain
from typing import Any

import pandas as pd

from affectlens.features import event_log
from affectlens.features.event_log import CountingParams, EventLog
from affectlens.models.checkpoint import Checkpoint

from . import (
    attention_effects,
    attention_measures,
    attention_tables,
    emotion_readings,
    expression_measures,
    expression_posts,
    expression_prevalence,
    expression_shifts,
    measured,
)
from .attention_tables import latest_counts
from .params import AttentionParams, ContrastParams, ExpressionParams, ShiftParams


def count_attention(
    interaction_log: EventLog,
    interactions_tally: pd.DataFrame,
    users: pd.DataFrame,
    contents: pd.DataFrame,
    utterances: pd.DataFrame,
    reaction_counts: pd.DataFrame,
    recommendations: pd.DataFrame,
    params: AttentionParams,
    counting: CountingParams,
    has_clock: bool,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Attention of every content, and of every unit of every distribution; the log is counted where it lies."""
    _check_tally(interaction_log, interactions_tally, counting)
    attention = attention_tables.content_attention(interaction_log, contents, reaction_counts, params, counting)
    if not has_clock:
        attention = attention_tables.without_ages(attention)
    units = attention_tables.unit_attention(
        attention, interaction_log, users, utterances, recommendations, params, counting
    )
    return attention, units


def _check_tally(log: EventLog, tally: pd.DataFrame, counting: CountingParams) -> None:
    """The log is the one that ingestion counted.

    Raises:
        ValueError: it holds more or fewer rows.
    """
    n_rows, _, _ = event_log.log_size(log, counting)
    accepted = int(tally["accepted"].sum())
    if n_rows != accepted:
        raise ValueError(
            f"`interaction_log` holds {n_rows} rows, but ingestion accepted {accepted}; run ingestion again"
        )


def follow_ages(
    interaction_log: EventLog,
    content_attention: pd.DataFrame,
    params: AttentionParams,
    counting: CountingParams,
    has_clock: bool,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Attention by age of the contents, and the top contents of each window; nothing where times tell an order only."""
    ages = attention_tables.attention_by_age(interaction_log, content_attention, params, counting)
    tops = event_log.top_contents(interaction_log, params.kinds, params.pace_period, params.n_top, counting)
    return ages, tops if has_clock else tops.iloc[:0]


def read_emotions(
    contents: pd.DataFrame,
    content_emotions: pd.DataFrame,
    taxonomy: str,
    lent_emotion_checkpoint: Checkpoint | None,
    lender: str,
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Emotions of the contents' texts, by the own model or a lent one; and which model that was."""
    return emotion_readings.read_contents(contents, content_emotions, taxonomy, lent_emotion_checkpoint, lender)


def measure_attention(
    content_attention: pd.DataFrame,
    unit_attention: pd.DataFrame,
    attention_by_age: pd.DataFrame,
    top_contents: pd.DataFrame,
    params: AttentionParams,
    seed: int,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Inequality, tails, lifetimes, novelty and pace; and the points of their curves."""
    rows = chain(
        attention_measures.concentration(unit_attention, params, seed),
        attention_measures.concentration_by_window(content_attention, params, seed),
        attention_measures.heavy_tails(unit_attention),
        attention_measures.lifetimes(content_attention, params),
        attention_measures.novelty_decay(attention_by_age, params, seed),
        attention_measures.collective_pace(top_contents, params, seed),
    )
    curves = attention_measures.curves(unit_attention, content_attention, attention_by_age, params)
    return measured.table(rows), curves


def measure_effects(
    content_attention: pd.DataFrame,
    contents: pd.DataFrame,
    reaction_counts: pd.DataFrame,
    emotion_readings_table: pd.DataFrame,
    emotion_reader: dict[str, Any],
    params: AttentionParams,
    contrast: ContrastParams,
    seed: int,
) -> pd.DataFrame:
    """What goes along with attention, and what brings it where arms were randomised."""
    read = emotion_readings.Readings.of(emotion_readings_table, emotion_reader)
    rows = chain(
        attention_effects.emotion_premiums(content_attention, contents, read, params),
        attention_effects.randomised_contrasts(contents, reaction_counts, read, contrast, seed),
    )
    return measured.table(rows)


def collect_attention(
    attention_measures_table: pd.DataFrame, attention_effects_table: pd.DataFrame, simulated_statistics: pd.DataFrame
) -> pd.DataFrame:
    """Every number about attention, beside the truth where the world knows it."""
    whole = pd.concat([attention_measures_table, attention_effects_table], ignore_index=True)
    return measured.with_truth(whole, simulated_statistics)


def mark_posts(contents: pd.DataFrame, utterances: pd.DataFrame, reaction_counts: pd.DataFrame) -> pd.DataFrame:
    """One row a post with the marks of its expression; no text."""
    return expression_posts.expression_posts(contents, utterances, reaction_counts)


def count_attended(
    interaction_log: EventLog,
    interactions_tally: pd.DataFrame,
    contents: pd.DataFrame,
    users: pd.DataFrame,
    params: ExpressionParams,
    counting: CountingParams,
    has_clock: bool,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What users did with contents, by window and by day; nothing where times tell an order only."""
    _check_tally(interaction_log, interactions_tally, counting)
    by_window = event_log.counts_by_window_and_form(interaction_log, contents, users, params.period, counting)
    by_day = event_log.daily_responses(interaction_log, expression_posts.RESPONSES if has_clock else (), counting)
    return by_window if has_clock else by_window.iloc[:0], by_day


def measure_expression(
    posts: pd.DataFrame, attended_counts: pd.DataFrame, params: ExpressionParams, seed: int
) -> pd.DataFrame:
    """Forms, lengths, marks and reactions by window."""
    rows = chain(
        expression_measures.forms(posts, params, seed),
        expression_measures.attended(attended_counts, params, seed),
        expression_measures.texts(posts, params, seed),
        expression_measures.reactions(posts, params, seed),
    )
    return measured.table(rows)


def measure_prevalence(
    utterances: pd.DataFrame,
    emotion_signals: pd.DataFrame,
    emotion_examples: pd.DataFrame,
    taxonomy: str,
    contents: pd.DataFrame,
    reaction_counts: pd.DataFrame,
    emotion_readings_table: pd.DataFrame,
    emotion_reader: dict[str, Any],
    params: ExpressionParams,
    seed: int,
) -> pd.DataFrame:
    """How common each emotion is in what was written and published, and how far reactions agree with the readings."""
    read = emotion_readings.Readings.of(emotion_readings_table, emotion_reader)
    written = expression_prevalence.written_posts(utterances, emotion_signals, emotion_examples, taxonomy)
    published = expression_prevalence.published_posts(contents, read)
    shares = expression_posts.reaction_shares(latest_counts(reaction_counts).reset_index())
    rows = chain(
        expression_prevalence.prevalences(written, "written", params, seed),
        expression_prevalence.prevalences(published, "published", params, seed),
        expression_prevalence.agreements(contents, shares, read, seed, params.n_resamples),
    )
    return measured.table(rows)


def find_shifts(
    posts: pd.DataFrame,
    attended_days: pd.DataFrame,
    expression_measures_table: pd.DataFrame,
    emotion_prevalence: pd.DataFrame,
    params: ExpressionParams,
    shift: ShiftParams,
    seed: int,
) -> pd.DataFrame:
    """Trends, breaks and drift."""
    by_window = pd.concat([expression_measures_table, emotion_prevalence], ignore_index=True)
    series = expression_posts.daily_series(posts, attended_days)
    rows = chain(
        expression_shifts.window_trends(by_window[by_window["window"] != measured.ALL]),
        expression_shifts.author_trends(posts),
        expression_shifts.breaks(series, shift, seed),
        expression_shifts.detectable_breaks(series, shift, seed),
        expression_shifts.form_drift(posts, params, shift, seed),
    )
    return measured.table(rows)


def collect_expression(
    expression_measures_table: pd.DataFrame,
    emotion_prevalence: pd.DataFrame,
    expression_shifts_table: pd.DataFrame,
    simulated_statistics: pd.DataFrame,
) -> pd.DataFrame:
    """Every number about expression, beside the truth where the world knows it."""
    parts = [expression_measures_table, emotion_prevalence, expression_shifts_table]
    return measured.with_truth(pd.concat(parts, ignore_index=True), simulated_statistics)
