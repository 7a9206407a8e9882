"""From a file of one's own to recommendations: what a run of the environment `own` is told, and what it hands back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from kedro.io import CatalogProtocol

from affectlens.pipelines.inference.chain import open_chain
from affectlens.pipelines.inference.lists import lists_of
from affectlens.pipelines.inference.params import RankingParams
from affectlens.pipelines.ingestion.intake import hash_ids
from affectlens.pipelines.reporting.verdicts import main_rows
from affectlens.sources import read_source, source_params

ENVIRONMENT = "own"
RECOMMENDATIONS, LEADERBOARD, REFRESHED = "recommendations.csv", "leaderboard.csv", "refreshed.csv"


def own_parameters(file: Path, out: Path, columns: dict[str, str | None], n_recommended: int) -> dict[str, Any]:
    """Run-time parameters for a file.

    Args:
        file: the interactions.
        out: data root of the run.
        columns: fields of `source:` that were stated; null ones are left to the configuration.
        n_recommended: length of each list.
    """
    stated = {name: value for name, value in columns.items() if value is not None}
    return {
        "data_root": str(out),
        "dataset": file.name.split(".")[0],
        "source": {"interactions": str(file), **stated},
        "inference": {"ranking": {"n_recommended": n_recommended}},
    }


def write_results(catalog: CatalogProtocol[Any, Any], out: Path) -> str:
    """Write the lists, under the user ids of the file, and the leaderboard as CSV; return the leaderboard as text."""
    recommendations, leaderboard = catalog.load("recommendations"), catalog.load("recommender_leaderboard")
    named = under_own_ids(recommendations, catalog.load("raw_users")["user_id"], catalog.load("user_id_key"))
    named.to_csv(out / RECOMMENDATIONS, index=False)
    leaderboard.to_csv(out / LEADERBOARD, index=False)
    return leaderboard_text(leaderboard)


def under_own_ids(lists: pd.DataFrame, user_ids: pd.Series, key: str) -> pd.DataFrame:
    """Lists with the ids of a source's users in place of their hashes."""
    own = pd.Series(user_ids.dropna().astype("str").unique())
    return lists.assign(user_id=lists["user_id"].map(pd.Series(own.to_numpy(), index=hash_ids(own, key))))


def refreshed_lists(
    catalog: CatalogProtocol[Any, Any], source: dict[str, Any], ranking: dict[str, Any]
) -> pd.DataFrame:
    """Lists of the users of a file of new events, after these events, with the weights as they are.

    Args:
        catalog: of an earlier run.
        source: configuration `source:` of the file.
        ranking: parameters `inference.ranking`.

    Raises:
        ValueError: the file cannot be read, or no row has a user, a time and a content that the model knows.
    """
    rows = read_source(source_params(source), Path)["interactions"]
    rows = rows.assign(occurred_at=pd.to_datetime(rows["occurred_at"], utc=True, errors="coerce"))
    rows = rows[rows["defect"].isna()].dropna(subset=["user_id", "content_id", "occurred_at"])
    own, key = rows["user_id"], catalog.load("user_id_key")
    events = rows.assign(user_id=hash_ids(own.astype("str"), key), content_id=rows["content_id"].astype("str"))
    events = events.sort_values("occurred_at", kind="stable")[["user_id", "content_id", "occurred_at", "kind"]]
    tables = ("recommender_checkpoint", "behaviour_sequences", "content_features", "generated_content_features")
    chain = open_chain(*(catalog.load(name) for name in tables))
    known = events[chain.catalogue.index_of(events["content_id"]) >= 0]
    if known.empty:
        raise ValueError(
            f"none of {len(rows)} new events is about a content that the model knows; run `recommend` again"
        )
    later = chain.after(known.assign(split="test", dwell_s=np.nan))
    users = known["user_id"].astype(object).unique()
    return under_own_ids(lists_of(later, users, RankingParams.model_validate(ranking)), own, key)


def leaderboard_text(leaderboard: pd.DataFrame) -> str:
    """The members, best first, on the metrics that one looks at first; NDCG@10 with its interval."""
    main = main_rows(leaderboard)
    if main.empty:
        return "No user has an event after the training period, so nothing could be scored."
    first = ["ndcg@10", "hr@10", "recall@10", "mrr@10", "coverage@10"]
    values = main.pivot_table(index="model", columns="metric", values="value", sort=False)
    values = values.reindex(columns=first)  # one without any value, as coverage for few users is, was left out
    primary = main[main["metric"] == "ndcg@10"].groupby("model", sort=False).first()
    shown = values.round(4)
    interval = "[" + primary["lower"].round(4).astype("str") + ", " + primary["upper"].round(4).astype("str") + "]"
    shown.insert(1, "95 % interval", interval)
    head = f"{main['protocol'].iloc[0]}; {int(primary['n'].max())} users of the {main['split'].iloc[0]} period"
    return f"{head}\n{shown.sort_values('ndcg@10', ascending=False).to_string()}"
