"""What shifts: trends by window and within authors, breaks with controlled false alarms, drift of the mix of forms."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.special import expit

from affectlens.evaluation import changepoints, drift, expression, trends
from affectlens.evaluation.estimate import Estimate
from affectlens.evaluation.policy_values import holm
from affectlens.features.windows import DAYS_OF, window_starts

from .expression_posts import AMOUNTS, REACTION_MARKS, TEXT_MARKS, equal_series, windows_of
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


@dataclass(frozen=True)
class _Series:
    """One daily series and its windows (`values` may be log-odds of shares)."""

    source: str
    quantity: str
    days: pd.DataFrame
    values: np.ndarray
    is_log_odds: bool
    first: pd.Series

    def jump(self, before: float, size: Estimate) -> Estimate:
        """A jump from a level, in the units of the quantity."""
        if not self.is_log_odds:
            return size
        value, lower, upper = expit(before + np.array([size.value, size.lower, size.upper])) - expit(before)
        return Estimate(float(value), float(lower), float(upper), size.n)


@dataclass(frozen=True)
class _Searched(_Series):
    """A series with the breaks in it."""

    breaks: changepoints.Breaks


def breaks(series: pd.DataFrame, params: ShiftParams, seed: int) -> Iterator[Row]:
    """Breaks of every daily series, with a false alarm in at most `alarm_rate` of runs on all of them together.

    What is found in one series is asked of all others: whether their level jumps at that place too, with a false one in
    at most `alarm_rate` of runs (Holm 1979). A break whose interval holds a sharper one of another series of its source
    stands where that one does. Where no series has a break of its own nothing is asked, so that a run without any shift
    raises no further alarm.

    Shares of posts with a mark are searched in log-odds, where a rise or fall can be even. Mean shares of reactions are
    not: their noise is as large where they are small, and what one day stirs up would be lost in it.
    """
    tested = _tested(series, params)
    rule = _rule(tested, params, seed)
    searched = [_Searched(**vars(each), breaks=changepoints.find_breaks(each.values, *rule)) for each in tested]
    events = _events([place for each in searched for place in _places(each)])
    method = (
        f"Pelt beside a trend, at most {params.alarm_rate:.0%} false alarms over {len(tested)} series; then asked at "
        f"the places of all {len(events)} breaks"
    )
    for each in _asked(searched, events, params):
        own = _events([place for other in searched if other.source == each.source for place in _places(other)])
        yield from _break_rows(each, own, f"{method}; {each.breaks.n} windows of equal n")


def detectable_breaks(series: pd.DataFrame, params: ShiftParams, seed: int) -> Iterator[Row]:
    """The jump that would be found in every series in which `breaks` looks for them."""
    tested = _tested(series, params)
    rule = _rule(tested, params, seed)
    for each in tested:
        size = Estimate.exact(changepoints.detectable_jump(each.values, *rule), each.values.size)
        least = each.jump(float(np.median(each.values)), size)
        method = "jump up in the middle that is found with power 0.8"
        yield row(f"break_detectable:{each.quantity}", each.source, least, "", method)


def _tested(series: pd.DataFrame, params: ShiftParams) -> list[_Series]:
    """Every daily series that has enough windows."""
    by_name = [
        (keys, rows, _n_windows(rows, params)) for keys, rows in series.groupby(["source", "quantity"], sort=False)
    ]
    return [_windows(*each) for each in by_name if each[2] >= changepoints.LEAST_WINDOWS]


def _rule(tested: list[_Series], params: ShiftParams, seed: int) -> tuple[int, float, int, int, int]:
    """The arguments by which each series is searched, with its part of the false alarms."""
    alarm_rate = params.alarm_rate / max(len(tested), 1)
    return params.min_windows, alarm_rate, params.block, seed, params.n_replicates


def _windows(keys: tuple[Hashable, ...], rows: pd.DataFrame, n_windows: int) -> _Series:
    source, quantity = map(str, keys)
    means, n, first = equal_series(rows, n_windows)
    odds = None if quantity in AMOUNTS else expression.log_odds(means, n)
    return _Series(source, quantity, rows, means if odds is None else odds, odds is not None, first)


def _asked(searched: list[_Searched], events: list[Estimate], params: ShiftParams) -> list[_Searched]:
    """The series with a jump at every event at which they have none of their own and jump too."""
    asked = [
        (number, int(np.abs(_days(each.first) - event.value).argmin()))
        for number, each in enumerate(searched)
        for event in events
        if not any(_is_within(event, place) for place in _places(each))
    ]
    joined = list(searched)
    p_values = {f"{number} {at}": _with_place(searched[number], at, params)[1] for number, at in asked}
    adjusted = holm(p_values)
    for number, at in asked:
        if adjusted[f"{number} {at}"] <= params.alarm_rate:
            joined[number] = _with_place(joined[number], at, params)[0]
    return joined


def _with_place(each: _Searched, at: int, params: ShiftParams) -> tuple[_Searched, float]:
    found, p_value = changepoints.with_known_place(each.values, each.breaks, at, params.min_windows)
    return replace(each, breaks=found), p_value


def _events(places: list[Estimate]) -> list[Estimate]:
    """Places in time, each the sharpest of the breaks that may be one and the same."""
    events: list[Estimate] = []
    for place in sorted(places, key=lambda found: found.upper - found.lower):
        if not any(_is_within(event, place) for event in events):
            events.append(place)
    return events


def _is_within(event: Estimate, place: Estimate) -> bool:
    return place.lower <= event.value <= place.upper


def _break_rows(each: _Searched, events: list[Estimate], method: str) -> Iterator[Row]:
    source, quantity, found = each.source, each.quantity, each.breaks
    yield row(f"breaks:{quantity}", source, Estimate.exact(len(found.found), found.n), "breaks", method)
    span = Estimate.exact(float(np.ptp(_days(each.first))) / max(found.n - 1, 1), found.n)
    yield row(f"break_window:{quantity}", source, span, "days", "mean length of a window")
    for jump, place in zip(found.found, _places(each), strict=True):
        day = next((event.value for event in events if _is_within(event, place)), place.value)
        name = (_EPOCH + pd.Timedelta(days=day)).strftime("%Y-%m-%d")
        stands = replace(place, value=day)
        yield row(f"break_day:{quantity}", source, stands, DAYS, f"first day after it; {method}", name)
        yield row(
            f"break_size:{quantity}",
            source,
            each.jump(jump.before, jump.size),
            "",
            "level after less level before",
            name,
        )


def _n_windows(rows: pd.DataFrame, params: ShiftParams) -> int:
    """Windows into which a daily series can be cut; none if nothing in it ever changes."""
    if rows["total"].sum() in (0.0, rows["n"].sum()):
        return 0
    n_posts, n_days = int(rows["n"].sum()), int((rows["n"] > 0).sum())
    return min(params.most_windows, n_posts // params.min_posts, n_days)


def _places(each: _Searched) -> list[Estimate]:
    """Each break at its sharpest day within the windows beside it; the interval of its place ends with windows."""
    starts, last = _days(each.first), len(each.first) - 1
    places = []
    for jump in each.breaks.found:
        low, high = (each.first.iloc[min(jump.at + step, last)] for step in (-1, 1))
        near = each.days[(each.days["day"] >= low) & (each.days["day"] < high)]
        split = changepoints.sharpest_day(near["n"].to_numpy(), near["total"].to_numpy(dtype=np.float64))
        at = float((near["day"].iloc[split] - _EPOCH) / pd.Timedelta(days=1))
        earliest, latest = (float(starts[min(i, last)]) for i in (jump.earliest, jump.latest))
        places.append(Estimate(at, min(earliest, at), max(latest, at), each.breaks.n))
    return places


def _days(first: pd.Series) -> np.ndarray:
    """Beginnings of windows in days since 1970-01-01."""
    days: np.ndarray = ((first - _EPOCH) / pd.Timedelta(days=1)).to_numpy(dtype=np.float64)
    return days


@dataclass(frozen=True)
class Recovery:
    """Breaks that a world made beside those that were found.

    Attributes:
        true: made by the world.
        held: of these, within two windows of one that was found.
        near: of these, with one further away.
        wrong: found where the world made none.
    """

    true: int
    held: int
    near: int
    wrong: int

    @property
    def f1(self) -> float:
        """Of what was found, with a break further away than two windows as wrong as one that is none."""
        return 2 * self.held / (self.true + self.held + self.near + self.wrong)


def recovery(statistics: pd.DataFrame) -> Recovery | None:
    """How well breaks were found again; None where nobody knows the truth.

    Args:
        statistics: measured rows with the column `truth`, as `measured.with_truth` gives them.
    """
    is_place = statistics["quantity"].str.startswith("break_day:")
    places = statistics[is_place].assign(quantity=lambda rows: rows["quantity"].str.replace("_day", "_window", n=1))
    true, placed = places["truth"].notna(), places["value"].notna()
    if not true.any():
        return None
    spans = statistics.drop_duplicates(["quantity", "group"]).set_index(["quantity", "group"])["value"]
    reach = 2 * spans.reindex(pd.MultiIndex.from_frame(places[["quantity", "group"]])).to_numpy()
    held = (places["value"] - places["truth"]).abs().to_numpy() <= reach
    both = true & placed
    return Recovery(int(true.sum()), int(held.sum()), int((both & ~held).sum()), int((placed & ~true).sum()))


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
