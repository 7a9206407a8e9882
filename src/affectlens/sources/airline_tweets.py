"""Tweets of airline customers with their sentiment, February 2015 (CrowdFlower)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import pandas as pd

from affectlens.sources.base import FileName, RemoteFile, Source, SourceParams, Tables
from affectlens.sources.files import read_csv

FIELDS = ("airline_sentiment", "user", "text", "tweet_created")


class AirlineTweetsSource(SourceParams):
    """One file of tweets."""

    name: Literal["airline_tweets"]
    tweets: FileName


def read_airline_tweets(params: AirlineTweetsSource, paths: Mapping[str, Path]) -> Tables:  # noqa: ARG001
    """Customers, tweets to the minute, and their sentiment: positive, negative or neutral."""
    rows = read_csv(paths["tweets"], FIELDS)
    rows = rows[rows["defect"].notna() | ~rows.duplicated(["user", "text", "tweet_created"])].reset_index(drop=True)
    sentiment = rows["airline_sentiment"]
    utterance_id = "tweet-" + rows.index.astype("str")
    moment = pd.to_datetime(rows["tweet_created"], format="%d-%m-%Y %H.%M", utc=True, errors="coerce")
    return {
        "users": pd.DataFrame({"user_id": rows["user"].dropna().unique()}),
        "utterances": pd.DataFrame(
            {
                "utterance_id": utterance_id,
                "user_id": rows["user"],
                "occurred_at": moment,
                "text": rows["text"],
                "defect": rows["defect"],
            }
        ).assign(language="en", form="short_text"),
        "emotion_labels": pd.DataFrame({"utterance_id": utterance_id}).assign(
            taxonomy="sentiment",
            labels=sentiment.map(lambda name: [name]),
            defect=rows["defect"].mask(rows["defect"].isna() & sentiment.isna(), "missing airline_sentiment"),
        ),
    }


SOURCE = Source(
    params=AirlineTweetsSource,
    read=read_airline_tweets,
    homepage="https://www.kaggle.com/datasets/crowdflower/twitter-airline-sentiment",
    licence="CC BY-NC-SA 4.0 (CrowdFlower / Figure Eight)",
    remote_files=(
        RemoteFile(
            path="airline_tweets/tweets.csv.gz",
            sha256="2877472fc561ad3ce5d6fd52051fa6d9d85316f18a4aaa22565b74384669da9b",
            note="the official address asks for an account",
        ),
    ),
)
