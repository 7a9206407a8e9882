"""Glue of the report: tables to statistics, statistics to exhibits, exhibits to sections, sections to pages."""

from __future__ import annotations

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from affectlens.exhibits import Exhibit

from . import (
    attention_exhibits,
    cards,
    closing,
    exhibit_figures,
    expression_exhibits,
    fits,
    pages,
    render,
    sections,
    stages,
)
from .blocks import Section
from .exhibited import blocks_of
from .params import ExamplesParams, StageParams, StagesParams
from .texts import LanguageCode


def exhibit_attention(statistics: pd.DataFrame, curves: pd.DataFrame, emotion_reader: dict[str, Any]) -> list[Exhibit]:
    """The statistics of attention as exhibits."""
    return attention_exhibits.attention_exhibits(statistics, curves, emotion_reader)


def exhibit_expression(statistics: pd.DataFrame, emotion_reader: dict[str, Any]) -> list[Exhibit]:
    """The statistics of expression as exhibits."""
    return expression_exhibits.expression_exhibits(statistics, emotion_reader)


def exhibit_fits(leaderboard: pd.DataFrame, params: StageParams, history: pd.DataFrame | None = None) -> list[Exhibit]:
    """How the models of a stage stand, and how they were fitted where that took epochs."""
    return [*fits.standing(leaderboard, params), *([] if history is None else fits.learning(history))]


def draw_exhibits(*exhibits: list[Exhibit]) -> go.Figure:
    """All charts of some lists of exhibits in one figure."""
    return exhibit_figures.overview([exhibit for shown in exhibits for exhibit in shown])


def compose_run(
    stage_table: dict[str, Any],
    environment: str,
    dataset: str,
    seed: int,
    row_accounting: pd.DataFrame,
    chain_checks: pd.DataFrame,
    emotion_leaderboard: pd.DataFrame,
    gan_leaderboard: pd.DataFrame,
    recommender_leaderboard: pd.DataFrame,
    policy_leaderboard: pd.DataFrame,
) -> Section:
    """Which stages ran on which data, and why others did not."""
    evidence = {
        "ingestion": row_accounting,
        "emotion_training": emotion_leaderboard,
        "gan_training": gan_leaderboard,
        "recommender_training": recommender_leaderboard,
        "policy_training": policy_leaderboard,
        "inference": chain_checks,
    }
    return sections.run_section(sections.stages_of(stage_table, environment), environment, dataset, seed, evidence)


def compose_accounting(
    row_accounting: pd.DataFrame,
    rejected_rows: pd.DataFrame,
    users: pd.DataFrame,
    contents: pd.DataFrame,
    interactions: pd.DataFrame,
    utterances: pd.DataFrame,
) -> Section:
    """Rows read, accepted and rejected, with reasons."""
    tables = {"users": users, "contents": contents, "interactions": interactions, "utterances": utterances}
    return sections.accounting_section(row_accounting, rejected_rows, tables)


def compose_page(exhibits: list[Exhibit]) -> list[Section]:
    """The sections of a page of analytics: one a part."""
    return pages.sections_of(exhibits)


def compose_stage(
    leaderboard: pd.DataFrame,
    fitted: list[Exhibit],
    params: StageParams,
    stage_table: dict[str, Any],
    environment: str,
    exhibits: list[Exhibit],
) -> Section:
    """The section of a modelling stage: leaderboard, fits and what the stage exhibits."""
    row = sections.stages_of(stage_table, environment)
    return stages.stage_section(leaderboard, fitted, params, row, blocks_of(exhibits))


def compose_emotion(
    leaderboard: pd.DataFrame,
    fitted: list[Exhibit],
    params: StageParams,
    stage_table: dict[str, Any],
    environment: str,
    examples: pd.DataFrame,
    examples_params: ExamplesParams,
    exhibits: list[Exhibit],
) -> Section:
    """The section of the emotion models, with texts that were read right and wrong."""
    details = [*blocks_of(exhibits), *stages.examples_blocks(examples, examples_params)]
    row = sections.stages_of(stage_table, environment)
    return stages.stage_section(leaderboard, fitted, params, row, details)


def compose_inference(
    chain_checks: pd.DataFrame,
    recommendations: pd.DataFrame,
    exhibits: list[Exhibit],
    stage_table: dict[str, Any],
    environment: str,
) -> Section:
    """The section of the whole chain."""
    row = sections.stages_of(stage_table, environment)
    return sections.inference_section(chain_checks, recommendations, blocks_of(exhibits), row)


def compose_closing(
    emotion_leaderboard: pd.DataFrame,
    gan_leaderboard: pd.DataFrame,
    recommender_leaderboard: pd.DataFrame,
    policy_leaderboard: pd.DataFrame,
    policy_values: pd.DataFrame,
    row_accounting: pd.DataFrame,
    chain_checks: pd.DataFrame,
    emotion: StageParams,
    gan: StageParams,
    recommender: StageParams,
    policy: StageParams,
    stage_table: dict[str, Any],
    environment: str,
    seed: int,
) -> tuple[Section, Section]:
    """What did not work, and the commands that lead here again."""
    params = StagesParams(emotion=emotion, gan=gan, recommender=recommender, policy=policy)
    boards = _by_stage(emotion_leaderboard, gan_leaderboard, recommender_leaderboard, policy_leaderboard)
    row = sections.stages_of(stage_table, environment)
    flagged = [*stages.flagged_sentence(policy_values), *sections.weak_links(chain_checks)]
    limits = closing.limits_section(boards, params, row, flagged)
    versions = closing.cited_versions(boards, params, row_accounting, chain_checks)
    return limits, closing.reproduce_section(environment, seed, versions)


def compose_model_card(
    emotion_leaderboard: pd.DataFrame,
    gan_leaderboard: pd.DataFrame,
    recommender_leaderboard: pd.DataFrame,
    policy_leaderboard: pd.DataFrame,
    emotion: StageParams,
    gan: StageParams,
    recommender: StageParams,
    policy: StageParams,
    environment: str,
    dataset: str,
) -> Section:
    """The model card, filled from the leaderboards."""
    params = StagesParams(emotion=emotion, gan=gan, recommender=recommender, policy=policy)
    boards = _by_stage(emotion_leaderboard, gan_leaderboard, recommender_leaderboard, policy_leaderboard)
    return cards.model_card(boards, params, environment, dataset)


def compose_data_card(
    row_accounting: pd.DataFrame,
    users: pd.DataFrame,
    contents: pd.DataFrame,
    interactions: pd.DataFrame,
    utterances: pd.DataFrame,
    environment: str,
    dataset: str,
) -> Section:
    """The data card, filled from the primary tables."""
    tables = {"users": users, "contents": contents, "interactions": interactions, "utterances": utterances}
    return cards.data_card(row_accounting, tables, environment, dataset)


def render_reports(
    run: Section,
    accounting: Section,
    emotion: Section,
    gan: Section,
    recommender: Section,
    policy: Section,
    inference: Section,
    limits: Section,
    model_card: Section,
    data_card: Section,
    reproduce: Section,
    attention: list[Section],
    expression: list[Section],
    flow: dict[str, Any],
    tongue: LanguageCode,
) -> tuple[dict[str, str], dict[str, Any]]:
    """The pages in one language, and their numbers as JSON."""
    stages_told = [emotion, gan, recommender, policy, inference]
    evaluation = [run, accounting, *stages_told, limits, model_card, data_card, reproduce]
    return render.reports(evaluation, attention, expression, flow, tongue)


def _by_stage(*boards: pd.DataFrame) -> dict[str, pd.DataFrame]:
    return dict(zip(StagesParams.model_fields, boards, strict=True))
