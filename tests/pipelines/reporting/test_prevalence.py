"""Labels and readings together: what people labelled counts as labelled, and only the rest as the model reads it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from affectlens.features.taxonomy import EKMAN
from affectlens.pipelines.reporting import expression_prevalence, measured
from affectlens.pipelines.reporting.params import ExpressionParams

PARAMS = ExpressionParams(kinds=("view",), period="quarter", min_posts=30, n_resamples=20, n_prevalence_resamples=40)
JOY, NEUTRAL = EKMAN.index("joy"), EKMAN.index("neutral")
N = 4000


def tables(labelled: float, seed: int) -> tuple[np.ndarray, pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Whether each text means joy, which half of those read as neutral do; texts, what is read, labels of some."""
    draw = np.random.default_rng(seed)
    quarter = np.repeat([0, 1], N // 2)
    is_joy = draw.random(N) < np.where(quarter == 0, 0.3, 0.6)
    sure = np.where(is_joy, draw.choice([0.8, 0.3], N), 0.1)
    probabilities = np.zeros((N, len(EKMAN)))
    probabilities[:, JOY], probabilities[:, NEUTRAL] = sure, 1 - sure
    ids = [f"t{i}" for i in range(N)]
    time = pd.Timestamp("2024-01-15", tz="UTC") + pd.to_timedelta(quarter * 91, unit="D")
    utterances = pd.DataFrame({"utterance_id": ids, "occurred_at": time})
    signals = utterances.assign(
        user_id=[f"u{i}" for i in draw.integers(200, size=N)], probabilities=list(probabilities)
    )
    chosen = draw.random(N) < labelled
    split = np.where(draw.random(N) < 0.8, "train", "valid")
    labels = [["joy"] if joy else ["neutral"] for joy in is_joy]
    examples = pd.DataFrame({"utterance_id": ids, "labels": labels, "split": split})[chosen]
    return is_joy, utterances, signals, examples


def estimates(labelled: float, seed: int) -> tuple[np.ndarray, pd.DataFrame]:
    """True share of joy by quarter, and rows of joy by window and method."""
    is_joy, utterances, signals, examples = tables(labelled, seed)
    read = expression_prevalence.written_posts(utterances, signals, examples, "ekman")
    rows = measured.table(expression_prevalence.prevalences(read, "written", PARAMS, seed))
    joy = rows[rows["quantity"] == "prevalence:joy"]
    methods = joy["method"].str.extract(r"\((\w+)\)$", expand=False).fillna("CC")
    told = ["value", "lower", "upper", "n"]
    return is_joy.reshape(2, -1).mean(axis=1), joy.assign(method=methods).pivot_table(
        index="window", columns="method", values=told
    )


def test_where_everything_is_labelled_the_labels_are_the_answer() -> None:
    true, found = estimates(1.0, 0)
    np.testing.assert_allclose(found["value"]["LAP"], true, atol=1e-12)
    assert (found["n"]["LAP"] == N // 2).all()


def test_labels_and_readings_together_have_less_than_half_of_countings_error() -> None:
    errors = []
    for seed in range(8):
        true, found = estimates(0.5, seed)
        errors.append([np.abs(found["value"][method] - true).mean() for method in ("CC", "ACC", "LAP")])
    counting, adjusting, together = np.mean(errors, axis=0)
    assert counting > 0.1
    assert together < adjusting < 0.5 * counting


def test_the_interval_of_both_together_holds_the_share_of_those_who_might_have_written() -> None:
    """Authors are drawn again: what is held is the share behind this sample of people."""
    held = []
    for seed in range(20):
        _, found = estimates(0.5, seed)
        held += ((found["lower"]["LAP"] <= [0.3, 0.6]) & (found["upper"]["LAP"] >= [0.3, 0.6])).tolist()
    assert np.mean(held) >= 0.85


def test_without_a_held_out_label_nothing_is_put_together() -> None:
    _, utterances, signals, examples = tables(0.5, 0)
    learnt = examples[examples["split"] == "train"]
    read = expression_prevalence.written_posts(utterances, signals, learnt, "ekman")
    rows = measured.table(expression_prevalence.prevalences(read, "written", PARAMS, 0))
    assert set(rows["method"]) == {"classify and count"}
