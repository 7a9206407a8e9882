"""Tables of measured quantities: one row a number, and the truth beside it where the world knows it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict

import pandas as pd

from affectlens.evaluation.estimate import Estimate

COLUMNS = ["quantity", "group", "window", "value", "lower", "upper", "n", "unit", "method"]
ALL = "all"  # the window of what was measured once over all times
DAYS = "days since 1970-01-01"
_PLACED = "break_day:"  # quantities that are places in time: matched with the nearest truth, not the one of that window

Row = dict[str, object]


def row(quantity: str, group: str, found: Estimate, unit: str, method: str, window: str = ALL) -> Row:
    """One measured number.

    Args:
        quantity: what was measured; a part of it behind a colon, such as `form_share:image`.
        group: of what: a distribution, or published, attended, written, reacted.
        found: value, interval and number of units.
        unit: of the value.
        method: how value and interval were made.
        window: of time.
    """
    return {"quantity": quantity, "group": group, "window": window, **asdict(found), "unit": unit, "method": method}


def table(rows: Iterable[Row]) -> pd.DataFrame:
    """Rows as a table."""
    return pd.DataFrame(list(rows), columns=COLUMNS)


def with_truth(measured: pd.DataFrame, truth: pd.DataFrame) -> pd.DataFrame:
    """The table with a column `truth`, NaN where nobody knows it; a true break that was not found is a row of its own.

    Args:
        measured: columns `COLUMNS`.
        truth: `quantity`, `group`, `window`, `value`, of quantities that this table measures.
    """
    keys = ["quantity", "group", "window"]
    placed = truth["quantity"].str.startswith(_PLACED)
    joined = measured.merge(
        truth.loc[~placed, [*keys, "value"]].rename(columns={"value": "truth"}), on=keys, how="left"
    )
    for _, breaks in truth[placed].groupby(keys[:2], sort=False):
        joined = _matched(joined, breaks)
    return joined


def _matched(joined: pd.DataFrame, breaks: pd.DataFrame) -> pd.DataFrame:
    """True breaks of one series beside the nearest found ones; those that were missed are added without a value."""
    quantity, group = breaks["quantity"].iloc[0], breaks["group"].iloc[0]
    is_looked_for = (joined["quantity"] == quantity.replace(_PLACED, "breaks:")) & (joined["group"] == group)
    if not is_looked_for.any():
        return joined
    free = joined[(joined["quantity"] == quantity) & (joined["group"] == group)]
    missed: list[Row] = []
    for place in breaks["value"]:
        if free.empty:
            missed.append(row(quantity, group, Estimate.undefined(0), DAYS, "not found") | {"truth": place})
            continue
        nearest = (free["value"] - place).abs().idxmin()
        joined.loc[nearest, "truth"] = place
        free = free.drop(index=nearest)
    return pd.concat([joined, pd.DataFrame(missed, columns=joined.columns)], ignore_index=True) if missed else joined
