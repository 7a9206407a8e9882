"""Counters of posts as columns (num_likes, num_loves, ...) turned into rows of reaction counts."""

from __future__ import annotations

import pandas as pd

from affectlens.schemas import REACTIONS

COUNTERS = tuple(f"num_{name}" for name in REACTIONS)
FORM_OF_STATUS = {
    "link": "link",
    "video": "short_video",
    "photo": "image",
    "status": "short_text",
    "event": "link",
    "note": "long_text",
}


def reaction_rows(posts: pd.DataFrame, observed_at: pd.Timestamp) -> pd.DataFrame:
    """One row a post and counter.

    Args:
        posts: `content_id`, `created_at`, `defect` and the columns `COUNTERS`, as strings.
        observed_at: when the counters were read; a post that is younger was read on its own day.
    """
    rows = posts.melt(
        id_vars=["content_id", "created_at", "defect"],
        value_vars=list(COUNTERS),
        var_name="reaction",
        value_name="count",
    )
    return pd.DataFrame(
        {
            "content_id": rows["content_id"],
            "observed_at": rows["created_at"].mask(rows["created_at"] < observed_at, observed_at),
            "reaction": rows["reaction"].str.removeprefix("num_"),
            "count": rows["count"],
            "defect": rows["defect"],
        }
    )
