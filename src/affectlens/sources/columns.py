"""Which column of an unknown table is which: by the name that was given, else by names that people use."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

# In the order of trust: where two of them stand in one table, the first of this list is taken.
USUAL_NAMES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "user": ("userid", "user", "uid", "customerid", "customer", "visitorid", "reviewerid", "accountid", "memberid"),
        "item": (
            "itemid", "item", "iid", "movieid", "productid", "contentid", "trackid", "songid", "artistid", "bookid",
            "videoid", "articleid", "businessid", "parentasin", "asin", "isbn", "sku", "movie", "product", "track",
        ),
        "time": (
            "timestamp", "time", "occurredat", "datetime", "ts", "unixreviewtime", "eventtime", "createdat", "date",
        ),
        "value": ("rating", "ratings", "stars", "score", "overall", "value"),
        "text": ("title", "movietitle", "name", "description", "text"),
        "tags": ("genres", "genre", "tags", "categories", "category", "class"),
    }
)  # fmt: skip


def find_column(path: Path, names: Sequence[str], role: str, given: str | None, *, is_needed: bool) -> str | None:
    """The column that plays a role; None where none does and none is needed.

    Args:
        path: the file, for messages.
        names: columns of the table.
        role: one of `USUAL_NAMES`.
        given: the name that the configuration states, or None to look for a usual one.
        is_needed: whether its absence is an error.

    Raises:
        ValueError: the given column is not there, a needed one is not found, or several have its name.
    """
    known = ", ".join(map(repr, names))
    if given is not None:
        if given not in names:
            raise ValueError(f"{path} has no column {given!r} (`source.{role}`); its columns: {known}")
        found: str | None = given
    else:
        by_plain_name = {plain_name(name): name for name in reversed(names)}
        found = next((by_plain_name[usual] for usual in USUAL_NAMES[role] if usual in by_plain_name), None)
    if found is None and is_needed:
        raise ValueError(
            f"{path} has no column of {role}s that can be told by its name: the columns are {known}, expected one like "
            f"{', '.join(USUAL_NAMES[role][:4])}. Say which it is: `--{role} COLUMN`, or `source.{role}`."
        )
    if found is not None and names.count(found) > 1:
        raise ValueError(
            f"{path} has {names.count(found)} columns {found!r}, expected one of that name; rename the others"
        )
    return found


def plain_name(name: str) -> str:
    """A column's name without its RecBole type, its case and its punctuation.

    >>> plain_name("user_id:token"), plain_name("Movie ID")
    ('userid', 'movieid')
    """
    return re.sub(r"[^a-z0-9]", "", name.split(":", maxsplit=1)[0].lower())
