"""Amazon reviews of musical instruments, 5-core 2014: user, product, rating, text and day (McAuley et al. 2015)."""

from __future__ import annotations

import csv
import html
import io
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from affectlens.sources.base import FileName, RemoteFile, Source, SourceParams, Tables
from affectlens.sources.files import read_text, without_lone_surrogates

FIELDS = ("reviewerID", "asin", "reviewText", "overall", "summary", "unixReviewTime")
MAX_LINES_OF_A_RECORD = 100


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
    text = without_lone_surrogates(read_text(path)).rstrip("\r\n")
    records = _json_records(text) if text.lstrip().startswith("{") else _csv_records(text, path)
    frame = pd.DataFrame(records, columns=[*FIELDS, "defect"], dtype=object)
    frame[list(FIELDS)] = frame[list(FIELDS)].astype("str").replace("", np.nan)
    return frame


def _malformed() -> dict[str, str]:
    return {"defect": "malformed line"}


def _json_records(text: str) -> list[dict[str, Any]]:
    records: list[dict[str, Any]] = []
    for line in text.split("\n"):
        try:
            record = json.loads(line)
        except ValueError:
            record = None
        whole = isinstance(record, dict)
        records.append({name: _cell(record.get(name)) for name in FIELDS} if whole else _malformed())
    return records


def _cell(value: object) -> str | None:
    return None if value is None else without_lone_surrogates(str(value))


def _csv_records(text: str, path: Path) -> list[dict[str, str]]:
    lines = text.split("\n")
    header = next(csv.reader(lines[:1]), [])
    missing = sorted(set(FIELDS) - set(header))
    if missing:
        raise ValueError(f"{path} has no columns {missing}; its first line is {lines[0][:200]!r}")
    rows = _csv_rows(lines[1:], len(header))
    return [dict(zip(header, row, strict=True)) if row else _malformed() for row in rows]


def _csv_rows(lines: list[str], n_fields: int) -> Iterator[list[str] | None]:
    """Fields of each record, None for a line that is part of no record: a stray quote costs its own line only."""
    position = 0
    while position < len(lines):
        row, n_lines = _record_at(lines, position, n_fields)
        yield row
        position += n_lines


def _record_at(lines: list[str], position: int, n_fields: int) -> tuple[list[str] | None, int]:
    for n_lines in range(1, MAX_LINES_OF_A_RECORD + 1):
        record = "\n".join(lines[position : position + n_lines])
        if record.count('"') % 2 == 0:
            row = next(csv.reader(io.StringIO(record, newline="")), [])
            return (row, n_lines) if len(row) == n_fields else (None, 1)
        if position + n_lines >= len(lines):
            break
    return None, 1


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
