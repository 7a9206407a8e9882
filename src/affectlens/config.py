"""Configuration that is read once a session."""

from __future__ import annotations

import copy
from typing import Any

from kedro.config import OmegaConfigLoader


def consecutive(first: int, n: int) -> list[int]:
    """Seeds from the first one on, for `${consecutive:FIRST,N}` in a configuration file.

    Raises:
        ValueError: fewer than one is asked for.

    >>> consecutive(7, 3)
    [7, 8, 9]
    """
    if n < 1:
        raise ValueError(f"expected one seed or more, got {n}; raise `n_seeds`")
    return list(range(first, first + n))


class OnceConfigLoader(OmegaConfigLoader):
    """Kedro's loader, which is asked for the parameters several times in each run; here it reads the files once."""

    def __getitem__(self, key: str) -> dict[str, Any]:
        """The merged configuration of a kind; the caller may change it without changing anybody else's."""
        if key not in self.data:
            self.data[key] = super().__getitem__(key)
        return copy.deepcopy(self.data[key])
