"""Ranks of one relevant item a user among 12,000: counting greater scores against a full sort."""

from __future__ import annotations

import numpy as np

from affectlens.evaluation.ranking import ranks_of
from benchmarks.timing import in_turns

N_USERS, N_ITEMS = 1000, 12_000


def main() -> str:
    """CPU seconds for the same scores by both routes; the ranks agree, or the benchmark stops."""
    generator = np.random.default_rng(0)
    scores = generator.random((N_USERS, N_ITEMS), dtype=np.float32)
    owner, item = np.arange(N_USERS), generator.integers(0, N_ITEMS, N_USERS)

    def counted() -> np.ndarray:
        return ranks_of(scores, owner, item)

    def sorted_() -> np.ndarray:
        return 1 + np.argmax(np.argsort(-scores, axis=1, kind="stable") == item[:, None], axis=1)

    if not np.array_equal(np.round(counted()), sorted_()):
        raise AssertionError("the two routes disagree on the ranks")
    return str(in_turns({"counting": counted, "sorting": sorted_}, rounds=2))
