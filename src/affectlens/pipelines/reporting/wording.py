"""Numbers and sentences as the report prints them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

ABSENT = "n/a"


def number(value: float, like: float | None = None) -> str:
    """A number with the decimals that its size asks for, or those of `like`, so that an interval matches its value.

    >>> number(0.48231), number(12345.6), number(-3.2), number(0.00012), number(2e-9), number(float("nan"))
    ('0.482', '12,346', '−3.200', '0.00012', '2.0e−09', 'n/a')
    """
    if value is None or math.isnan(value):
        return ABSENT
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    size = abs(value if like is None or not math.isfinite(like) else like)
    decimals = 0 if size >= 1000 else 1 if size >= 100 else 2 if size >= 10 else 3
    if 0 < size < 0.01:
        decimals = 4 if size >= 0.001 else 5
    if 0 < size < 0.000005:  # five decimals would show nothing
        return f"{value:.1e}".replace("-", "−")
    return f"{value:,.{decimals}f}".replace("-", "−")


def interval(value: float, lower: float, upper: float) -> str:
    """The 95 % interval in brackets; empty for an exact or undefined number.

    >>> interval(0.482, 0.455, 0.497), interval(3.0, 3.0, 3.0)
    ('[0.455, 0.497]', '')
    """
    if math.isnan(lower) or math.isnan(upper) or lower == upper:
        return ""
    return f"[{number(lower, value)}, {number(upper, value)}]"


def estimate(row: Mapping[str, Any]) -> str:
    """Value and interval of a row in one string.

    >>> estimate({"value": 0.482, "lower": 0.455, "upper": 0.497})
    '0.482 [0.455, 0.497]'
    """
    return f"{number(row['value'])} {interval(row['value'], row['lower'], row['upper'])}".strip()


def count(value: float) -> str:
    """A whole number with thousands set apart.

    >>> count(1234567)
    '1,234,567'
    """
    return f"{int(value):,}"


def share(value: float) -> str:
    """A share as a percentage.

    >>> share(0.1234), share(-0.02)
    ('12.3 %', '−2.0 %')
    """
    return ABSENT if math.isnan(value) else f"{100 * value:.1f} %".replace("-", "−")


def p_value(value: float) -> str:
    """A p-value with its sign; small ones as a bound.

    >>> p_value(0.0421), p_value(0.0004)
    ('= 0.042', '< 0.001')
    """
    return ABSENT if math.isnan(value) else "< 0.001" if value < 0.001 else f"= {value:.3f}"


def plain(name: str) -> str:
    """An internal name as words.

    >>> plain("top_10_percent_share")
    'top 10 percent share'
    """
    return name.replace("_", " ")


def quantity(value: float | None, *, is_share: bool = False) -> str:
    """A number, or a share as a percentage.

    >>> quantity(12.34), quantity(0.5, is_share=True), quantity(7), quantity(None)
    ('12.34', '50.0 %', '7', 'n/a')
    """
    if value is None:
        return ABSENT
    return share(value) if is_share else count(value) if isinstance(value, int) else number(value)


def bounds(value: float | None, lower: float | None, upper: float | None, *, is_share: bool = False) -> str:
    """The 95 % interval of a quantity in brackets; empty if there is none.

    >>> bounds(0.5, 0.4, 0.6, is_share=True), bounds(0.5, None, None)
    ('[40.0 %, 60.0 %]', '')
    """
    if value is None or lower is None or upper is None:
        return ""
    return f"[{share(lower)}, {share(upper)}]" if is_share else interval(value, lower, upper)
