"""Posts of nine pages of sellers in Thailand, 2012 to 2018, with reaction counts (Dehouche & Wongkitrungrueng 2018)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import pandas as pd

from affectlens.sources.base import FileName, RemoteFile, Source, SourceParams, Tables
from affectlens.sources.files import read_csv
from affectlens.sources.reactions import COUNTERS, FORM_OF_STATUS, reaction_rows

FIELDS = ("status_id", "status_type", "status_published", *COUNTERS)
READ_AT = pd.Timestamp("2018-06-14", tz="UTC")  # the day after the last post; the source does not say


class FacebookLiveSellersSource(SourceParams):
    """One file of posts."""

    name: Literal["facebook_live_sellers"]
    posts: FileName


def read_facebook_live_sellers(params: FacebookLiveSellersSource, paths: Mapping[str, Path]) -> Tables:  # noqa: ARG001
    """Posts without text as contents, their counters as reaction counts; times are taken as UTC, to the minute."""
    posts = read_csv(paths["posts"], FIELDS)
    published = pd.to_datetime(posts["status_published"], utc=True, errors="coerce", format="%m/%d/%Y %H:%M")
    posts = posts.rename(columns={"status_id": "content_id"}).assign(created_at=published)
    unreadable = posts["defect"].isna() & posts["created_at"].isna()
    posts["defect"] = posts["defect"].mask(unreadable, "unreadable status_published")
    contents = posts[["content_id", "created_at", "defect"]].assign(
        author_id=posts["content_id"].str.split("_").str[0], form=posts["status_type"].map(FORM_OF_STATUS)
    )
    return {"contents": contents, "reaction_counts": reaction_rows(posts, READ_AT)}


SOURCE = Source(
    params=FacebookLiveSellersSource,
    read=read_facebook_live_sellers,
    homepage="https://archive.ics.uci.edu/dataset/488",
    licence="CC BY 4.0 (UCI Machine Learning Repository); cite Dehouche and Wongkitrungrueng 2018, ANZMAC",
    remote_files=(
        RemoteFile(
            path="facebook_live_sellers/Live.csv",
            sha256="4b6bb19dcad49df2f16e70e2dd07d5cf509e900317a96e344bcafab8a115aa7f",
            note=(
                "its official page serves it in an archive and with four empty columns more, without a published "
                "checksum: download that and pass the CSV in it with `--params source.posts=PATH`, it is read as well"
            ),
        ),
    ),
)
