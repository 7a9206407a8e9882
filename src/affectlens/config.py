"""Configuration that is read once a session."""

from __future__ import annotations

import copy
from typing import Any

from kedro.config import OmegaConfigLoader


def consecutive(first: int, n: int) -> list[int]:
    """Seeds from the first one on, for `${consecutive:FIRST,N}` in a configuration file.

    Raises:
        TypeError: what came is no whole number.
        ValueError: fewer than one is asked for.

    >>> consecutive(7, 3)
    [7, 8, 9]
    """
    if not (isinstance(first, int) and isinstance(n, int)):
        raise TypeError(f"expected whole numbers for `seed` and `n_seeds`, got {first!r} and {n!r}")
    if n < 1:
        raise ValueError(f"expected one seed or more, got {n}; raise `n_seeds`")
    return list(range(first, first + n))


class OnceConfigLoader(OmegaConfigLoader):
    """Kedro's loader that reads each file once a session, though it is asked for the parameters several times.

    A table that was checked when it was saved is not checked again when the same process loads it.
    """

    def __getitem__(self, key: str) -> dict[str, Any]:
        """The merged configuration of a kind; the caller may change it without changing anybody else's."""
        if key not in self.data:
            found = super().__getitem__(key)
            self.data[key] = _checked_once(found) if key == "catalog" else found
        return copy.deepcopy(self.data[key])


def _checked_once(catalog: dict[str, Any]) -> dict[str, Any]:
    """The entries, with the short form of `validator` written out."""
    checks = {name: entry.get("validator") for name, entry in catalog.items() if isinstance(entry, dict)}
    long = {name: {"class": of, "skip_load_after_save": True} for name, of in checks.items() if isinstance(of, str)}
    return {name: {**entry, "validator": long[name]} if name in long else entry for name, entry in catalog.items()}
