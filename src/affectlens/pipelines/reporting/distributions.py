"""Tables opened into the arrays that `evaluation.attention` and `evaluation.expression` take, and closed again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict

import numpy as np
import pandas as pd

from affectlens.evaluation import attention, expression
from affectlens.evaluation.estimate import Estimate

from .params import AttentionParams, ExpressionParams

STATISTIC_COLUMNS = ["subject", "statistic", "value", "lower", "upper", "n"]
CURVE_COLUMNS = ["subject", "curve", "x", "y"]
EXPRESSION_COLUMNS = ["source", "period", "statistic", "form", "value", "lower", "upper", "n"]
_PERIOD_CODES = {"week": "W", "month": "M", "quarter": "Q", "year": "Y"}
_QUANTILES = {"tokens_p10": 0.1, "tokens_median": 0.5, "tokens_p90": 0.9}


def attention_by_subject(
    users: pd.DataFrame,
    contents: pd.DataFrame,
    interactions: pd.DataFrame,
    utterances: pd.DataFrame,
    recommendations: pd.DataFrame,
    kinds: Iterable[str],
) -> dict[str, np.ndarray]:
    """One count a unit for every distribution that these tables can show, units without any included."""
    events = interactions[interactions["kind"].isin(list(kinds))]
    seen = contents[["content_id", "author_id"]].merge(
        events["content_id"].value_counts().rename("n"), left_on="content_id", right_index=True, how="left"
    )
    by_author = seen.dropna(subset=["author_id"]).groupby("author_id", sort=False)["n"].sum()
    subjects = {
        "content_attention": _counts(events["content_id"], contents["content_id"]),
        "author_attention": by_author.to_numpy(dtype=np.float64) if len(events) else np.empty(0),
        "user_activity": _counts(events["user_id"], users["user_id"]),
        "user_utterances": _counts(utterances["user_id"].dropna(), users["user_id"]),
        "recommended_exposure": _counts(recommendations["content_id"], contents["content_id"]),
    }
    return {name: counts for name, counts in subjects.items() if counts.size > 1 and counts.any()}


def _counts(ids: pd.Series, everyone: pd.Series) -> np.ndarray:
    """How often each id occurs, with a zero for everyone who does not."""
    found = ids.value_counts(sort=False)
    silent = (~everyone.isin(found.index)).sum() if len(found) else 0
    return np.concatenate([found.to_numpy(dtype=np.float64), np.zeros(silent)])


def attention_tables(
    subjects: Mapping[str, np.ndarray], params: AttentionParams, seed: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Statistics of concentration and points of the curves, one block of rows a subject."""
    statistics = [
        {"subject": subject, "statistic": name, **asdict(estimate)}
        for subject, counts in subjects.items()
        for name, estimate in attention.concentration(counts, params.top_shares, seed, params.n_resamples).items()
    ]
    curves = [
        pd.DataFrame({"subject": subject, "curve": name, "x": x.astype(np.float64), "y": y})
        for subject, counts in subjects.items()
        for name, curve in (("lorenz", attention.lorenz_curve), ("rank_size", attention.rank_size_curve))
        for x, y in [curve(counts, params.n_curve_points)]
    ]
    return (
        pd.DataFrame(statistics, columns=STATISTIC_COLUMNS),
        pd.concat(curves, ignore_index=True) if curves else pd.DataFrame(columns=CURVE_COLUMNS),
    )


def posts_by_source(
    contents: pd.DataFrame, interactions: pd.DataFrame, utterances: pd.DataFrame, kinds: Iterable[str]
) -> dict[str, pd.DataFrame]:
    """What was published, attended to and written: columns time, unit and form, and text for what was written."""
    events = interactions[interactions["kind"].isin(list(kinds))]
    events = events.merge(contents[["content_id", "form"]], on="content_id")
    return {
        "published": _posts(contents, "created_at", "author_id"),
        "attended": _posts(events, "occurred_at", "user_id"),
        "written": _posts(utterances, "occurred_at", "user_id"),
    }


def _posts(frame: pd.DataFrame, time: str, unit: str) -> pd.DataFrame:
    names = {time: "time", unit: "unit", "form": "form"} | ({"text": "text"} if "text" in frame else {})
    return frame[list(names)].rename(columns=names).dropna(subset=["time"])


def expression_table(posts: Mapping[str, pd.DataFrame], params: ExpressionParams, seed: int) -> pd.DataFrame:
    """Shares of forms by source and period; of what was written also text length and emoji."""
    rows: list[dict[str, object]] = []
    for source, frame in posts.items():
        kept, periods, names = _in_periods(frame, params)
        if kept.empty:
            continue
        units = _units(kept["unit"])
        rows += _form_rows(source, kept["form"], periods, names, units, params, seed)
        if source == "written":
            rows += _text_rows(kept["text"], periods, names, units, params, seed)
    return pd.DataFrame(rows, columns=EXPRESSION_COLUMNS)


def _in_periods(posts: pd.DataFrame, params: ExpressionParams) -> tuple[pd.DataFrame, np.ndarray, list[str]]:
    """The posts of periods that hold enough of them, the period index of each, and the periods' names."""
    if posts.empty:
        return posts, np.empty(0, dtype=np.int64), []
    times = pd.to_datetime(posts["time"], utc=True).dt.tz_convert(None).dt.to_period(_PERIOD_CODES[params.period])
    enough = times.groupby(times).transform("size") >= params.min_posts
    codes, names = pd.factorize(times[enough], sort=True)
    return posts[enough], codes, [str(name) for name in names]


def _units(ids: pd.Series) -> np.ndarray:
    """Unit index of each post, by first appearance; a post of nobody known is a unit of its own."""
    codes, known = pd.factorize(ids)
    unknown = codes < 0
    codes[unknown] = len(known) + np.arange(unknown.sum())
    return codes


def _form_rows(
    source: str,
    forms: pd.Series,
    periods: np.ndarray,
    names: list[str],
    units: np.ndarray,
    params: ExpressionParams,
    seed: int,
) -> list[dict[str, object]]:
    codes, labels = pd.factorize(forms, sort=True)
    shares = expression.shares_by_period(periods, codes, units, seed, params.n_resamples)
    return [_row(source, names[period], "form_share", labels[form], found) for (period, form), found in shares.items()]


def _text_rows(
    texts: pd.Series, periods: np.ndarray, names: list[str], units: np.ndarray, params: ExpressionParams, seed: int
) -> list[dict[str, object]]:
    has_emoji = (expression.emoji_counts(texts) > 0).astype(np.int64)
    shares = expression.shares_by_period(periods, has_emoji, units, seed, params.n_resamples)
    some = {period: found for (period, one), found in shares.items() if one}
    rows = [_row("written", names[period], "emoji_share", None, found) for period, found in some.items()]
    lengths = expression.token_counts(texts)
    for name, quantile in _QUANTILES.items():
        found = expression.quantile_by_period(periods, lengths, units, quantile, seed, params.n_resamples)
        rows += [_row("written", names[period], name, None, value) for period, value in found.items()]
    return rows


def _row(source: str, period: str, statistic: str, form: str | None, found: Estimate) -> dict[str, object]:
    return {"source": source, "period": period, "statistic": statistic, "form": form, **asdict(found)}
