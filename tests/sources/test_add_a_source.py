from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path

import pandas as pd
import pytest
import yaml

from affectlens.datasets import SourceDataset
from affectlens.pipelines.ingestion import nodes
from affectlens.pipelines.ingestion.params import IngestionParams
from affectlens.sources import SOURCES

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "add_a_source.md").read_text(encoding="utf-8")
KEY = "a key of sixteen or more"


def block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", PAGE, flags=re.DOTALL)
    assert found is not None
    return found.group(1)


@pytest.fixture
def tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, pd.DataFrame]:
    """The raw tables of the page's example: its adapter, its configuration and its data."""
    (tmp_path / "forum.py").write_text(block("python"))
    (tmp_path / "posts.tsv").write_text(block("text"))
    specification = importlib.util.spec_from_file_location("forum", tmp_path / "forum.py")
    module = importlib.util.module_from_spec(specification)
    monkeypatch.setitem(sys.modules, "forum", module)
    specification.loader.exec_module(module)
    monkeypatch.setitem(SOURCES, "forum", module.SOURCE)
    monkeypatch.chdir(tmp_path)
    datasets = {
        name: SourceDataset(table=name) for name in ("users", "contents", "utterances", "emotion_labels", "media")
    }
    for dataset in datasets.values():
        dataset.configure(yaml.safe_load(block("yaml"))["source"])
    return {name: dataset.load() for name, dataset in datasets.items()}


def test_the_adapter_of_the_page_is_under_forty_lines() -> None:
    assert len(block("python").strip().splitlines()) < 40


def test_the_example_of_the_page_is_taken_in_as_the_page_says(tables: dict[str, pd.DataFrame]) -> None:
    page = yaml.safe_load((ROOT / "conf" / "base" / "parameters_ingestion.yml").read_text())["ingestion"]
    limits = IngestionParams.model_validate({**page, "max_rejected_share": 0.5})
    media, *_ = nodes.ingest_media(tables["media"], KEY, limits)
    users, *user_parts = nodes.ingest_users(tables["users"], KEY, limits)
    contents, *_ = nodes.ingest_contents(tables["contents"], media, KEY, limits)
    posts, *post_parts = nodes.ingest_utterances(tables["utterances"], users, contents, media, KEY, limits)
    labels, *label_parts = nodes.ingest_emotion_labels(tables["emotion_labels"], posts, KEY)
    assert posts["text"].tolist() == ["what a lovely day, @user", "is it? I never noticed"]
    assert posts["user_id"].tolist() == users["user_id"].tolist()
    assert labels["labels"].tolist() == [["joy"], ["surprise", "neutral"]]
    rejected = nodes.collect_refusals(user_parts[0], post_parts[0], label_parts[0])
    assert rejected.groupby("source")["reason"].agg(list).to_dict() == {
        "utterances": ["unreadable occurred_at", "malformed line"],
        "emotion_labels": ["unknown utterance_id", "malformed line"],
    }
    tallies = [user_parts[1], post_parts[1], label_parts[1]]
    assert nodes.account_rows(rejected, limits, *tallies)["rejected"].tolist() == [0, 2, 2]
    with pytest.raises(ValueError, match="too many rows"):
        nodes.account_rows(rejected, IngestionParams.model_validate(page), *tallies)
