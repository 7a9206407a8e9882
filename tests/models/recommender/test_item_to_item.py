from __future__ import annotations

import numpy as np
import pytest

from affectlens.models.recommender.crowd import Crowd
from affectlens.models.recommender.ease import EaseParams, ease_trials, fit_ease
from affectlens.models.recommender.histories import Histories
from affectlens.models.recommender.item_knn import ItemKnnParams, co_occurrence, fit_item_knn, item_knn_trials


def histories_from(lists: list[list[int]]) -> Histories:
    offsets = np.concatenate([[0], np.cumsum([len(items) for items in lists])])
    item = np.concatenate([np.asarray(items, dtype=np.int64) for items in lists])
    nothing = np.full(len(item), np.nan)
    none = np.full(len(item), -1)
    user = np.full(len(lists), -1), np.full(len(lists), np.nan), Crowd.of(item, nothing, 15)
    columns = nothing, nothing, none, np.full((len(item), 4), np.nan)
    return Histories(offsets, item, np.ones_like(item), *columns, nothing, none, *user)


@pytest.fixture
def train() -> Histories:
    generator = np.random.default_rng(0)
    return histories_from([generator.permutation(15)[: generator.integers(1, 9)].tolist() for _ in range(40)])


def interactions(train: Histories) -> np.ndarray:
    matrix = np.zeros((train.n_users, 15))
    matrix[train.owner, train.item] = 1.0
    return matrix


@pytest.mark.parametrize("similarity", ["cosine", "jaccard"])
@pytest.mark.parametrize("neighbours", [3, None])
def test_item_knn_agrees_with_a_slow_route(train, similarity, neighbours) -> None:
    x = interactions(train)
    expected = np.zeros((15, 15))
    for i in range(15):
        for j in range(15):
            both, either = (x[:, i] * x[:, j]).sum(), np.maximum(x[:, i], x[:, j]).sum()
            below = np.sqrt(x[:, i].sum() * x[:, j].sum()) if similarity == "cosine" else either
            expected[i, j] = 0.0 if i == j else both / (below + 2.0)
        if neighbours is not None:
            expected[i, np.argsort(-expected[i], kind="stable")[neighbours:]] = 0.0
    model = fit_item_knn(train, co_occurrence(train, 15), similarity=similarity, shrinkage=2.0, neighbours=neighbours)
    assert np.allclose(model.weight.toarray(), expected, atol=1e-6)


def test_ease_agrees_with_the_closed_form(train) -> None:
    x = interactions(train)
    inverse = np.linalg.inv(x.T @ x + 5.0 * np.eye(15))
    expected = np.eye(15) - inverse / np.diag(inverse)[None, :]
    model = fit_ease(train, 15, regularisation=5.0, stored_weights=1, dense_below=15)
    assert np.allclose(model.weight.toarray(), expected, atol=1e-4)


def test_ease_of_a_large_catalogue_keeps_the_largest_weights_of_each_column(train) -> None:
    full = fit_ease(train, 15, regularisation=5.0, stored_weights=1, dense_below=15).weight.toarray()
    kept = fit_ease(train, 15, regularisation=5.0, stored_weights=4, dense_below=14).weight.toarray()
    assert ((kept != 0).sum(axis=0) == 4).all()
    for column in range(15):
        largest = np.argsort(-np.abs(full[:, column]))[:4]
        assert np.allclose(kept[largest, column], full[largest, column])


def test_ease_leaves_items_without_events_at_zero_and_the_others_as_they_are(train) -> None:
    expected = fit_ease(train, 15, regularisation=5.0, stored_weights=1, dense_below=15).weight.toarray()
    wider = fit_ease(train, 18, regularisation=5.0, stored_weights=1, dense_below=15).weight.toarray()
    assert np.allclose(wider[:15, :15], expected)
    assert not wider[15:].any()
    assert not wider[:, 15:].any()


def test_ease_with_a_singular_matrix_says_what_to_do() -> None:
    always_together = histories_from([[0, 1], [0, 1], [0, 1]])
    with pytest.raises(ValueError, match="raise it"):
        fit_ease(always_together, 15, regularisation=0.0, stored_weights=1, dense_below=16)


def test_scores_are_the_recency_weighted_sum_of_rows(train) -> None:
    model = fit_ease(train, 15, regularisation=5.0, stored_weights=1, dense_below=15).with_decay(0.5)
    weight = model.weight.toarray()
    scores = model.score(histories_from([[3, 7, 1]]))
    assert np.allclose(scores[0], 0.25 * weight[3] + 0.5 * weight[7] + weight[1], atol=1e-6)


def test_a_user_without_a_history_gets_popularity(train) -> None:
    model = fit_ease(train, 15, regularisation=5.0, stored_weights=1, dense_below=15)
    scores = model.score(histories_from([[2], []]))
    assert scores[1].tolist() == interactions(train).sum(axis=0).tolist()


def test_trials_are_all_combinations() -> None:
    knn = ItemKnnParams(
        similarities=["cosine", "jaccard"], shrinkages=[0.0, 1.0], neighbours=[5, None], decays=[1.0, 0.5]
    )
    ease = EaseParams(regularisations=[1.0], decays=[1.0, 0.5], stored_weights=1, dense_below=1)
    assert len({tuple(trial.values()) for trial in item_knn_trials(knn)}) == 16
    assert ease_trials(1.0, ease) == [{"regularisation": 1.0, "decay": 1.0}, {"regularisation": 1.0, "decay": 0.5}]
