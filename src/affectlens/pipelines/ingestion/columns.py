"""Raw values of any kind as typed columns: what cannot be read becomes null and is marked, never an error."""

from __future__ import annotations

import datetime as dt
import numbers

import numpy as np
import pandas as pd
import pandera.pandas as pa

from affectlens.sources.files import without_lone_surrogates

STRING = pd.StringDtype(na_value=np.nan)
TIME = pd.DatetimeTZDtype(unit="us", tz="UTC")
LISTS = frozenset({"labels", "tags"})
BYTES = frozenset({"data"})
FREE_ATTRIBUTE = "attribute_"


def typed(raw: pd.DataFrame, contract: pa.DataFrameSchema) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A raw table in the types of its contract, and for each cell whether it held something that could not be read.

    Columns that the contract does not know are left out, but for users' attributes and the adapter's `defect`.

    Raises:
        ValueError: a required column is missing.
    """
    missing = [name for name, column in contract.columns.items() if column.required and name not in raw]
    if missing:
        raise ValueError(
            f"raw table {contract.name!r} has no columns {missing}; it has {sorted(map(str, raw.columns))}"
        )
    raw = raw.reset_index(drop=True)
    source = pd.DataFrame({str(name): _blank_as_null(raw[name]) for name in raw}, index=raw.index)
    columns = {
        name: _typed(source[name], name, str(column.dtype)) for name, column in contract.columns.items() if name in raw
    }
    frame = pd.DataFrame(columns, index=source.index)
    unreadable = pd.DataFrame({name: frame[name].isna() & source[name].notna() for name in columns}, index=source.index)
    attributes = [str(name) for name in source if str(name).startswith(FREE_ATTRIBUTE)]
    frame = frame.assign(**{name: _attribute(source[name]) for name in attributes})
    return frame.assign(defect=as_string(source["defect"]) if "defect" in source else None), unreadable


def _typed(values: pd.Series, name: str, dtype: str) -> pd.Series:
    if name in BYTES:
        return as_bytes(values)
    if name in LISTS:
        return as_list(values)
    if dtype.startswith("datetime64"):
        return as_time(values)
    if dtype.startswith(("float", "int")):
        return as_number(values)
    return as_string(values)


def _blank_as_null(values: pd.Series) -> pd.Series:
    if isinstance(values.dtype, pd.StringDtype):
        return values.mask(values.str.strip() == "")
    if values.dtype != object:
        return values
    return values.mask(values.map(lambda value: isinstance(value, str) and not value.strip()).astype(bool), None)


def as_string(values: pd.Series) -> pd.Series:
    """Strings and whole numbers as strings; what is neither is null."""
    if not isinstance(values.dtype, pd.StringDtype):
        values = values.dropna().astype(object).map(_string_or_none).reindex(values.index)
    return values.astype(STRING)


def _string_or_none(value: object) -> str | None:
    if isinstance(value, str):
        return without_lone_surrogates(value)
    is_whole = isinstance(value, numbers.Integral) and not isinstance(value, bool)
    return str(value) if is_whole else None


def as_time(values: pd.Series) -> pd.Series:
    """Datetimes and ISO 8601 strings as UTC; a time without a zone is taken as UTC, a bare number is not a time."""
    if not pd.api.types.is_datetime64_any_dtype(values):
        is_time = values.map(lambda value: isinstance(value, str | dt.date | np.datetime64)).astype(bool)
        values = values.astype(object).where(is_time, None)
    return pd.to_datetime(values, utc=True, errors="coerce", format="ISO8601").astype(TIME)


def as_number(values: pd.Series) -> pd.Series:
    """Finite numbers, also written as strings, as float64."""
    if not pd.api.types.is_numeric_dtype(values):
        is_number = values.map(lambda value: isinstance(value, str | numbers.Real)).astype(bool)
        values = values.astype(object).where(is_number, None)
    number = pd.to_numeric(values, errors="coerce").astype("float64")
    return number.where(np.isfinite(number))


def as_list(values: pd.Series) -> pd.Series:
    """Lists of strings; null is an empty list; what is no list is null."""
    return pd.Series([_list_or_none(value) for value in values], index=values.index, dtype=object)


def _list_or_none(value: object) -> list[str] | None:
    if isinstance(value, list | tuple | np.ndarray):
        return [without_lone_surrogates(str(item)) for item in value]
    return [] if value is None or value is pd.NA or value is pd.NaT or value != value else None  # noqa: PLR0124


def as_bytes(values: pd.Series) -> pd.Series:
    """Bytes; everything else is null."""
    return values.astype(object).where(values.map(lambda value: isinstance(value, bytes)).astype(bool), None)


def _attribute(values: pd.Series) -> pd.Series:
    return values if pd.api.types.is_numeric_dtype(values) else as_string(values)
