from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from affectlens.features.text import Vocabulary, VocabularyParams
from affectlens.models.checkpoint import Checkpoint
from affectlens.models.emotion.build import PRETRAINED
from affectlens.pipelines.emotion_training import nodes, state_nodes
from affectlens.pipelines.emotion_training.params import (
    DecisionParams,
    EmotionMemberParams,
    MembersParams,
    RecencyParams,
    RecurrentFitParams,
    TrainerParams,
)
from affectlens.pipelines.emotion_training.pipeline import MEMBERS

WORDS = {
    "joy": ["happy", "glad", "lovely", "great"],
    "anger": ["angry", "furious", "mad", "hate"],
    "sadness": ["sad", "cry", "lonely", "lost"],
    "neutral": ["table", "green", "seven", "box"],
}
SEED = 7
SMALL = {"encoder": {"frozen_layers": 1}, "table_lstm": {"state_size": 8}}
CPU = TrainerParams(accelerator="cpu", devices=1, precision="32-true", strategy="auto")


@dataclass(frozen=True)
class Tables:
    utterances: pd.DataFrame
    examples: pd.DataFrame
    annotations: pd.DataFrame
    users: pd.DataFrame
    contents: pd.DataFrame
    interactions: pd.DataFrame
    vocabulary: list[str]


@dataclass(frozen=True)
class Stage:
    """What the nodes gave on `Tables`."""

    members: tuple[Checkpoint, ...]
    history: pd.DataFrame
    model: Checkpoint
    signals: pd.DataFrame
    contents: pd.DataFrame
    decision: DecisionParams
    lived: tuple[Any, ...]
    taught: tuple[Any, ...]
    moving_average: Checkpoint
    recurrent: Checkpoint
    state_history: pd.DataFrame


def make_tables(n: int = 240, n_users: int = 12) -> Tables:
    generator = np.random.default_rng(0)
    labels = list(WORDS)
    user = generator.integers(n_users, size=n)
    mood = generator.dirichlet(np.full(len(labels), 0.4), size=n_users)
    label = [labels[generator.choice(len(labels), p=mood[one])] for one in user]
    text = [
        " ".join([*generator.choice(WORDS[one], 2), *generator.choice(["the", "a", "so", "it"], 3)]) for one in label
    ]
    time = pd.Timestamp("2024-01-01", tz="UTC") + pd.to_timedelta(np.arange(n), unit="h")
    utterances = pd.DataFrame(
        {
            "utterance_id": [f"t{row}" for row in range(n)],
            "user_id": [f"u{one}" for one in user],
            "occurred_at": time.as_unit("us"),
            "content_id": None,
            "text": text,
        }
    )
    examples = utterances.assign(
        taxonomy="ekman",
        labels=[[one] for one in label],
        split=np.repeat(["train", "valid", "test"], [n // 2, n // 4, n // 4]),
    )
    annotations = examples.loc[examples.index.repeat(2), ["utterance_id", "taxonomy", "labels"]].reset_index(drop=True)
    annotations["annotator_id"] = np.tile(["a", "b"], n)
    users = pd.DataFrame({"user_id": [f"u{one}" for one in range(n_users + 1)], "joined_at": time[0].as_unit("us")})
    contents = pd.DataFrame({"content_id": ["c0", "c1", "c2"], "text": ["so happy and glad", None, " "]})
    interactions = make_interactions(n_users, time)
    train_texts = examples.loc[examples["split"] == "train", "text"].tolist()
    vocabulary = Vocabulary.from_texts(train_texts, VocabularyParams(language="en", min_count=1, max_size=100))
    return Tables(utterances, examples, annotations, users, contents, interactions, list(vocabulary.tokens))


def make_interactions(n_users: int, time: pd.DatetimeIndex) -> pd.DataFrame:
    """Each user is shown both contents every day; he views the first."""
    n = 20 * n_users
    shown = pd.DataFrame(
        {
            "interaction_id": [f"i{row}" for row in range(n)],
            "user_id": [f"u{row % n_users}" for row in range(n)],
            "content_id": [f"c{row // n_users % 2}" for row in range(n)],
            "occurred_at": (time[0] + pd.to_timedelta(np.arange(n), unit="h")).as_unit("us"),
            "kind": "impression",
            "value": np.nan,
            "dwell_s": np.nan,
            "surface": "feed",
            "slate_id": [f"s{row}" for row in range(n)],
            "position": 1.0,
        }
    )
    viewed = shown[shown["content_id"] == "c0"].assign(kind="view", dwell_s=3.0)
    viewed["interaction_id"] += "v"
    return pd.concat([shown, viewed], ignore_index=True)


@pytest.fixture(scope="session")
def parameters(project_root: Path) -> dict[str, dict]:
    text = (project_root / "conf/base/parameters_emotion_training.yml").read_text()
    return yaml.safe_load(text.replace("${globals:language}", "en"))["emotion"]


@pytest.fixture(scope="session")
def stage_tables() -> Tables:
    return make_tables()


@pytest.fixture(scope="session")
def decision(parameters: dict[str, dict]) -> DecisionParams:
    return DecisionParams(**parameters["decision"])


@pytest.fixture(scope="session")
def fitted_members(parameters: dict[str, dict], encoder_folder: Path) -> MembersParams:
    everyone = {"profile": "all", "profiles": {**parameters["members"]["profiles"], "all": [*MEMBERS, "blend"]}}
    return MembersParams(**{**parameters["members"], **everyone, "source": str(encoder_folder)})


@pytest.fixture(scope="session")
def stage(
    stage_tables: Tables,
    parameters: dict[str, dict],
    decision: DecisionParams,
    tmp_path_factory: pytest.TempPathFactory,
    fitted_members: MembersParams,
) -> Stage:
    members, histories = [], []
    for member in MEMBERS:
        params = EmotionMemberParams.model_validate(parameters[member])
        if params.training is not None:
            short = {"training": params.training.model_copy(update={"max_epochs": 2})}
            if member in PRETRAINED:
                short["model"] = params.model.model_copy(update={"max_tokens": 16, **SMALL[member]})
            params = params.model_copy(update=short)
        workspace = str(tmp_path_factory.mktemp(member))
        fitted, history = nodes.train_emotion_member(
            stage_tables.examples, stage_tables.vocabulary, params, fitted_members, CPU, SEED, workspace
        )
        members.append(nodes.tune_emotion_member(fitted, stage_tables.examples, decision, SEED))
        histories.append(history)
    members.append(nodes.blend_members(stage_tables.examples, fitted_members, decision, SEED, *members))
    model = nodes.choose_member(*members)
    signals, contents = nodes.read_texts(model, stage_tables.utterances, stage_tables.contents)
    lived = (model, stage_tables.users, stage_tables.utterances, signals, stage_tables.interactions, contents)
    splits = stage_tables.examples[["utterance_id", "split"]]
    ends = stage_tables.utterances["occurred_at"].iloc[[120, 180]].map(pd.Timestamp.isoformat)
    taught = (*lived, stage_tables.examples, splits, {"train_end": ends.iloc[0], "valid_end": ends.iloc[1]})
    state = parameters["state"]
    average = state_nodes.fit_moving_average(*taught, RecencyParams(**state["moving_average"]))
    state["recurrent"]["training"]["max_epochs"] = 3
    recurrent, state_history = state_nodes.fit_recurrent_state(
        *taught, RecurrentFitParams(**state["recurrent"]), 1.0, CPU, SEED, str(tmp_path_factory.mktemp("state"))
    )
    history = nodes.collect_histories(*histories)
    found = (lived, taught, average, recurrent, state_history)
    return Stage(tuple(members), history, model, signals, contents, decision, *found)
