from __future__ import annotations

import numpy as np

from affectlens.models.recommender.crowd import Crowd
from affectlens.models.recommender.histories import Histories
from affectlens.models.recommender.spectral import spectral_items


def histories(*users: list[int]) -> Histories:
    item = np.array([item for user in users for item in user], dtype=np.int64)
    nothing, n = np.full(len(item), np.nan), len(users)
    offsets = np.concatenate([[0], np.cumsum([len(user) for user in users])])
    kind, state = np.ones(len(item), dtype=np.int64), np.full(len(item), -1)
    return Histories(
        offsets, item, kind, nothing, nothing, kind, np.full((len(item), 4), np.nan), nothing, state,
        np.full(n, -1), np.full(n, np.nan), Crowd.of(item, nothing, 9),
    )  # fmt: skip


def test_items_of_the_same_users_lie_closer_than_items_of_others() -> None:
    train = histories(*[[0, 1, 2]] * 5, *[[3, 4, 5]] * 5, [2, 3])
    cosine = (vectors := spectral_items(train, 6, 3, seed=0)) @ vectors.T
    assert cosine[0, 1] > 0.9
    assert cosine[0, 4] < 0.2


def test_vectors_have_length_one_except_those_of_items_without_events() -> None:
    vectors = spectral_items(histories([0, 1], [1, 2], [0, 2, 3]), 6, 2, seed=0)
    assert np.allclose(np.linalg.norm(vectors, axis=1), [1, 1, 1, 1, 0, 0], atol=1e-6)


def test_a_width_beyond_the_rank_is_filled_with_zeros() -> None:
    vectors = spectral_items(histories([0, 1], [1, 2]), 3, 8, seed=0)
    assert vectors.shape == (3, 8)
    assert not vectors[:, 1:].any()


def test_one_user_alone_gives_no_directions() -> None:
    assert not spectral_items(histories([0, 1, 2]), 3, 4, seed=0).any()
