"""Amazon reviews of musical instruments, 5-core 2014: user, product, rating, text and day (McAuley et al. 2015)."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from affectlens.sources.base import FileName, RemoteFile, Source, SourceParams, Tables
from affectlens.sources.files import MALFORMED, csv_records, read_text, without_lone_surrogates

FIELDS = ("reviewerID", "asin", "reviewText", "overall", "summary", "unixReviewTime")


class MusicalInstrumentsSource(SourceParams):
    """One file of reviews, and perhaps a second one of the same form with each user's last reviews."""

    name: Literal["musical_instruments"]
    reviews: FileName
    held_back: FileName | None


def read_musical_instruments(params: MusicalInstrumentsSource, paths: Mapping[str, Path]) -> Tables:  # noqa: ARG001
    """Ratings, the reviews' texts, and distant sentiment labels from the ratings; contents carry no review text."""
    files = [paths[field] for field in ("reviews", "held_back") if field in paths]
    reviews = pd.concat([_records(path) for path in files], ignore_index=True)
    reviews["occurred_at"] = _days(reviews["unixReviewTime"])
    reviews["value"] = pd.to_numeric(reviews["overall"], errors="coerce")
    reviews["row"] = reviews.index.astype("str")
    return {
        "users": pd.DataFrame({"user_id": reviews["reviewerID"].dropna().unique()}),
        "contents": _contents(reviews),
        "interactions": _interactions(reviews),
        "utterances": _utterances(reviews),
        "emotion_labels": _labels(reviews),
    }


def _days(seconds: pd.Series) -> pd.Series:
    return pd.to_datetime(pd.to_numeric(seconds, errors="coerce"), unit="s", utc=True, errors="coerce")


def _contents(reviews: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame({"content_id": reviews["asin"].dropna().unique(), "form": "product", "tags": None})


def _interactions(reviews: pd.DataFrame) -> pd.DataFrame:
    is_off_scale = reviews["defect"].isna() & ~reviews["value"].between(1, 5)
    return reviews.rename(columns={"reviewerID": "user_id", "asin": "content_id"})[
        ["user_id", "content_id", "occurred_at", "value", "defect"]
    ].assign(
        interaction_id="rating-" + reviews["row"],
        kind="rating",
        defect=reviews["defect"].mask(is_off_scale, "rating outside 1 to 5"),
    )


def _utterances(reviews: pd.DataFrame) -> pd.DataFrame:
    text = reviews["summary"].fillna("") + "\n" + reviews["reviewText"].fillna("")
    return reviews.rename(columns={"reviewerID": "user_id", "asin": "content_id"})[
        ["user_id", "content_id", "occurred_at", "defect"]
    ].assign(
        utterance_id="review-" + reviews["row"],
        text=text.map(html.unescape).str.strip(),
        language="en",
        form="long_text",
    )


def _labels(reviews: pd.DataFrame) -> pd.DataFrame:
    """Sentiment of the rating: 4 and 5 positive, 3 ambiguous, 1 and 2 negative. The rating's word, no annotator's."""
    rated = reviews[reviews["defect"].isna() & reviews["value"].between(1, 5)]
    sentiment = np.select([rated["value"] >= 4, rated["value"] <= 2], ["positive", "negative"], "ambiguous")
    labels = pd.DataFrame({"utterance_id": "review-" + rated["row"], "taxonomy": "sentiment", "labels": sentiment})
    return labels.assign(labels=labels["labels"].map(lambda name: [name]))


def _records(path: Path) -> pd.DataFrame:
    """Reviews of a CSV file with a header or of a JSON-lines file, as strings; broken lines carry a defect."""
    text = read_text(path)
    return _json_records(text) if text.lstrip().startswith("{") else csv_records(text, FIELDS, path)


def _json_records(text: str) -> pd.DataFrame:
    records: list[dict[str, Any]] = []
    for line in without_lone_surrogates(text).rstrip("\r\n").split("\n"):
        try:
            record = json.loads(line)
        except ValueError:
            record = None
        whole = isinstance(record, dict)
        records.append({name: _cell(record.get(name)) for name in FIELDS} if whole else {"defect": MALFORMED})
    frame = pd.DataFrame(records, columns=[*FIELDS, "defect"], dtype=object)
    frame[list(FIELDS)] = frame[list(FIELDS)].astype("str").replace("", np.nan)
    return frame


def _cell(value: object) -> str | None:
    return None if value is None else without_lone_surrogates(str(value))


SOURCE = Source(
    params=MusicalInstrumentsSource,
    read=read_musical_instruments,
    homepage="https://cseweb.ucsd.edu/~jmcauley/datasets/amazon/links.html",
    licence="released by UCSD for research, no formal licence; cite McAuley et al. 2015, He and McAuley 2016",
    remote_files=(
        RemoteFile(
            path="amazon_musical_instruments/reviews.csv.gz",
            sha256="bb43b012236e59ee1647e852f5e7f35b417c2791f4dba0aa03495b6db3df3a83",
            note=(
                "its official page serves another form of it, reviews_Musical_Instruments_5.json.gz (all 10,261 "
                "reviews as JSON lines), without a published checksum: download that file yourself and pass it "
                "with `--params source.reviews=PATH`, it is read as well"
            ),
        ),
    ),
)
