"""What shifts: trends by window and within authors, breaks with controlled false alarms, drift of the mix of forms."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from affectlens.evaluation import changepoints, drift, trends
from affectlens.evaluation.estimate import Estimate
from affectlens.features.windows import DAYS_OF, window_starts

from .expression_posts import REACTION_MARKS, TEXT_MARKS, equal_series, windows_of
from .measured import DAYS, Row, row
from .params import ExpressionParams, ShiftParams

_EPOCH = pd.Timestamp("1970-01-01")
_YEAR = DAYS_OF["year"]


def window_trends(statistics: pd.DataFrame) -> Iterator[Row]:
    """Slope a year of every quantity that was measured by window, and whether it is more than chance.

    Args:
        statistics: rows by window, as `measured.table` gives them, in order of time.
    """
    for keys, rows in statistics.groupby(["quantity", "group", "method", "unit"], sort=False):
        quantity, group, method, unit = map(str, keys)
        slope, p_value = trends.monotone_trend(_years(rows["window"]), rows["value"].to_numpy(dtype=np.float64))
        if np.isnan(slope.value):
            continue
        told = f" of {method}" if quantity.startswith("prevalence:") else ""
        yield row(f"trend:{quantity}", group, slope, f"{unit} a year", f"Theil-Sen over windows{told}")
        p = Estimate.exact(p_value, slope.n)
        yield row(f"trend_p:{quantity}", group, p, "p", f"Mann-Kendall with the variance of Hamed and Rao{told}")


def _years(names: pd.Series) -> np.ndarray:
    """Beginnings of windows in years."""
    starts = pd.Series([pd.Period(name).start_time for name in names])
    years: np.ndarray = ((starts - _EPOCH) / pd.Timedelta(days=_YEAR)).to_numpy(dtype=np.float64)
    return years


def author_trends(posts: pd.DataFrame) -> Iterator[Row]:
    """Slope a year of every mark over posts: pooled, and within authors, who are compared with themselves."""
    for source, rows in posts.groupby("source", sort=False):
        years = ((rows["time"] - rows["time"].min()).dt.total_seconds() / 86400 / _YEAR).to_numpy()
        for mark in (*TEXT_MARKS, *REACTION_MARKS, "tokens"):
            kept = rows[mark].notna().to_numpy()
            if not kept.any() or np.ptp(rows.loc[kept, mark]) == 0:
                continue
            found = trends.author_trends(
                years[kept], rows.loc[kept, mark].to_numpy(), rows.loc[kept, "unit"].to_numpy()
            )
            unit = "tokens a year" if mark == "tokens" else "share a year"
            for name, slope in zip(("pooled", "within"), found, strict=True):
                method = "over posts" if name == "pooled" else "over posts, each author compared with themselves"
                yield row(f"trend_{name}:{mark}", str(source), slope, unit, f"{method}, clusters are authors")


def breaks(series: pd.DataFrame, params: ShiftParams, seed: int) -> Iterator[Row]:
    """Breaks of every daily series, with a false alarm in at most `alarm_rate` of runs on all of them together."""
    candidates = [
        (keys, rows, _n_windows(rows, params)) for keys, rows in series.groupby(["source", "quantity"], sort=False)
    ]
    tested = [found for found in candidates if found[2] >= changepoints.LEAST_WINDOWS]
    for keys, rows, n_windows in tested:
        source, quantity = map(str, keys)
        values, first = equal_series(rows, n_windows)
        found = changepoints.find_breaks(
            values, params.min_windows, params.alarm_rate / len(tested), params.block, seed, params.n_replicates
        )
        method = (
            f"Pelt beside a trend over {values.size} windows of equal n, at most {params.alarm_rate:.0%} false alarms "
            f"over {len(tested)} series"
        )
        yield row(f"breaks:{quantity}", source, Estimate.exact(len(found.found), found.n), "breaks", method)
        least = Estimate.exact(found.detectable, found.n)
        yield row(f"break_detectable:{quantity}", source, least, "", "jump in the middle that is found with power 0.8")
        yield from _places(found, first, rows, quantity, source, method)


def _n_windows(rows: pd.DataFrame, params: ShiftParams) -> int:
    """Windows into which a daily series can be cut; none if nothing in it ever changes."""
    if rows["total"].sum() in (0.0, rows["n"].sum()):
        return 0
    n_posts, n_days = int(rows["n"].sum()), int((rows["n"] > 0).sum())
    return min(params.most_windows, n_posts // params.min_posts, n_days)


def _places(
    found: changepoints.Breaks, first: pd.Series, series: pd.DataFrame, quantity: str, source: str, method: str
) -> Iterator[Row]:
    """Each break at its sharpest day within the windows beside it; the interval of its place ends with windows."""
    days = ((first - _EPOCH) / pd.Timedelta(days=1)).to_numpy(dtype=np.float64)
    for jump in found.found:
        low, high = (first.iloc[min(jump.at + step, len(first) - 1)] for step in (-1, 1))
        near = series[(series["day"] >= low) & (series["day"] < high)]
        split = changepoints.sharpest_day(near["n"].to_numpy(), near["total"].to_numpy(dtype=np.float64))
        day = near["day"].iloc[split]
        name, at = day.strftime("%Y-%m-%d"), float((day - _EPOCH) / pd.Timedelta(days=1))
        earliest, latest = (float(days[min(i, len(days) - 1)]) for i in (jump.earliest, jump.latest))
        place = Estimate(at, min(earliest, at), max(latest, at), found.n)
        yield row(f"break_day:{quantity}", source, place, DAYS, f"first day after it; {method}", name)
        yield row(f"break_size:{quantity}", source, jump.size, "", "level after less level before", name)


def form_drift(posts: pd.DataFrame, params: ExpressionParams, shift: ShiftParams, seed: int) -> Iterator[Row]:
    """How far the mix of forms of each window lies from the first one's, at equal n, blocks of weeks permuted."""
    for source in ("published", "written"):
        kept, windows, names = windows_of(posts[posts["source"] == source], params)
        if len(set(kept["form"])) < 2 or len(names) < 2:
            continue
        week = window_starts(kept["time"], "day" if params.period == "day" else "week")
        blocks = pd.DataFrame({"window": windows, "week": week.to_numpy(), "form": kept["form"].to_numpy()})
        counts = pd.crosstab([blocks["window"], blocks["week"]], blocks["form"])
        index = counts.index.get_level_values("window").to_numpy()
        found = drift.drift(counts.to_numpy(), index, seed, shift.n_permutations)
        method = f"Jensen-Shannon divergence from {names[0]}, {found.n_posts} posts of each window"
        for name, distance, p_value in zip(names, found.distance, found.p_value, strict=True):
            yield row("form_drift", source, Estimate.exact(float(distance), found.n_posts), "bits", method, name)
            p = Estimate.exact(float(p_value), found.n_posts)
            yield row("form_drift_p", source, p, "p", f"blocks of weeks permuted, {shift.n_permutations} times", name)
