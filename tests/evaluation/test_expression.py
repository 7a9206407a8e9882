from __future__ import annotations

import emoji
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from affectlens.evaluation.expression import emoji_counts, quantile_by_period, shares_by_period, token_counts


def test_every_emoji_of_the_unicode_list_counts_once() -> None:
    every = pd.Series(list(emoji.EMOJI_DATA))
    assert len(every) > 3000
    assert every[emoji_counts(every) != 1].tolist() == []


@given(st.lists(st.sampled_from([*sorted(emoji.EMOJI_DATA)[::97], "word", " ", "3", "漢"]), max_size=12))
def test_emoji_are_counted_as_the_emoji_package_counts_them(parts: list[str]) -> None:
    text = " ".join(parts)
    assert emoji_counts(pd.Series([text], dtype="str")).tolist() == [emoji.emoji_count(text)]


def test_digits_and_signs_are_no_emoji_but_keycaps_are() -> None:
    assert emoji_counts(pd.Series(["1 # * 42", "1️⃣", "#️⃣ 2️⃣"])).tolist() == [0, 1, 2]


@pytest.mark.parametrize("space", [" ", "\n", "\t", "\u00a0", "\u3000", "\u2009"])
def test_any_white_space_parts_tokens(space: str) -> None:
    assert token_counts(pd.Series([f"one{space}two"])).tolist() == [2]


def test_no_texts_give_no_counts() -> None:
    assert token_counts(pd.Series([], dtype=object)).tolist() == []
    assert emoji_counts(pd.Series([], dtype=object)).tolist() == []


def test_shares_of_a_period_sum_to_one() -> None:
    draw = np.random.default_rng(0)
    periods, categories, units = draw.integers(0, 4, 500), draw.integers(0, 3, 500), draw.integers(0, 60, 500)
    found = shares_by_period(periods, categories, units, seed=1, n_resamples=100)
    for period in range(4):
        assert sum(found[period, category].value for category in range(3)) == pytest.approx(1.0)
        assert found[period, 0].n == (periods == period).sum()
        assert found[period, 0].lower <= found[period, 0].value <= found[period, 0].upper


def test_one_prolific_author_widens_the_interval() -> None:
    periods, categories = np.zeros(200, dtype=int), np.repeat([0, 1], 100)
    alone = shares_by_period(periods, categories, np.arange(200), seed=1, n_resamples=400)[0, 1]
    prolific = shares_by_period(periods, categories, np.repeat([*range(10), 10], [10] * 10 + [100]), 1, 400)[0, 1]
    assert prolific.value == alone.value == 0.5
    assert prolific.upper - prolific.lower > 2 * (alone.upper - alone.lower)


def test_periods_without_posts_are_absent() -> None:
    found = shares_by_period(np.array([0, 2]), np.array([0, 0]), np.array([0, 1]), seed=1, n_resamples=20)
    assert {period for period, _ in found} == {0, 2}
    assert set(quantile_by_period(np.array([0, 2]), np.array([5, 6]), np.array([0, 1]), 0.5, 1, 20)) == {0, 2}


@given(st.lists(st.integers(0, 30), min_size=1, max_size=30), st.sampled_from([0.1, 0.5, 0.9]))
def test_a_quantile_is_the_smallest_value_that_enough_posts_do_not_exceed(values: list[int], quantile: float) -> None:
    x = np.array(values)
    found = quantile_by_period(np.zeros(x.size, dtype=int), x, np.arange(x.size), quantile, seed=1, n_resamples=20)
    expected = np.quantile(x, quantile, method="inverted_cdf")
    assert found[0].value == expected


def test_no_posts_give_no_periods() -> None:
    none = np.empty(0, dtype=np.int64)
    assert shares_by_period(none, none, none, seed=1, n_resamples=20) == {}
    assert quantile_by_period(none, none, none, 0.5, seed=1, n_resamples=20) == {}
