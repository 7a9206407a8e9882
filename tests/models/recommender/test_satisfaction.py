from __future__ import annotations

import numpy as np
import pandas as pd

from affectlens.models.recommender.satisfaction import (
    columns_of,
    felt_before,
    splits_within_users,
    standardised,
)

SEEDS, CUTS = [101, 102], [0.7, 0.7 + 0.1]


def test_every_row_of_every_user_lies_in_one_part_of_a_split() -> None:
    user = np.repeat(np.arange(4), [10, 11, 12, 30])
    splits = list(splits_within_users(user, SEEDS, CUTS))
    for train, valid, test in splits:
        assert sorted(np.concatenate([train, valid, test])) == list(range(63))
        assert np.bincount(user[train]).tolist() == [7, 7, 8, 21]
        assert np.bincount(user[test]).tolist() == [3, 3, 3, 7]  # 0.7 + 0.1 is below 0.8 in floats, there as here
    assert not np.array_equal(splits[0][2], splits[1][2])


def test_the_splits_are_those_that_pandas_draws_from_its_global_stream() -> None:
    user = np.repeat(np.arange(3), 20)
    frame = pd.DataFrame({"user": user, "row": np.arange(60)})
    state = np.random.RandomState(101)
    shuffled = [group.sample(frac=1, random_state=state)["row"].to_numpy() for _, group in frame.groupby("user")]
    _, _, test = next(splits_within_users(user, SEEDS, CUTS))
    assert test.tolist() == np.concatenate([rows[int(20 * (0.7 + 0.1)) :] for rows in shuffled]).tolist()


def test_what_was_felt_before_leaves_the_row_itself_all_later_ones_and_all_test_rows_out() -> None:
    felt, item, time = np.array([[1.0], [3.0], [8.0], [5.0]]), np.array([0, 0, 0, 1]), np.array([1.0, 2.0, 3.0, 4.0])
    found = felt_before(felt, item, time, np.array([0, 1]), item)
    assert found.tolist() == [[2.0], [1.0], [2.0], [2.0]]  # nobody had told: the mean of all
    placebo = felt_before(felt, item, time, np.array([0, 1]), np.array([1, 1, 1, 0]))
    assert placebo.tolist() == [[2.0], [2.0], [2.0], [2.0]]


def test_a_later_emotion_changes_nothing_but_what_is_usual() -> None:
    item, time, train = np.zeros(4, dtype=int), np.arange(4.0), np.arange(4)
    one, two = (felt_before(np.array([[1.0], [2.0], [3.0], [x]]), item, time, train, item) for x in (4.0, 9.0))
    assert np.array_equal(one[1:], two[1:])


def test_numbers_stay_numbers_words_become_columns_and_the_unknown_is_usual() -> None:
    table = pd.DataFrame({"warmth": [1.0, None, 3.0], "weather": ["sun", "rain", "sun"]})
    assert columns_of(table, ["warmth", "weather"]).tolist() == [[1, 1, 0], [2, 0, 1], [3, 1, 0]]
    assert columns_of(table, []).shape == (3, 0)
    assert columns_of(pd.DataFrame({"weather": ["sun", None]}), ["weather"]).tolist() == [[1], [0]]


def test_a_column_without_spread_on_train_is_switched_off() -> None:
    scaled = standardised(np.array([[0.0, 1.0], [2.0, 1.0], [4.0, 9.0]]), np.array([0, 1]))
    assert scaled.tolist() == [[-1, 0], [1, 0], [3, 0]]
