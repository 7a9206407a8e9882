"""Every measure of expression by window as rows: forms, texts, reactions; and what users did with contents."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from affectlens.evaluation import expression
from affectlens.evaluation.estimate import Estimate
from affectlens.features.windows import window_names

from .expression_posts import REACTION_MARKS, TEXT_MARKS, windows_of
from .measured import Row, row
from .params import ExpressionParams

QUANTILES = {"tokens_p10": 0.1, "tokens_median": 0.5, "tokens_p90": 0.9}
RATES = ("like", "comment", "share")
_AUTHORS, _GROUPS = "bootstrap over authors", "bootstrap over groups of users"


def forms(posts: pd.DataFrame, params: ExpressionParams, seed: int) -> Iterator[Row]:
    """Share of each form among what was published and written."""
    for source in ("published", "written"):
        kept, windows, names = windows_of(posts[posts["source"] == source], params)
        if len(set(kept["form"])) < 2:
            continue
        codes, labels = pd.factorize(kept["form"], sort=True)
        found = expression.shares_by_period(windows, codes, kept["unit"].to_numpy(), seed, params.n_resamples)
        for (window, form), share in found.items():
            yield row(f"form_share:{labels[form]}", source, share, "share", _AUTHORS, names[window])


def attended(counts: pd.DataFrame, params: ExpressionParams, seed: int) -> Iterator[Row]:
    """Share of each form in the attention of users, and likes, comments and shares a view.

    Args:
        counts: `start`, `kind`, `form`, `unit` and `n`, as `counts_by_window_and_form` gives them.
        params: which kinds are attention, and how many make a window.
        seed: seed of the draws.
    """
    seen = counts[counts["kind"].isin(params.kinds)]
    enough = seen.groupby("start")["n"].transform("sum") >= params.min_posts
    seen = seen[enough].groupby(["start", "form", "unit"], sort=True)["n"].sum().reset_index()
    codes, starts = pd.factorize(seen["start"], sort=True)
    names = window_names(pd.Series(starts), params.period).tolist() if len(starts) else []
    if len(set(seen["form"])) > 1:
        kinds, labels = pd.factorize(seen["form"], sort=True)
        units, weights = seen["unit"].to_numpy(), seen["n"].to_numpy(dtype=np.float64)
        found = expression.shares_by_period(codes, kinds, units, seed, params.n_resamples, weights)
        for (window, form), share in found.items():
            yield row(f"form_share:{labels[form]}", "attended", share, "share", _GROUPS, names[window])
    yield from _rates(counts[counts["start"].isin(starts)], params, seed)


def _rates(counts: pd.DataFrame, params: ExpressionParams, seed: int) -> Iterator[Row]:
    by_unit = counts.pivot_table(index=["start", "unit"], columns="kind", values="n", aggfunc="sum", fill_value=0)
    if "view" not in by_unit:
        return
    table = by_unit.reset_index()
    windows, starts = pd.factorize(table["start"], sort=True)
    names = window_names(pd.Series(starts), params.period).tolist()
    for kind in RATES:
        if kind not in table:
            continue
        happened, seen = (table[name].to_numpy(dtype=np.float64) for name in (kind, "view"))
        found = expression.ratios_by_period(windows, happened, seen, table["unit"].to_numpy(), seed, params.n_resamples)
        for window, rate in found.items():
            yield row(f"{kind}_rate", "attended", rate, "a view", _GROUPS, names[window])


def texts(posts: pd.DataFrame, params: ExpressionParams, seed: int) -> Iterator[Row]:
    """Length of what was published and written, and share of texts with each mark."""
    for source in ("published", "written"):
        kept, windows, names = windows_of(posts[(posts["source"] == source) & posts["tokens"].notna()], params)
        if kept.empty:
            continue
        units, tokens = kept["unit"].to_numpy(), kept["tokens"].to_numpy()
        for name, quantile in QUANTILES.items():
            found = expression.quantile_by_period(windows, tokens, units, quantile, seed, params.n_resamples)
            yield from (row(name, source, length, "tokens", _AUTHORS, names[at]) for at, length in found.items())
        yield from _means(kept, TEXT_MARKS, windows, names, source, params, seed)


def reactions(posts: pd.DataFrame, params: ExpressionParams, seed: int) -> Iterator[Row]:
    """Shares among the reactions of a post: emotional ones, each of them, and comments beside reactions."""
    kept, windows, names = windows_of(posts[posts["source"] == "reacted"], params)
    yield from _means(kept, REACTION_MARKS, windows, names, "reacted", params, seed)


def _means(
    kept: pd.DataFrame,
    marks: tuple[str, ...],
    windows: np.ndarray,
    names: list[str],
    source: str,
    params: ExpressionParams,
    seed: int,
) -> Iterator[Row]:
    units = kept["unit"].to_numpy()
    for mark in marks:
        found: dict[int, Estimate] = (
            expression.means_by_period(windows, kept[mark].to_numpy(), units, seed, params.n_resamples)
            if kept[mark].notna().any()
            else {}
        )
        yield from (row(mark, source, share, "share", _AUTHORS, names[window]) for window, share in found.items())
