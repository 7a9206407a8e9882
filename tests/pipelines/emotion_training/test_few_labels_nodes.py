"""A network fitted on few labels, and on what a teacher says of all other texts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from affectlens.evaluation.estimate import LEADERBOARD_COLUMNS
from affectlens.pipelines.emotion_training import tables
from affectlens.pipelines.emotion_training.few_labels_nodes import TAUGHT, TEACHER, score_few_labels
from affectlens.pipelines.emotion_training.params import EmotionMemberParams, FewLabelsParams, TrainerParams

SEED, SHARE = 7, 0.3
CPU = TrainerParams(accelerator="cpu", devices=1, precision="32-true", strategy="auto")


@pytest.fixture
def score(stage_tables, parameters, decision, tmp_path):
    members = [EmotionMemberParams.model_validate(parameters[name]) for name in ("tfidf", "lstm")]

    def run(examples: pd.DataFrame, folder: str, **changes) -> pd.DataFrame:
        training = {**parameters["few_labels"]["training"], "max_epochs": 3}
        params = FewLabelsParams(**{"share": SHARE, "fewest": 20, "training": training, "taught_epochs": 3, **changes})
        workspace = str(Path(tmp_path) / folder)
        return score_few_labels(
            examples, stage_tables.vocabulary, *members, params, decision, CPU, SEED, workspace, "tiny"
        )

    return run


def test_rows_of_four_models_and_the_paired_gain_over_the_three_that_were_not_taught(score, stage_tables) -> None:
    rows = score(stage_tables.examples, "first")
    assert list(rows.columns) == list(LEADERBOARD_COLUMNS)
    assert set(rows["split"]) == {"valid"}
    others = ("tfidf", TEACHER, "lstm")
    pairs = [f"{TAUGHT} - {name}" for name in others]
    assert rows["model"].drop_duplicates().tolist() == [*others, TAUGHT, *pairs]
    figures = rows.set_index(["model", "metric"])["value"]
    for name, pair in zip(others, pairs, strict=True):
        assert figures[pair, "macro_f1"] == pytest.approx(figures[TAUGHT, "macro_f1"] - figures[name, "macro_f1"])


def test_the_labels_of_the_other_texts_are_never_read(score, stage_tables) -> None:
    examples = stage_tables.examples
    train = examples["split"] == "train"
    known, _ = tables.parted(tables.fitting_texts(examples)[0], SHARE, SEED)
    hidden = train & ~examples["text"].isin(known.texts)
    assert hidden.sum() > 50
    wrong = examples.copy()
    wrong.loc[hidden, "labels"] = wrong.loc[hidden, "labels"].sample(frac=1.0, random_state=0).to_numpy()
    pd.testing.assert_frame_equal(score(examples, "right"), score(wrong, "wrong"))


def test_too_few_labels_give_no_rows(score, stage_tables) -> None:
    rows = score(stage_tables.examples, "none", fewest=1000)
    assert rows.empty
    assert list(rows.columns) == list(LEADERBOARD_COLUMNS)


def test_texts_are_parted_once_and_whole(stage_tables) -> None:
    train, _ = tables.fitting_texts(stage_tables.examples)
    few, others = tables.parted(train, SHARE, SEED)
    assert len(few.texts) == round(SHARE * len(train.texts))
    assert sorted([*few.texts, *others.texts]) == sorted(train.texts)
    assert np.array_equal(
        np.sort(few.labels.sum(axis=0) + others.labels.sum(axis=0)), np.sort(train.labels.sum(axis=0))
    )
