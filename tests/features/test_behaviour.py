import math
import random

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from affectlens.features.behaviour import behaviour_sequences, consumed_events, split_sequences
from affectlens.features.splits import Boundaries

START = pd.Timestamp("2024-01-01", tz="UTC")
ORDER = ("impression", "view", "like", "comment", "share")
COLUMNS = ("user_id", "content_id", "second", "kind", "dwell_s", "value", "slate_id", "position")


def interactions(*rows):
    table = pd.DataFrame(rows, columns=list(COLUMNS)).astype({"dwell_s": "float64", "value": "float64"})
    at = (START + pd.to_timedelta(table.pop("second").astype("int64"), unit="s")).astype("datetime64[us, UTC]")
    return table.assign(occurred_at=at, surface="feed", position=table["position"].astype("float64"))


def one_by_one(rows):
    """The slow route: the definition, read row by row with dictionaries."""
    exposures = {}
    for number, (user, content, second, kind, dwell, value, slate, position) in enumerate(rows):
        own = slate is None or kind not in ORDER
        key = ("own", number) if own else (user, content, slate, position)
        exposures.setdefault(key, []).append((second, kind, dwell, value, user, content, number))
    events = {}
    consumed_rows = {key: [row for row in found if row[1] != "impression"] for key, found in exposures.items()}
    for key in sorted((key for key, found in consumed_rows.items() if found), key=lambda key: consumed_rows[key][0][6]):
        rows_of_one, consumed = exposures[key], consumed_rows[key]
        strongest = max(consumed, key=lambda row: (ORDER.index(row[1]) if row[1] in ORDER else 1, -row[0]))
        dwells = [row[2] for row in rows_of_one if row[2] is not None]
        event = (min(row[0] for row in consumed), strongest[5], strongest[1], max(dwells, default=None), strongest[3])
        events.setdefault(strongest[4], []).append(event)
    result = []
    for user, own in events.items():
        previous = None
        for step, (second, content, kind, dwell, value) in enumerate(sorted(own, key=lambda event: event[0])):
            gap = None if previous is None else float(second - previous)
            previous = second
            result.append((user, content, step, second, kind, dwell, gap, value))
    return result


def random_rows(seed):
    """Up to 40 rows, few enough different ids that exposures, instants and slates collide."""
    draw = random.Random(seed)
    return [
        (
            draw.choice(["zoe", "amy", "bob"]),
            draw.choice("ab"),
            draw.randrange(20),
            draw.choice([*ORDER, *ORDER, "rating", "purchase"]),
            draw.choice([None, float(draw.randrange(9))]),
            draw.choice([None, float(draw.randrange(1, 6))]),
            draw.choice(["s1", "s2", None]),
            draw.choice([1.0, 2.0]),
        )
        for _ in range(draw.randrange(41))
    ]


ROWS = st.integers(0, 10**9).map(random_rows)


@settings(max_examples=60)
@given(ROWS)
def test_sequences_equal_the_definition_read_row_by_row(rows):
    sequences = behaviour_sequences(consumed_events(interactions(*rows)))
    expected = one_by_one(rows)
    users = list(dict.fromkeys(row[0] for row in expected))
    by_user = sorted(sequences.itertuples(), key=lambda row: (users.index(row.user_id), row.step))
    found = [
        (
            row.user_id,
            row.content_id,
            row.step,
            (row.occurred_at - START).total_seconds(),
            row.kind,
            *(None if math.isnan(number) else number for number in (row.dwell_s, row.gap_s, row.value)),
        )
        for row in by_user
    ]
    assert found == expected


@settings(max_examples=20)
@given(ROWS)
def test_users_stand_in_order_of_first_appearance_and_steps_count_up(rows):
    events = consumed_events(interactions(*rows))
    sequences = behaviour_sequences(events)
    assert sequences["user_id"].drop_duplicates().tolist() == events["user_id"].drop_duplicates().tolist()
    assert (sequences.groupby("user_id", sort=False).cumcount() == sequences["step"]).all()


@settings(max_examples=20)
@given(ROWS, st.permutations(["x", "y", "q"]))
def test_other_user_ids_change_nothing_but_the_ids(rows, names):
    renamed = dict(zip(["zoe", "amy", "bob"], names, strict=True))
    first = behaviour_sequences(consumed_events(interactions(*rows)))
    second = behaviour_sequences(consumed_events(interactions(*((renamed[row[0]], *row[1:]) for row in rows))))
    pd.testing.assert_frame_equal(first.assign(user_id=first["user_id"].map(renamed)), second, check_dtype=False)


def test_one_exposure_becomes_its_strongest_kind_at_the_time_of_its_view():
    events = consumed_events(
        interactions(
            ("u", "a", 0, "impression", None, None, "s", 1),
            ("u", "a", 1, "view", 12.5, None, "s", 1),
            ("u", "a", 9, "share", 2.0, None, "s", 1),
            ("u", "b", 2, "impression", None, None, "s", 2),
        )
    )
    assert events[["content_id", "kind", "dwell_s"]].to_numpy().tolist() == [["a", "share", 12.5]]
    assert events["occurred_at"].tolist() == [START + pd.Timedelta(1, unit="s")]


def test_the_same_content_in_another_slate_is_another_event():
    rows = [("u", "a", 0, "view", 1.0, None, "s1", 1), ("u", "a", 5, "view", 2.0, None, "s2", 1)]
    assert len(consumed_events(interactions(*rows))) == 2


def test_an_impression_with_dwell_alone_is_still_only_shown():
    assert consumed_events(interactions(("u", "a", 0, "impression", 3.0, None, "s", 1))).empty


def test_leave_one_out_holds_out_each_users_last_two_events():
    rows = [("u", name, second, "view", None, None, None, 1) for second, name in enumerate("abcd")]
    rows += [("v", "a", 50, "view", None, None, None, 1)]
    table = split_sequences(behaviour_sequences(consumed_events(interactions(*rows))), Boundaries(None, None))
    assert table["split"].tolist() == ["train", "train", "valid", "test", "train"]


def test_all_that_was_done_in_an_exposure_is_told_not_only_the_strongest():
    rows = [("u", "a", second, kind, None, None, "s", 1) for second, kind in enumerate(["view", "like", "share"])]
    rows += [("u", "b", 9, "view", None, None, "s", 2), ("u", "c", 10, "rating", None, 4.0, None, None)]
    rows += [("u", "d", 11, "like", None, None, None, None), ("u", "d", 12, "comment", None, None, None, None)]
    table = behaviour_sequences(consumed_events(interactions(*rows)))
    assert table["kind"].tolist() == ["share", "view", "rating", "like", "comment"]
    found = {name: table[name].tolist() for name in ("is_liked", "is_commented", "is_shared")}
    assert found == {
        "is_liked": [True, False, pd.NA, True, False],
        "is_commented": [False, False, pd.NA, False, True],
        "is_shared": [True, False, pd.NA, False, False],
    }


@settings(max_examples=20)
@given(ROWS)
def test_on_the_timeline_no_user_trains_on_what_is_later_than_a_test_event(rows):
    table = interactions(*rows)
    boundaries = Boundaries.at_quantiles(table["occurred_at"], 0.5, 0.75)
    found = split_sequences(behaviour_sequences(consumed_events(table)), boundaries)
    latest, earliest = (
        found.loc[found["split"] == name, "occurred_at"].agg(how) for name, how in (("train", "max"), ("test", "min"))
    )
    assert found["split"].notna().all()
    assert pd.isna(latest) or pd.isna(earliest) or latest < earliest


def test_no_interactions_give_an_empty_table_with_all_columns():
    table = split_sequences(behaviour_sequences(consumed_events(interactions())), Boundaries(None, None))
    assert len(table) == 0
    assert list(table.columns) == [
        "user_id", "content_id", "step", "occurred_at", "kind", "dwell_s", "gap_s", "value",
        "is_liked", "is_commented", "is_shared", "surface", "split",
    ]  # fmt: skip


def test_a_large_log_keeps_every_consumed_row_that_stands_alone():
    generator = np.random.default_rng(0)
    n = 5000
    table = interactions(
        *zip(
            generator.choice(["u", "v"], n),
            generator.choice(["a", "b"], n),
            generator.integers(0, 1000, n),
            ["view"] * n, [None] * n, [None] * n, [None] * n, [1.0] * n,
            strict=True,
        )
    )  # fmt: skip
    sequences = behaviour_sequences(consumed_events(table))
    assert len(sequences) == n
    assert (sequences["gap_s"].dropna() >= 0).all()
