from __future__ import annotations

import numpy as np
import pandas as pd

from affectlens.models.recommender.satisfaction import (
    SatisfactionParams,
    columns_of,
    felt_by_others,
    splits_within_users,
    standardised,
)

PARAMS = SatisfactionParams(
    surface="field", liked_from=3.0, mood_step=0.125, split_seeds=[101, 102], train_share=0.7, valid_share=0.1,
    situation=[], inverse_penalties=[0.1], leaf_sizes=[2], n_trees=5,
)  # fmt: skip


def test_every_row_of_every_user_lies_in_one_part_of_a_split() -> None:
    user = np.repeat(np.arange(4), [10, 11, 12, 30])
    splits = list(splits_within_users(user, PARAMS))
    for split in splits:
        assert sorted(np.concatenate([split.train, split.valid, split.test])) == list(range(63))
        assert np.bincount(user[split.train]).tolist() == [7, 7, 8, 21]
        assert np.bincount(user[split.test]).tolist() == [3, 3, 3, 7]  # 0.7 + 0.1 is below 0.8 in floats, there as here
    assert not np.array_equal(splits[0].test, splits[1].test)


def test_the_splits_are_those_that_pandas_draws_from_its_global_stream() -> None:
    user = np.repeat(np.arange(3), 20)
    frame = pd.DataFrame({"user": user, "row": np.arange(60)})
    state = np.random.RandomState(101)
    shuffled = [group.sample(frac=1, random_state=state)["row"].to_numpy() for _, group in frame.groupby("user")]
    split = next(splits_within_users(user, PARAMS))
    assert split.test.tolist() == np.concatenate([rows[int(20 * (0.7 + 0.1)) :] for rows in shuffled]).tolist()


def test_what_others_felt_leaves_the_row_itself_and_all_test_rows_out() -> None:
    felt, item = np.array([[1.0], [3.0], [8.0], [5.0]]), np.array([0, 0, 0, 1])
    found = felt_by_others(felt, item, train=np.array([0, 1]))
    assert found.tolist() == [[3.0], [1.0], [2.0], [2.0]]  # the last item was heard by nobody in train: the mean


def test_numbers_stay_numbers_words_become_columns_and_the_unknown_is_usual() -> None:
    table = pd.DataFrame({"warmth": [1.0, None, 3.0], "weather": ["sun", "rain", "sun"]})
    assert columns_of(table, ["warmth", "weather"]).tolist() == [[1, 1, 0], [2, 0, 1], [3, 1, 0]]
    assert columns_of(table, []).shape == (3, 0)


def test_a_column_without_spread_on_train_is_switched_off() -> None:
    scaled = standardised(np.array([[0.0, 1.0], [2.0, 1.0], [4.0, 9.0]]), np.array([0, 1]))
    assert scaled.tolist() == [[-1, 0], [1, 0], [3, 0]]
