"""Open Bandit: a fashion shop's log of two policies that shared its traffic, with propensities (Saito et al. 2021)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import pandas as pd

from affectlens.sources.base import FileName, RemoteFile, Source, SourceParams, Tables
from affectlens.sources.files import read_csv

LOGS = ("random", "bts")  # uniform at random; Bernoulli Thompson sampling
VISITOR = ("user_feature_0", "user_feature_1", "user_feature_2", "user_feature_3")
ITEM = ("item_id", "item_feature_0", "item_feature_1", "item_feature_2", "item_feature_3")
FIELDS = ("timestamp", "item_id", "position", "click", "propensity_score", *VISITOR)


class OpenBanditSource(SourceParams):
    """The logs of one campaign, at least one of them, and what is known of its items."""

    name: Literal["open_bandit"]
    random: FileName | None
    bts: FileName | None
    items: FileName | None


def read_open_bandit(params: OpenBanditSource, paths: Mapping[str, Path]) -> Tables:  # noqa: ARG001
    """Impressions with their propensity and position, clicks as views; `surface` names the policy that chose.

    The log knows no visitor twice, so each impression has one of its own, with the features that it has of him.

    Raises:
        ValueError: there is no log.
    """
    if not any(log in paths for log in LOGS):
        raise ValueError(f"no log is named; state one or both of {[f'source.{log}' for log in LOGS]}")
    rows = pd.concat([_rows(log, paths[log]) for log in LOGS if log in paths], ignore_index=True)
    return {
        "users": rows.loc[rows["defect"].isna(), ["user_id", *(f"attribute_{name}" for name in VISITOR)]],
        "contents": _items(rows, paths.get("items")),
        "interactions": pd.concat([_impressions(rows), _clicks(rows)], ignore_index=True),
    }


def _rows(log: str, path: Path) -> pd.DataFrame:
    rows = read_csv(path, FIELDS)
    is_odd = rows["defect"].isna() & ~rows["click"].isin(["0", "1"])
    position = pd.to_numeric(rows["position"], errors="coerce")
    defect = rows["defect"].mask(is_odd, "click is neither 0 nor 1")
    unreadable = defect.isna() & position.isna() & rows["position"].notna()
    number = rows.index.astype("str")
    return pd.DataFrame(
        {
            "number": f"{log}-" + number,
            "user_id": f"visitor-{log}-" + number,
            "content_id": rows["item_id"],
            "occurred_at": pd.to_datetime(rows["timestamp"], utc=True, errors="coerce", format="ISO8601"),
            "surface": log,
            "position": position,
            "propensity": pd.to_numeric(rows["propensity_score"], errors="coerce"),
            "is_clicked": rows["click"] == "1",
            "defect": defect.mask(unreadable, "position is no number"),
            **{f"attribute_{name}": rows[name] for name in VISITOR},
        }
    )


def _impressions(rows: pd.DataFrame) -> pd.DataFrame:
    shown = rows[["user_id", "content_id", "occurred_at", "surface", "position", "propensity", "defect"]]
    no_chance = shown["defect"].isna() & shown["propensity"].isna()
    return shown.assign(
        interaction_id="impression-" + rows["number"],
        kind="impression",
        defect=shown["defect"].mask(no_chance, "propensity_score is no number"),
    )


def _clicks(rows: pd.DataFrame) -> pd.DataFrame:
    clicked = rows[rows["is_clicked"] & rows["defect"].isna()]
    return clicked[["user_id", "content_id", "occurred_at", "surface", "position"]].assign(
        interaction_id="click-" + clicked["number"], kind="view"
    )


def _items(rows: pd.DataFrame, path: Path | None) -> pd.DataFrame:
    """Items with their three categories as tags and their one number as an attribute; those of the logs at least."""
    known = pd.DataFrame(columns=[*ITEM, "defect"], dtype="str") if path is None else read_csv(path, ITEM)
    in_logs = rows.loc[rows["defect"].isna(), "content_id"].dropna().drop_duplicates()
    others = pd.DataFrame({"item_id": in_logs[~in_logs.isin(known["item_id"])]})
    items = pd.concat([known, others], ignore_index=True)
    return pd.DataFrame(
        {
            "content_id": items["item_id"],
            "form": "product",
            "tags": [[tag for tag in row if pd.notna(tag)] for row in items[list(ITEM[2:])].itertuples(index=False)],
            "attribute_item_feature_0": pd.to_numeric(items["item_feature_0"], errors="coerce"),
            "defect": items["defect"],
        }
    )


_PACKAGE = (
    "no address serves it alone: the wheel of the PyPI package obp 0.4.1 holds it (`pip download --no-deps obp==0.4.1`,"
    " unpack it, look for obd); pass it with `--params source.random=PATH,source.bts=PATH,source.items=PATH`"
)

SOURCE = Source(
    params=OpenBanditSource,
    read=read_open_bandit,
    homepage="https://research.zozo.com/data.html",
    licence="CC BY 4.0; cite Saito, Aihara, Matsutani and Narita 2021, NeurIPS Datasets and Benchmarks",
    remote_files=(
        RemoteFile(
            path="open_bandit/random/all/all.csv.gz",
            sha256="3607b8b296ca07fea246a63ea66cdfee38063503f4da1bc4435f65b5cdfdd592",
            note=_PACKAGE,
        ),
        RemoteFile(
            path="open_bandit/bts/all/all.csv.gz",
            sha256="dd1ba26f84cb0b5704f2e9d829101417dd748c3d60e70258126bcf5c5fbf74fb",
            note=_PACKAGE,
        ),
        RemoteFile(
            path="open_bandit/random/all/item_context.csv.gz",
            sha256="d8e57e36f03fb5255865768e6ca003e20efd60013ec5125b233135bf64148da0",
            note=_PACKAGE,
        ),
    ),
)
