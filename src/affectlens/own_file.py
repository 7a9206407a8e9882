"""From a file of one's own to recommendations: what a run of the environment `own` is told, and what it hands back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
from kedro.io import CatalogProtocol

from affectlens.pipelines.ingestion.intake import hash_ids

ENVIRONMENT = "own"
RECOMMENDATIONS, LEADERBOARD = "recommendations.csv", "leaderboard.csv"


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
    own_ids = pd.Series(catalog.load("raw_users")["user_id"].dropna().astype("str").unique())
    known_as = pd.Series(own_ids.to_numpy(), index=hash_ids(own_ids, catalog.load("user_id_key")))
    named = recommendations.assign(user_id=recommendations["user_id"].map(known_as))
    named.to_csv(out / RECOMMENDATIONS, index=False)
    leaderboard.to_csv(out / LEADERBOARD, index=False)
    return leaderboard_text(leaderboard)


def leaderboard_text(leaderboard: pd.DataFrame) -> str:
    """The members, best first, on the metrics that one looks at first; NDCG@10 with its interval."""
    main = leaderboard[leaderboard["protocol"] != "paired"]
    if main.empty:
        return "No user has an event after the training period, so nothing could be scored."
    values = main.pivot_table(index="model", columns="metric", values="value", sort=False)
    primary = main[main["metric"] == "ndcg@10"].groupby("model", sort=False).first()
    shown = values[["ndcg@10", "hr@10", "recall@10", "mrr@10", "coverage@10"]].round(4)
    interval = "[" + primary["lower"].round(4).astype("str") + ", " + primary["upper"].round(4).astype("str") + "]"
    shown.insert(1, "95 % interval", interval)
    head = f"{main['protocol'].iloc[0]}; {int(primary['n'].max())} users of the {main['split'].iloc[0]} period"
    return f"{head}\n{shown.sort_values('ndcg@10', ascending=False).to_string()}"
