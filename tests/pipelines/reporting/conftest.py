"""A small made-up run: every table that the report reads, and a way to run its pipeline on them."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner
from PIL import Image

from affectlens.datasets.table_dataset import empty_table
from affectlens.exhibits import (
    Axis,
    Card,
    Curves,
    Exhibit,
    Finding,
    Gallery,
    Intervals,
    Item,
    Matrix,
    Message,
    Note,
    Records,
    Series,
    WeightedText,
    WeightedTexts,
    intervals_of,
    png_base64,
)
from affectlens.features.event_log import CountingParams, EventLog
from affectlens.pipelines.inference.told import reasons_exhibits
from affectlens.pipelines.policy_training.exhibits import policy_exhibits
from affectlens.pipelines.reporting import create_pipeline, pages, pipeline, render
from affectlens.pipelines.reporting.params import (
    AttentionParams,
    ContrastParams,
    ExamplesParams,
    ExpressionParams,
    ShiftParams,
    StageParams,
    StagesParams,
)
from untranslated import recorded

RUN_ID = "2026-01-05T10.00.00.000Z"
ROOT = Path(__file__).parents[3]
HOSTILE = '<script>alert(1)</script> "quoted" & \u202eevil\u202c \u200b </td></table> <img src=x onerror=alert(2)>'
PARAMS = yaml.safe_load((ROOT / "conf/base/parameters_reporting.yml").read_text())["reporting"]
STAGES = {
    "tiny": {
        "runs": ["ingestion", "emotion_training", "gan_training", "recommender_training", "policy_training",
                 "inference", "reporting"],
        "skips": {"simulation": "the data are real"},
    }
}  # fmt: skip

FLOW = {
    "nodes": [
        {"name": "emotion.collect_leaderboard", "stage": "emotion_training", "does": "All numbers.", "inputs": [],
         "outputs": ["emotion_leaderboard"]},
        {"name": "reporting.emotion.compose_emotion", "stage": "reporting", "does": "The section.",
         "inputs": ["emotion_leaderboard", "params:x"], "outputs": ["reporting.emotion.section"]},
    ],
    "datasets": [
        {"name": "emotion_leaderboard", "type": "LeaderboardDataset", "file": "data/board.parquet",
         "written_by": "emotion.collect_leaderboard", "read_by": ["reporting.emotion.compose_emotion"]},
        {"name": "reporting.emotion.section", "type": "JSONDataset", "file": "data/emotion.json",
         "written_by": "reporting.emotion.compose_emotion", "read_by": []},
    ],
}  # fmt: skip

QUICK_ATTENTION = {"n_resamples": 40, "n_decay_resamples": 20, "min_contents": 20, "n_top": 5}
QUICK_EXPRESSION = {"n_resamples": 40, "n_prevalence_resamples": 20, "min_posts": 5}
Tables = dict[str, pd.DataFrame]


def board(stage: str, scores: dict[str, dict[str, float]], baselines: set[str], **more: Any) -> pd.DataFrame:
    rows = [
        {"stage": stage, "model": model, "is_baseline": model in baselines, "metric": metric, "value": value,
         "lower": value - 0.02, "upper": value + 0.02, "n": 400, "split": "test", "protocol": "global_timeline",
         "seed": 7, "dataset": "tiny", "run_id": RUN_ID} | more
        for model, metrics in scores.items()
        for metric, value in metrics.items()
    ]  # fmt: skip
    return pd.DataFrame(rows)


def leaderboards() -> Tables:
    emotion = {
        "majority": {"macro_f1": 0.11, "micro_f1": 0.31, "ece_label": 0.01, "brier": 0.61},
        "lexicon": {"macro_f1": 0.29, "micro_f1": 0.38, "ece_label": 0.12, "brier": 0.58},
        "tfidf": {"macro_f1": 0.452, "micro_f1": 0.52, "ece_label": 0.031, "brier": 0.47},
        "cnn": {"macro_f1": 0.531, "micro_f1": 0.57, "ece_label": 0.022, "brier": 0.44, "f1:joy": 0.7},
        "lstm": {"macro_f1": 0.44, "micro_f1": 0.50, "ece_label": 0.05, "brier": 0.49},
        "human": {"macro_f1": 0.6},
    }
    gan = {
        "reference: real": {"tstr_ratio": 1.0, "frechet_excess": 0.0, "coverage": 0.96, "copy_rate": 0.01},
        "gaussian": {"tstr_ratio": 0.81, "frechet_excess": 0.21, "coverage": 0.71, "copy_rate": 0.0},
        "vae": {"tstr_ratio": 0.80, "frechet_excess": 0.33, "coverage": 0.62, "copy_rate": 0.0},
        "wgan": {"tstr_ratio": 0.72, "frechet_excess": 1.4, "coverage": 0.5, "copy_rate": 0.002},
    }
    recommender = {
        "popularity": {"ndcg@10": 0.071, "recall@10": 0.12, "coverage@10": 0.05},
        "ease": {"ndcg@10": 0.182, "recall@10": 0.27, "coverage@10": 0.41},
        "sasrec": {"ndcg@10": 0.149, "recall@10": 0.26, "coverage@10": 0.55},
    }
    policy = {
        "logging": {"value:true": 0.301, "value:dr": 0.3},
        "uniform": {"value:true": 0.28, "value:dr": 0.281},
        "linucb": {"value:true": 0.36, "value:dr": 0.371},
    }
    paired = {"linucb": {"difference:true:logging": 0.059}}
    return {
        "emotion_leaderboard": board("emotion", emotion, {"majority", "lexicon", "tfidf"}),
        "gan_leaderboard": board("gan", gan, {"reference: real", "gaussian"}),
        "recommender_leaderboard": board("recommender", recommender, {"popularity", "ease"}),
        "policy_leaderboard": pd.concat(
            [board("policy", policy, {"logging", "uniform"}), board("policy", paired, set(), protocol="paired")],
            ignore_index=True,
        ),
    }


def history(members: tuple[str, ...], metric: str) -> pd.DataFrame:
    rows = [
        {"member": member, "epoch": epoch, "train_loss": 1.4 / epoch**0.4 + 0.05 * place,
         "valid_metric": 0.5 - 0.35 / epoch**0.8 + 0.02 * place, "metric_name": metric, "seconds": 1.5}
        for place, member in enumerate(members)
        for epoch in range(1, 9)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def policy_values() -> pd.DataFrame:
    rows = [
        {"policy": policy, "is_baseline": policy != "linucb", "estimator": estimator, "value": value + 0.01 * place,
         "lower": value - 0.03, "upper": value + 0.05, "n": 900, "n_eff": 310.0, "max_weight_share": 0.02,
         "mean_weight": 1.01, "mean_weight_lower": 0.95, "mean_weight_upper": 1.07, "support_gap": 0.0,
         "true_value": value, "relative_error": 0.01 * place / value, "is_healthy": policy != "uniform"}
        for policy, value in (("logging", 0.301), ("uniform", 0.28), ("linucb", 0.36))
        for place, estimator in enumerate(("dm", "ips", "snips", "dr"))
    ]  # fmt: skip
    return pd.DataFrame(rows)


def behaviour(n_users: int = 120, n_contents: int = 300, n_events: int = 4000) -> Tables:
    draw = np.random.default_rng(3)
    forms = np.array(["long_text", "short_text", "image", "short_video"])
    created = pd.Timestamp("2024-01-01", tz="UTC") + pd.to_timedelta(draw.uniform(0, 700, n_contents), unit="D")
    drift = (created - created.min()).days.to_numpy() / 700
    form = forms[(draw.random(n_contents) + 2.4 * drift * draw.random(n_contents)).astype(int).clip(0, 3)]
    popularity, activity = draw.pareto(1.1, n_contents) + 0.02, draw.pareto(1.3, n_users) + 0.05
    viewed = draw.choice(n_contents, n_events, p=popularity / popularity.sum())
    viewer = draw.choice(n_users, n_events, p=activity / activity.sum())
    at = created[viewed] + pd.to_timedelta(draw.exponential(9, n_events), unit="D")
    words = np.array(["so happy today 🎉", "why does this always happen to me", "meh", "👍🏽 great great great video"])
    n_texts = 1500
    users = np.array([f"u{i}" for i in range(n_users)])
    contents = np.array([f"c{i}" for i in range(n_contents)])
    return {
        "users": pd.DataFrame({"user_id": users, "joined_at": created.min(), "language": "en"}),
        "contents": pd.DataFrame(
            {"content_id": contents, "author_id": users[draw.integers(0, 40, n_contents)], "created_at": created,
             "form": form, "text": "a content", "language": "en", "tags": [["a topic"]] * n_contents}
        ),
        "interactions": pd.DataFrame(
            {"interaction_id": [f"i{i}" for i in range(n_events)], "user_id": users[viewer],
             "content_id": contents[viewed], "occurred_at": at, "kind": draw.choice(["view", "impression"], n_events)}
        ),
        "utterances": pd.DataFrame(
            {"utterance_id": [f"t{i}" for i in range(n_texts)], "user_id": users[viewer[:n_texts]],
             "occurred_at": at[:n_texts], "content_id": None, "text": words[draw.integers(0, 4, n_texts)],
             "language": "en", "form": "short_text"}
        ),
        "recommendations": pd.DataFrame(
            {"user_id": np.repeat(users, 10), "rank": np.tile(np.arange(1, 11), n_users),
             "content_id": contents[draw.integers(0, 90, n_users * 10)], "score": 0.5}
        ),
    }  # fmt: skip


def full_tables() -> Tables:
    examples = pd.DataFrame(
        {"text": [HOSTILE, "what a wonderful, wonderful day 🎉", "I can not believe they did it again", "ok"] * 4,
         "labels": [["joy"], ["joy"], ["anger", "surprise"], ["neutral"]] * 4,
         "predicted": [["anger"], ["joy"], ["surprise"], ["neutral"]] * 4,
         "probability": np.linspace(0.99, 0.4, 16), "is_right": [False, True, False, True] * 4}
    )  # fmt: skip
    checks = pd.DataFrame(
        {"check": ["swapped_emotion", "noise_for_generated"], "quantity": ["emotion_agreement_lost", "ndcg10_lost"],
         "value": [0.41, 0.012], "lower": [0.35, -0.004], "upper": [0.47, 0.028], "n": [120, 120], "run_id": RUN_ID}
    )  # fmt: skip
    return {
        **behaviour(),
        **leaderboards(),
        "emotion_history": history(("cnn", "lstm"), "macro_f1"),
        "gan_history": history(("vae", "wgan"), "negative_mmd2"),
        "recommender_history": history(("sasrec",), "ndcg@10"),
        "policy_values": policy_values(),
        "emotion_examples_scored": examples,
        "chain_checks": checks,
        "row_accounting": pd.DataFrame(
            {"source": ["utterances", "contents"], "read": [1520, 300], "accepted": [1500, 300], "rejected": [20, 0],
             "run_id": RUN_ID}
        ),
        "rejected_rows": pd.DataFrame(
            {"source": "utterances", "row": range(20), "reason": ["empty text"] * 12 + ["time in the future"] * 8,
             "raw": HOSTILE}
        ),
    }  # fmt: skip


TRACES = [
    {
        "reasons": [
            {
                "content_id": "c7",
                "events": [{"kind": "comment", "content_id": "c1", "day": "2030-01-02", "times": 1.43}],
                "generated": [{"vector": 2, "weight": 0.21, "times": 1.05}],
                "emotions": [{"emotion": "joy", "times": 0.97}],
            }
        ]
    }
]


def run_reports(
    tables: Tables, stages: dict[str, Any] | None = None, tongue: str = "en"
) -> tuple[dict[str, str], dict[str, Any]]:
    """The pages and the summary that the pipeline makes of these tables."""
    with TemporaryDirectory() as folder:
        return _run({**_absent(), **tables}, EventLog(Path(folder) / "interactions.parquet"), stages, tongue)


def _absent() -> Tables:
    """Empty tables of what these stages did not write."""
    contracts = {
        "reaction_counts": "ReactionCounts", "content_emotions": "ContentEmotions", "emotion_signals": "EmotionSignals",
        "emotion_examples": "EmotionExamples", "simulated_statistics": "SimulatedStatistics",
    }  # fmt: skip
    return {name: empty_table(f"affectlens.schemas.{contract}") for name, contract in contracts.items()}


def _run(
    tables: Tables, log: EventLog, stages: dict[str, Any] | None, tongue: str
) -> tuple[dict[str, str], dict[str, Any]]:
    tables["interactions"].to_parquet(log.path, index=False)
    held: dict[str, Any] = {
        **tables,
        "interaction_log": log,
        "interactions_tally": pd.DataFrame({"accepted": [len(tables["interactions"])]}),
        "lent_emotion_checkpoint": None,
        "params:emotion_model": "data/envs/goemotions",
        "params:feature_engineering.taxonomy": "ekman",
        "params:feature_engineering.has_clock": True,
        "params:reporting.contrast": ContrastParams(**PARAMS["contrast"] | {"n_resamples": 40}),
        "params:reporting.shift": ShiftParams(**PARAMS["shift"] | {"n_replicates": 100, "n_permutations": 99}),
        "params:reporting.counting": CountingParams(**PARAMS["counting"]),
        "params:environment": "tiny",
        "params:dataset": "tiny",
        "params:seed": 7,
        "params:stages": stages or STAGES,
        "params:reporting.language": tongue,
        "flow": FLOW,
        **{f"{stage}_exhibits": [] for stage in pipeline.STAGES},
        "policy_exhibits": policy_exhibits(tables["policy_values"]),
        "inference_exhibits": reasons_exhibits(TRACES) if len(tables["chain_checks"]) else [],
        "params:reporting.attention": AttentionParams(**PARAMS["attention"] | QUICK_ATTENTION),
        "params:reporting.expression": ExpressionParams(**PARAMS["expression"] | QUICK_EXPRESSION),
        "params:reporting.examples": ExamplesParams(**PARAMS["examples"]),
    }
    held |= {f"params:reporting.stages.{name}": StageParams(**params) for name, params in PARAMS["stages"].items()}
    catalog = DataCatalog({name: MemoryDataset(value, copy_mode="assign") for name, value in held.items()})
    outputs = SequentialRunner().run(create_pipeline(), catalog)
    loaded = {name: dataset.load() for name, dataset in outputs.items()}
    return loaded["report"], loaded["report_summary"]


def run_report(tables: Tables, stages: dict[str, Any] | None = None) -> tuple[str, dict[str, Any]]:
    """The page of the evaluation and the summary."""
    pages, summary = run_reports(tables, stages)
    return pages["report"], summary


@pytest.fixture(scope="session")
def tables() -> Tables:
    return full_tables()


@pytest.fixture(scope="session")
def reports(tables: Tables) -> tuple[dict[str, str], dict[str, Any]]:
    return run_reports(tables)


@pytest.fixture(scope="session")
def chinese(tables: Tables) -> tuple[dict[str, str], list[str]]:
    """The pages in Chinese, and the texts that have no translation."""
    with recorded() as catalogue:
        pages, _ = run_reports(tables, tongue="zh")
    return pages, catalogue.missing


@pytest.fixture(scope="session")
def report(reports: tuple[dict[str, str], dict[str, Any]]) -> tuple[str, dict[str, Any]]:
    return reports[0]["report"], reports[1]


@pytest.fixture(scope="session")
def run() -> Callable[..., tuple[str, dict[str, Any]]]:
    return run_report


@pytest.fixture
def make_board() -> Callable[..., pd.DataFrame]:
    return board


@pytest.fixture
def stage_params() -> StagesParams:
    return StagesParams(**PARAMS["stages"])


@pytest.fixture
def hostile() -> str:
    return HOSTILE


@pytest.fixture(scope="session")
def exhibits() -> dict[str, Exhibit]:
    """One exhibit of every kind, by kind."""
    share, hostile = Axis(label="share", is_share=True), HOSTILE + " {x} `code`"
    rows = pd.DataFrame(
        {"name": ["a", "b", "c"], "value": [0.2, 0.5, float("nan")], "lower": [0.1, 0.4, float("nan")],
         "upper": [0.3, 0.6, float("nan")], "n": [10, 10, 0]}
    )  # fmt: skip
    line = Series(name="cnn", x=(1, 2, 3), y=(0.5, 0.8, 0.7), lower=(0.4, 0.7, 0.6), upper=(0.6, 0.9, 0.8))
    image = io.BytesIO()
    Image.new("RGB", (2, 2), "red").save(image, format="PNG")
    labels = {"row_label": "truth", "column_label": "read as", "rows": ("joy", "fear"), "columns": ("joy", "fear")}
    item = Item(title="one", text=hostile, image=png_base64(image.getvalue()), facts={"asked": "joy"})
    gain = Axis(label="gain", unit="points")
    shown: list[Exhibit] = [
        Curves(title="Curve", x=Axis(label="epoch"), y=share, series=(line,)),
        Intervals(title="Rows", axis=gain, rows=intervals_of(rows), reference=0.35),
        Matrix(title="Confusion", values=((0.9, 0.1), (0.3, 0.7)), is_share=True, **labels),
        WeightedTexts(title="Heat", texts=(WeightedText(pieces=("so ", hostile), weights=(0.2, -0.9)),)),
        Gallery(title="Samples", items=(item,)),
        Records(title="Table", columns=("text", "n", "f1"), rows=((hostile, 3, (0.5, 0.4, 0.6)),), user_text=("text",)),
        Card(title="Card", groups={"Details": {"name": hostile}}),
        Finding(title="Gini", value=0.8, lower=0.7, upper=0.9, note=Message(text="It is {g}.", values={"g": "8"})),
        Note(title="Nothing", sentences=("Nothing was measured.",)),
    ]
    return {exhibit.kind: exhibit for exhibit in shown}


@pytest.fixture(scope="session")
def exhibited_page(exhibits: dict[str, Exhibit]) -> str:
    """A page with every kind of exhibit, a word too long for any line, and text in two directions."""
    more = Records(
        title="Words",
        columns=("text", "n"),
        rows=(("x" * 5000, 1), ("\u05e9\u05dc\u05d5\u05dd world \u0645\u0631\u062d\u0628\u0627", 2)),
        user_text=("text",),
    )
    run = {"environment": "tiny", "dataset": "tiny", "seed": 1, "run_ids": []}
    first = {"id": "run", "title": "Run", "lead": [], "blocks": [], "facts": [], "verdict": None, "numbers": run}
    sections = json.loads(json.dumps(pages.sections_of([*exhibits.values(), more])))
    return render.reports([first], sections, [], FLOW, "en")[0]["attention"]
