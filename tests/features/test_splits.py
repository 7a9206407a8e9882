import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from affectlens.features import splits
from affectlens.features.splits import NONE, TEST, TRAIN, VALID, Boundaries, SplitParams

PARAMS = SplitParams(protocol="global_timeline", train_quantile=0.8, valid_quantile=0.9, valid_share=0.1)
SECONDS = st.lists(st.integers(0, 50), min_size=1, max_size=60)


def times(seconds):
    return pd.Series(pd.to_datetime(seconds, unit="s", utc=True)).dt.as_unit("us")


@given(SECONDS)
def test_nothing_in_a_later_split_is_earlier_than_anything_in_an_earlier_one(seconds):
    codes = Boundaries.at_quantiles(times(seconds), 0.8, 0.9).split(times(seconds))
    at = np.array(seconds)
    assert set(codes) <= {TRAIN, VALID, TEST}
    assert (codes == TRAIN).any()
    for earlier, later in ((TRAIN, VALID), (VALID, TEST), (TRAIN, TEST)):
        pairs = at[codes == earlier][:, None] < at[codes == later][None, :]
        assert pairs.all()


def test_distinct_times_split_at_the_quantiles():
    codes = Boundaries.at_quantiles(times(range(100)), 0.8, 0.9).split(times(range(100)))
    assert np.bincount(codes).tolist() == [80, 10, 10]


def test_events_of_one_instant_are_all_train():
    assert Boundaries.at_quantiles(times([5, 5, 5]), 0.8, 0.9).split(times([5, 5, 5])).tolist() == [TRAIN] * 3


def test_a_missing_time_has_no_split_and_no_times_have_no_boundaries():
    some = pd.concat([times([0, 1]), pd.Series([pd.NaT], dtype="datetime64[us, UTC]")])
    assert Boundaries.at_quantiles(some, 0.8, 0.9).split(some)[2] == NONE
    assert Boundaries.at_quantiles(some.iloc[2:], 0.8, 0.9) == Boundaries(None, None)
    assert Boundaries(None, None).split(some).tolist() == [NONE] * 3


@given(SECONDS)
def test_boundaries_survive_json(seconds):
    boundaries = Boundaries.at_quantiles(times(seconds), 0.8, 0.9)
    assert Boundaries.from_json(boundaries.to_json()) == boundaries
    assert Boundaries.from_json(Boundaries(None, None).to_json()) == Boundaries(None, None)


@given(st.lists(st.integers(1, 6), min_size=1, max_size=8))
def test_leave_one_out_takes_the_last_two_events_of_users_with_three(lengths):
    n_events = np.repeat(lengths, lengths)
    step = np.concatenate([np.arange(length) for length in lengths])
    expected = [([0] * (n - 2) + [1, 2]) if n > 2 else [0] * n for n in lengths]
    assert splits.leave_one_out(n_events, step).tolist() == [code for row in expected for code in row]


def test_a_hashed_split_is_the_same_in_any_company_and_near_its_shares():
    keys = pd.Series([f"text {number}" for number in range(5000)])
    codes = splits.hashed(keys, PARAMS)
    assert splits.hashed(keys[::-1], PARAMS)[::-1].tolist() == codes.tolist()
    assert np.bincount(codes) / len(codes) == pytest.approx([0.8, 0.1, 0.1], abs=0.02)


def test_the_hash_of_a_key_is_fixed():
    assert splits.hashed_share(pd.Series(["so happy"]))[0] == pytest.approx(0.7924, abs=1e-4)


def test_a_published_split_with_valid_rows_is_kept():
    codes = np.array([TRAIN, VALID, TRAIN, TEST])
    assert splits.with_valid_rows(codes, pd.Series(list("abcd")), 0.5).tolist() == codes.tolist()


def test_a_missing_valid_is_drawn_from_train_alone():
    codes = np.array([TRAIN] * 2000 + [TEST] * 500)
    drawn = splits.with_valid_rows(codes, pd.Series([str(number) for number in range(2500)]), 0.1)
    assert (drawn[2000:] == TEST).all()
    assert (drawn[:2000] == VALID).mean() == pytest.approx(0.1, abs=0.02)


@given(st.lists(st.tuples(st.integers(-1, 2), st.sampled_from("abcd")), max_size=30))
def test_no_text_stands_in_two_splits(rows):
    codes = np.array([code for code, _ in rows], dtype=np.int64)
    keys = pd.Series([key for _, key in rows], dtype=object)
    kept = splits.without_repeats(codes, keys)
    assert ((kept == codes) | (kept == NONE)).all()
    found = pd.DataFrame({"code": kept, "key": keys})[kept != NONE]
    assert not found.drop_duplicates()["key"].duplicated().any()
    first = {key: min(code for code, other in rows if other == key and code != NONE) for key in found["key"]}
    assert [code for code, key in rows if key in first and code == first[key]] == found["code"].tolist()


@given(st.lists(st.integers(-1, 2), max_size=20))
def test_codes_survive_their_names(codes):
    names = splits.names_of(np.array(codes, dtype=np.int64))
    assert splits.codes_of(names).tolist() == codes
    assert names.isna().tolist() == [code == NONE for code in codes]
