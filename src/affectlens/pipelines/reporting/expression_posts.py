"""What was published, written and reacted to, one row a post with the marks of its expression."""

from __future__ import annotations

import numpy as np
import pandas as pd

from affectlens.features import writing_marks
from affectlens.features.composition import without_authors
from affectlens.features.windows import equal_windows, window_names, window_numbers, window_starts
from affectlens.schemas import COUNTERS

from .params import ExpressionParams

RESPONSES = ("like", "comment", "share")  # to a viewed content, by kind of interaction
EMOTIONAL = ("loves", "wows", "hahas", "sads", "angrys")
TEXT_MARKS = ("emoji_share", "emoticon_share", "elongation_share", "mark_run_share", "capital_share")
REACTION_MARKS = ("emotional_share", "some_emotional_share", *(f"{name}_share" for name in EMOTIONAL), "comment_share")
AMOUNTS = ("log_tokens", *REACTION_MARKS)  # of which a post has more or less, where it has another mark or not
POST_COLUMNS = ["source", "time", "unit", "form", "tokens", *TEXT_MARKS, *REACTION_MARKS]


def expression_posts(contents: pd.DataFrame, utterances: pd.DataFrame, reaction_counts: pd.DataFrame) -> pd.DataFrame:
    """Posts with a time: `source` (published, written, reacted), `unit` (author, by appearance) and marks.

    A post that people reacted to stands again as reacted, once for each time when its counters had grown.
    """
    published = _posts(contents.rename(columns={"created_at": "time", "author_id": "author"}), "published")
    written = _posts(utterances.rename(columns={"occurred_at": "time", "user_id": "author"}), "written")
    grown = reaction_shares(new_reactions(reaction_counts))
    reacted = published.assign(source="reacted", text=None).merge(grown, on="content_id")
    reacted["time"] = reacted["observed_at"].fillna(reacted["time"])
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


def new_reactions(reaction_counts: pd.DataFrame) -> pd.DataFrame:
    """What each reading of a post's counters adds to the one before, dated in the middle between the two.

    Returns:
        `content_id`, `observed_at` (no time for the first reading: its reactions belong to the post's own day) and one
        column a counter.
    """
    keys = ["content_id", "observed_at"]
    read = reaction_counts.pivot_table(index=keys, columns="reaction", values="count", aggfunc="sum").reset_index()
    by_post = read.groupby("content_id", sort=False)
    counters = [name for name in read if name not in keys]
    added = read[counters].fillna(0.0) - by_post[counters].shift().fillna(0.0)
    before = by_post["observed_at"].shift()
    dated = pd.DataFrame({"content_id": read["content_id"], "observed_at": before + (read["observed_at"] - before) / 2})
    return dated.join(added.clip(lower=0.0).astype(np.float64))


def reaction_shares(counts: pd.DataFrame) -> pd.DataFrame:
    """Shares among the reactions of each row, and of comments beside reactions; rows without any are left out.

    Args:
        counts: columns of counters, and others, which are kept.
    """
    names = ["likes", "comments", *EMOTIONAL]
    counted = counts.reindex(columns=names).fillna(0.0)
    reactions = counted[["likes", *EMOTIONAL]].sum(axis=1)
    some = reactions.where(reactions > 0)
    shares = {f"{name}_share": counted[name] / some for name in EMOTIONAL}
    spoken = reactions + counted["comments"]
    shares |= {
        "emotional_share": counted[list(EMOTIONAL)].sum(axis=1) / some,
        "some_emotional_share": (counted[list(EMOTIONAL)].sum(axis=1) > 0).astype(np.float64).where(reactions > 0),
        "comment_share": counted["comments"] / spoken.where(spoken > 0),
    }
    kept = counts[[name for name in counts if name not in COUNTERS]]
    return kept.join(pd.DataFrame(shares))[spoken > 0].reset_index(drop=True)


def windows_of(posts: pd.DataFrame, params: ExpressionParams) -> tuple[pd.DataFrame, np.ndarray, list[str]]:
    """The posts of windows that hold enough of them, the window index of each, and the windows' names."""
    starts = window_starts(posts["time"], params.period)
    enough = starts.groupby(starts).transform("size") >= params.min_posts
    codes, kept = pd.factorize(starts[enough], sort=True)
    return posts[enough], codes, window_names(pd.Series(kept), params.period).tolist()


def daily_series(posts: pd.DataFrame, responses: pd.DataFrame) -> pd.DataFrame:
    """Every quantity in which breaks are looked for, by day: `source`, `quantity`, `day`, `n` and `total` (sum over n).

    Posts count without the lasting differences between their authors, who come and go.

    Args:
        posts: as `expression_posts` gives them.
        responses: what users did with what they viewed, as `event_log.daily_responses` gives it.
    """
    daily = (_daily(rows, str(source)) for source, rows in posts.groupby("source", sort=False))
    frames = [frame for frame in daily if len(frame)]
    if not responses.empty:
        frames.append(responses.assign(source="attended", quantity=responses["kind"] + "_rate"))
    columns = ["source", "quantity", "day", "n", "total"]
    return pd.concat(frames, ignore_index=True)[columns] if frames else pd.DataFrame(columns=columns)


def _daily(posts: pd.DataFrame, source: str) -> pd.DataFrame:
    values = posts[[*TEXT_MARKS, *REACTION_MARKS]].dropna(axis="columns", how="all")
    values = values.assign(log_tokens=np.log1p(posts["tokens"])) if posts["tokens"].notna().any() else values
    if source != "reacted" and len(set(posts["form"])) > 1:
        values = values.join(pd.get_dummies(posts["form"], dtype=np.float64).add_prefix("form_share:"))
    units, month = posts["unit"].to_numpy(), window_numbers(window_starts(posts["time"], "month"), "month")
    values = values.apply(lambda column: without_authors(column.to_numpy(dtype=np.float64), units, month))
    grouped = values.groupby(window_starts(posts["time"], "day"))
    counted, summed = grouped.count(), grouped.sum()
    columns = [
        pd.DataFrame({"quantity": name, "day": summed.index, "n": counted[name], "total": summed[name]})
        for name in values
    ]
    return pd.concat(columns, ignore_index=True).assign(source=source) if columns else pd.DataFrame()


def equal_series(days: pd.DataFrame, n_windows: int) -> tuple[np.ndarray, np.ndarray, pd.Series]:
    """Means of a quantity over windows of nearly equal numbers of posts, these numbers, and the windows' first days.

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
    numbers, first = np.unique(windows, return_index=True)
    kept = held > 0
    starts = days["day"].iloc[first[kept[numbers]]].reset_index(drop=True)
    return summed[kept] / held[kept], held[kept], starts
