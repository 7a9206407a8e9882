"""Names of measured quantities and groups as the pages print them, and rows as cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from affectlens.exhibits import Interval, Records

from . import wording
from .blocks import each

Row = Mapping[str, Any]
SUBJECTS = {
    "content_attention": "attention per content",
    "author_attention": "attention per author",
    "user_activity": "activity per user",
    "user_utterances": "texts per user",
    "recommended_exposure": "recommendations per content",
}
ESTIMATORS = {
    "classify and count": "CC",
    "adjusted count (ACC)": "ACC",
    "expectation-maximisation (EMQ)": "EMQ",
    "labels, and adjusted posteriors of the rest (LAP)": "LAP",
}
_NAMES = {
    "gini": "Gini",
    "zero_share": "share with none",
    "some_emotional_share": "posts with some emotional reaction",
    "emotional_share": "emotional reactions",
    "comment_share": "comments",
    **{f"{reaction}_share": reaction for reaction in ("loves", "hahas", "wows", "sads", "angrys")},
    "like_rate": "likes",
    "comment_rate": "comments",
    "share_rate": "shares",
    "emoji_share": "emoji",
    "emoticon_share": "emoticons",
    "elongation_share": "drawn-out letters",
    "mark_run_share": "runs of ! or ?",
    "capital_share": "words in capitals",
    "tokens_p10": "10th percentile",
    "tokens_median": "median",
    "tokens_p90": "90th percentile",
}


def name_of(quantity: str) -> str:
    """A quantity as words: the part behind the colon where there is one.

    >>> name_of("form_share:short_video"), name_of("top_10_percent_share"), name_of("gini")
    ('short video', 'top 10 %', 'Gini')
    """
    part = quantity.split(":", 1)[-1]
    if part.startswith("top_"):
        return f"top {part.removeprefix('top_').removesuffix('_percent_share')} %"
    return _NAMES.get(part, wording.plain(part))


def chosen(statistics: pd.DataFrame, stem: str, group: str | None = None) -> pd.DataFrame:
    """The rows of one quantity, or of all its parts (`stem:`), in one group or in all."""
    is_wanted = statistics["quantity"].str.startswith(stem) if stem.endswith(":") else statistics["quantity"] == stem
    return statistics[is_wanted & ((statistics["group"] == group) | (group is None))]


def bounded(row: Row) -> tuple[float | None, ...]:
    """Value and interval as a cell; the interval is left out where the number is exact."""
    value, lower, upper = (_number(row[name]) for name in ("value", "lower", "upper"))
    return (value, None, None) if lower == upper else (value, lower, upper)


def _number(value: Any) -> float | None:
    return None if pd.isna(value) else float(value)


def interval_of(row: Row, name: str, group: str = "") -> Interval:
    """A row as one line of a figure."""
    value, lower, upper = bounded(row)
    return Interval(name=name, value=value, lower=lower, upper=upper, n=int(row["n"]), group=group)


def code_of(row: Row) -> str:
    """The name of a quantity with that of its estimator where there are several."""
    estimator = ESTIMATORS.get(str(row["method"]))
    return f"{row['quantity']}/{estimator}" if estimator else str(row["quantity"])


def all_numbers(statistics: pd.DataFrame) -> Records:
    """Every number of a page, on demand."""
    known = "truth" in statistics and statistics["truth"].notna().any()
    rows = tuple(
        (code_of(row), row["group"], row["window"], row["unit"], bounded(row), int(row["n"]),
         *((_number(row["truth"]),) if known else ()))
        for row in each(statistics)
    )  # fmt: skip
    columns: Sequence[str] = ("Quantity", "Group", "Window", "Unit", "Value", "n")
    title = "All numbers of this page"
    note = "How each was made stands in the table of the catalog that this page is cut from."
    return Records(title=title, part=title, note=note, columns=(*columns, *(("Truth",) if known else ())), rows=rows,
                   folded=True)  # fmt: skip
