"""Item sequences as S3-Rec published them: one user a line, items in time order (Zhou et al. 2020, CIKM)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import pandas as pd

from affectlens.sources.base import FileName, RemoteFile, Source, SourceParams, Tables
from affectlens.sources.files import NoRowsError, read_lines, read_text

# The files have an order but no clock: the k-th item of a user is given the k-th day from here. Pseudo times.
FIRST_DAY = pd.Timestamp("2000-01-01", tz="UTC")
LINE = r"\d+(?:\s+\d+)+"


class SequencesSource(SourceParams):
    """The sequences and, where there are any, the attributes of the items."""

    name: Literal["sequences"]
    interactions: FileName
    attributes: FileName | None


def read_sequences(params: SequencesSource, paths: Mapping[str, Path]) -> Tables:  # noqa: ARG001
    """Users, products with attribute ids as tags, and purchases in the order of each user's line."""
    lines = read_lines(paths["interactions"]).str.strip()
    is_whole = lines.str.fullmatch(LINE)
    tokens = lines[is_whole].str.split()
    users = tokens.str[0]
    purchases = _purchases(users, tokens.str[1:].explode())
    broken = pd.DataFrame({"defect": ["malformed line"] * int((~is_whole).sum())})
    return {
        "users": pd.DataFrame({"user_id": users.drop_duplicates()}),
        "contents": _contents(purchases["content_id"], _attributes(paths.get("attributes"))),
        "interactions": pd.concat([purchases, broken], ignore_index=True),
    }


def _purchases(users: pd.Series, items: pd.Series) -> pd.DataFrame:
    purchases = pd.DataFrame(
        {"user_id": users.reindex(items.index).to_numpy(), "content_id": items.to_numpy()}, dtype="str"
    )
    step = purchases.groupby("user_id", sort=False).cumcount()
    return purchases.assign(
        interaction_id="purchase-" + purchases.index.astype("str"),
        occurred_at=FIRST_DAY + pd.to_timedelta(step, unit="D"),
        kind="purchase",
    )


def _contents(items: pd.Series, attributes: Mapping[str, object]) -> pd.DataFrame:
    products = items.drop_duplicates().reset_index(drop=True)
    return pd.DataFrame(
        {"content_id": products, "form": "product", "tags": products.map(lambda item: _tags(attributes.get(item)))}
    )


def _tags(attributes: object) -> object:
    """Attribute ids as strings, each once; what is not a list is left for ingestion to refuse."""
    if isinstance(attributes, list):
        return list(dict.fromkeys(str(attribute) for attribute in attributes))
    return [] if attributes is None else attributes


def _attributes(path: Path | None) -> Mapping[str, object]:
    if path is None:
        return {}
    try:
        attributes = json.loads(read_text(path))
    except ValueError as error:
        raise ValueError(f"{path} does not hold one JSON object of item -> attribute ids: {error}") from error
    if not isinstance(attributes, dict):
        raise ValueError(f"{path} holds no JSON object of item -> attribute ids")  # noqa: TRY004  the file is wrong
    if not attributes:
        raise NoRowsError(path, "a JSON object of item -> attribute ids")
    return attributes


_OFFICIAL = "https://raw.githubusercontent.com/RUCAIBox/CIKM2020-S3Rec/master/data"

SOURCE = Source(
    params=SequencesSource,
    read=read_sequences,
    homepage="https://github.com/RUCAIBox/CIKM2020-S3Rec",
    licence="none stated; from UCSD's Amazon reviews and Last.fm HetRec, both for research; cite Zhou et al. 2020",
    # The mirror holds the published files compressed; the official address serves them as they are.
    remote_files=(
        RemoteFile(
            path="amazon_sequences/Beauty.txt.gz",
            sha256="e6dc490dd50fbbb960a1b1b3d7986625bf0627394bf0a3cecb2c86b308ebd0ce",
            url=f"{_OFFICIAL}/Beauty.txt",
            url_sha256="226cce9c3105299ca0db9615d7d3fb32b3175e90da43100ae352599f0f0107b8",
        ),
        RemoteFile(
            path="amazon_sequences/Beauty_item2attributes.json.gz",
            sha256="beb5e5d51be539f487652a68420f6d7bcafaf51cac2d0980e79593b75eb862ff",
            url=f"{_OFFICIAL}/Beauty_item2attributes.json",
            url_sha256="129e40f67486f6877eff0f5318cfa8530ee8ac23d8b0d1de04e1bb7a2ba0b2d4",
        ),
        RemoteFile(
            path="amazon_sequences/LastFM.txt.gz",
            sha256="4fa643a36683909a3e2a9d4c6b35f90f579f90b3f5024718ceccfd9c61675be2",
            url=f"{_OFFICIAL}/LastFM.txt",
            url_sha256="9ded486adb5b0fe9dc761950afa0a9a05e93ff018992e0c52bf11afec529f802",
        ),
        RemoteFile(
            path="amazon_sequences/LastFM_item2attributes.json.gz",
            sha256="698f4f0516ee2c24c3352ec5317a1918ba11a42c37020309e7f6f86aac249828",
            url=f"{_OFFICIAL}/LastFM_item2attributes.json",
            url_sha256="a4ccd678dc9ff6d43fe5073f491db5c9b02eb98dfa4f8c0382913a784be217ef",
        ),
    ),
)
