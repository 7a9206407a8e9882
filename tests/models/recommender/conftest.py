from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from affectlens.models.recommender.requests import BehaviourArrays, behaviour_arrays

START = pd.Timestamp("2025-01-01", tz="UTC")
N_USERS, N_ITEMS, N_SAMPLES, WIDTH = 12, 20, 3, 4


def nothing_told() -> dict[str, float]:
    return dict.fromkeys(("value", "is_liked", "is_commented", "is_shared"), np.nan)


@pytest.fixture
def events_of() -> Callable[[list[tuple]], pd.DataFrame]:
    """`behaviour_sequences` from rows (user, item, day, split); steps count up within each user."""

    def build(rows: list[tuple]) -> pd.DataFrame:
        frame = pd.DataFrame(rows, columns=["user_id", "content_id", "day", "split"])
        frame["step"] = frame.groupby("user_id").cumcount()
        frame["occurred_at"] = START + pd.to_timedelta(frame.pop("day").astype(float), unit="D")
        return frame.assign(kind="view", dwell_s=30.0, gap_s=86_400.0, surface="feed", **nothing_told())

    return build


@pytest.fixture
def contents() -> pd.DataFrame:
    vectors = np.random.default_rng(1).normal(size=(N_ITEMS, WIDTH)).astype(np.float32)
    ids = [f"item{number}" for number in range(N_ITEMS)]
    return pd.DataFrame({"content_id": ids, "created_at": START - pd.Timedelta(days=1), "vector": list(vectors)})


@pytest.fixture
def generated() -> pd.DataFrame:
    """Three states a user: one from the beginning, one on day 3, one on day 6."""
    generator = np.random.default_rng(2)
    rows = [
        (f"user{user}", None if number == 0 else START + pd.Timedelta(days=3 * number), N_SAMPLES,
         generator.normal(size=N_SAMPLES * WIDTH).astype(np.float32))
        for user in range(N_USERS)
        for number in range(3)
    ]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["user_id", "occurred_at", "n_samples", "vectors"])
    return frame.assign(occurred_at=pd.to_datetime(frame["occurred_at"], utc=True))


@pytest.fixture
def sequences(events_of) -> pd.DataFrame:
    """Twelve users; user0 is new in the test period; item19 is never seen in training."""
    generator = np.random.default_rng(3)
    rows: list[tuple] = [("user0", "item3", 9.5, "test")]
    for user in range(1, N_USERS):
        days = np.sort(generator.uniform(0, 10, size=4 + user))
        items = generator.integers(0, N_ITEMS - 1, size=len(days))
        splits = np.select([days < 7, days < 8.5], ["train", "valid"], default="test")
        splits[0] = "train"
        rows += [
            (f"user{user}", f"item{item}", day, split) for item, day, split in zip(items, days, splits, strict=True)
        ]
        rows.append((f"user{user}", "item19", 9.9, "test"))
    return events_of(rows)


@pytest.fixture
def arrays(sequences, contents, generated) -> BehaviourArrays:
    return behaviour_arrays(sequences, contents, generated)
