"""Posts of Facebook pages with the count of each reaction, February to June 2016 (Woolf 2016)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import pandas as pd

from affectlens.sources.base import FileName, RemoteFile, Source, SourceParams, Tables
from affectlens.sources.files import csv_records, read_text
from affectlens.sources.reactions import COUNTERS, FORM_OF_STATUS, reaction_rows

FIELDS = ("status_id", "status_message", "link_name", "status_type", "status_published", *COUNTERS)
UTC_OFFSET = pd.Timedelta(hours=5)  # the scraper wrote UTC minus 5 hours, in summer too
READ_AT = pd.Timestamp("2016-06-24", tz="UTC")  # the counters were read from the 20th to the 24th


class FacebookReactionsSource(SourceParams):
    """One file of posts."""

    name: Literal["facebook_reactions"]
    posts: FileName


def read_facebook_reactions(params: FacebookReactionsSource, paths: Mapping[str, Path]) -> Tables:  # noqa: ARG001
    """Posts as contents, their counters as reaction counts; a post without a message has the name of its link."""
    text = read_text(paths["posts"])
    has_page = "page" in text.split("\n", 1)[0].split(
        ","
    )  # the files of one page each, as published, have no such column
    posts = csv_records(text, [*FIELDS, "page"] if has_page else FIELDS, paths["posts"])
    page = posts["page"] if has_page else posts["status_id"].str.split("_").str[0]
    published = pd.to_datetime(posts["status_published"], utc=True, errors="coerce", format="%Y-%m-%d %H:%M:%S")
    posts = posts.rename(columns={"status_id": "content_id"}).assign(created_at=published + UTC_OFFSET)
    unreadable = posts["defect"].isna() & posts["created_at"].isna()
    posts["defect"] = posts["defect"].mask(unreadable, "unreadable status_published")
    contents = posts[["content_id", "created_at", "defect"]].assign(
        author_id=page,
        form=posts["status_type"].map(FORM_OF_STATUS),
        text=posts["status_message"].fillna(posts["link_name"]),
        language="en",
    )
    return {"contents": contents, "reaction_counts": reaction_rows(posts, READ_AT)}


SOURCE = Source(
    params=FacebookReactionsSource,
    read=read_facebook_reactions,
    homepage="https://github.com/minimaxir/interactive-facebook-reactions",
    licence="MIT in the source repository; the platform's terms cover the texts: do not publish them again",
    remote_files=(
        RemoteFile(
            path="facebook_reactions/posts.csv.gz",
            sha256="78b467633ef46b740af071011051b1dc34f6a80824aa8f5e22dfc22467c805eb",
            note=(
                "its official repository (commit ae1478b, folder data/) serves one file a page, not this joint one: "
                "download a page's file and pass it with `--params source.posts=PATH`, it is read as well"
            ),
        ),
    ),
)
