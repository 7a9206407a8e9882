"""What was published, written and reacted to, one row a post with the marks of its expression."""

from __future__ import annotations

import numpy as np
import pandas as pd

from affectlens.evaluation.composition import without_authors
from affectlens.features import writing_marks
from affectlens.features.windows import equal_windows, window_names, window_starts

from .attention_tables import latest_counts
from .params import ExpressionParams

EMOTIONAL = ("loves", "wows", "hahas", "sads", "angrys")
TEXT_MARKS = ("emoji_share", "emoticon_share", "elongation_share", "mark_run_share", "capital_share")
REACTION_MARKS = ("emotional_share", "some_emotional_share", *(f"{name}_share" for name in EMOTIONAL), "comment_share")
POST_COLUMNS = ["source", "time", "unit", "form", "tokens", *TEXT_MARKS, *REACTION_MARKS]


def expression_posts(contents: pd.DataFrame, utterances: pd.DataFrame, reaction_counts: pd.DataFrame) -> pd.DataFrame:
    """Posts with a time: `source` (published, written, reacted), `unit` (author, by appearance) and marks.

    A post that people reacted to stands twice: as published with its form and text, and as reacted with its reactions.
    """
    published = _posts(contents.rename(columns={"created_at": "time", "author_id": "author"}), "published")
    written = _posts(utterances.rename(columns={"occurred_at": "time", "user_id": "author"}), "written")
    reacted = published.assign(source="reacted", text=None).merge(reaction_shares(reaction_counts), on="content_id")
    parts = [_marked(part) for part in (published, written)] + [reacted]
    return pd.concat(parts, ignore_index=True).reindex(columns=POST_COLUMNS)


def _posts(frame: pd.DataFrame, source: str) -> pd.DataFrame:
    kept = frame.dropna(subset=["time"]).reset_index(drop=True)
    columns = {name: kept[name] for name in ("time", "form", "text", "content_id")}
    return pd.DataFrame({"source": source, "unit": units_of(kept["author"]), **columns})


def units_of(ids: pd.Series) -> np.ndarray:
    """Unit index of each post, by first appearance; a post of nobody known is a unit of its own."""
    codes, known = pd.factorize(ids)
    unknown = codes < 0
    codes[unknown] = len(known) + np.arange(unknown.sum())
    return codes


def _marked(posts: pd.DataFrame) -> pd.DataFrame:
    has_text = posts["text"].notna()
    texts = posts.loc[has_text, "text"]
    counts = {
        "emoji_share": writing_marks.emoji_counts,
        "emoticon_share": writing_marks.emoticon_counts,
        "elongation_share": writing_marks.elongation_counts,
        "mark_run_share": writing_marks.mark_run_counts,
        "capital_share": writing_marks.capital_counts,
    }
    marks = {name: (count(texts) > 0).astype(np.float64) for name, count in counts.items()}
    marks["tokens"] = writing_marks.token_counts(texts).astype(np.float64)
    return posts.join(pd.DataFrame(marks, index=texts.index))


def reaction_shares(reaction_counts: pd.DataFrame) -> pd.DataFrame:
    """Shares among the reactions of each post, and of comments beside reactions; NaN where there are none."""
    counts = latest_counts(reaction_counts[~reaction_counts["reaction"].isin(["impressions", "clicks", "shares"])])
    if counts.empty:
        return pd.DataFrame(columns=["content_id", *REACTION_MARKS])
    counts = counts.reindex(columns=["likes", "comments", *EMOTIONAL]).fillna(0.0)
    reactions = counts[["likes", *EMOTIONAL]].sum(axis=1)
    some = reactions.where(reactions > 0)
    shares = {f"{name}_share": counts[name] / some for name in EMOTIONAL}
    spoken = reactions + counts["comments"]
    shares |= {
        "emotional_share": counts[list(EMOTIONAL)].sum(axis=1) / some,
        "some_emotional_share": (counts[list(EMOTIONAL)].sum(axis=1) > 0).astype(np.float64).where(reactions > 0),
        "comment_share": counts["comments"] / spoken.where(spoken > 0),
    }
    return pd.DataFrame(shares).reset_index()


def windows_of(posts: pd.DataFrame, params: ExpressionParams) -> tuple[pd.DataFrame, np.ndarray, list[str]]:
    """The posts of windows that hold enough of them, the window index of each, and the windows' names."""
    starts = window_starts(posts["time"], params.period)
    enough = starts.groupby(starts).transform("size") >= params.min_posts
    codes, kept = pd.factorize(starts[enough], sort=True)
    return posts[enough], codes, window_names(pd.Series(kept), params.period).tolist()


def daily_series(posts: pd.DataFrame, rates: pd.DataFrame) -> pd.DataFrame:
    """Every quantity in which breaks are looked for, by day: `source`, `quantity`, `day`, `n` and `total` (sum over n).

    Posts count without the lasting differences between their authors, who come and go.

    Args:
        posts: as `expression_posts` gives them.
        rates: by day, `day`, and the counts `view`, `like`, `comment` and `share` of what users did.
    """
    frames = [_daily(rows, str(source)) for source, rows in posts.groupby("source", sort=False)]
    kinds = [kind for kind in ("like", "comment", "share") if kind in rates and "view" in rates and rates[kind].any()]
    seen = {"source": "attended", "day": rates["day"]} if kinds else {}
    frames += [
        pd.DataFrame({**seen, "quantity": f"{kind}_rate", "n": rates["view"], "total": rates[kind]}) for kind in kinds
    ]
    columns = ["source", "quantity", "day", "n", "total"]
    return pd.concat(frames, ignore_index=True)[columns] if frames else pd.DataFrame(columns=columns)


def _daily(posts: pd.DataFrame, source: str) -> pd.DataFrame:
    values = posts[[*TEXT_MARKS, *REACTION_MARKS]].dropna(axis="columns", how="all")
    values = values.assign(log_tokens=np.log1p(posts["tokens"])) if posts["tokens"].notna().any() else values
    if source != "reacted" and len(set(posts["form"])) > 1:
        values = values.join(pd.get_dummies(posts["form"], dtype=np.float64).add_prefix("form_share:"))
    units = posts["unit"].to_numpy()
    values = values.apply(lambda column: without_authors(column.to_numpy(dtype=np.float64), units))
    grouped = values.groupby(window_starts(posts["time"], "day"))
    counted, summed = grouped.count(), grouped.sum()
    return pd.concat(
        [
            pd.DataFrame({"quantity": name, "day": summed.index, "n": counted[name], "total": summed[name]})
            for name in values
        ],
        ignore_index=True,
    ).assign(source=source)


def equal_series(days: pd.DataFrame, n_windows: int) -> tuple[np.ndarray, pd.Series]:
    """Means of a quantity over windows of nearly equal numbers of posts, and the first day of each window.

    The cycle of the week is taken out before: each weekday's difference from the whole mean.

    Args:
        days: `day`, `n` and `total`, in order of time.
        n_windows: windows to cut the days into; fewer come back where single days hold more than a window's posts.
    """
    n, total = (days[name].to_numpy(dtype=np.float64) for name in ("n", "total"))
    weekday = days["day"].dt.day_of_week.to_numpy()
    n_of_weekday, total_of_weekday = (np.bincount(weekday, weights=column, minlength=7) for column in (n, total))
    mean = total.sum() / n.sum()
    usual = np.divide(total_of_weekday, n_of_weekday, out=np.full(7, mean), where=n_of_weekday > 0) - mean
    windows = equal_windows(n, n_windows)
    held, summed = (np.bincount(windows, weights=column) for column in (n, total - n * usual[weekday]))
    _, first = np.unique(windows, return_index=True)
    kept = held > 0
    return summed[kept] / held[kept], days["day"].iloc[first[kept[np.unique(windows)]]].reset_index(drop=True)
