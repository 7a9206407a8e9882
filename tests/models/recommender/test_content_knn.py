from __future__ import annotations

import dataclasses

import numpy as np

from affectlens.models.recommender.content_knn import fit_content_knn
from affectlens.models.recommender.requests import BehaviourArrays


def test_what_resembles_the_history_stands_first(arrays: BehaviourArrays) -> None:
    model = fit_content_knn(arrays.catalogue, decay=0.0001, heat_weight=0.0, half_life_days=3.0)
    scores = model.score(arrays.train)
    last = arrays.train.item[arrays.train.offsets[1:] - 1]  # with this decay the last event is the profile
    assert (scores.argmax(axis=1) == last).all()
    assert np.allclose(scores.max(axis=1), 1.0, atol=1e-3)


def test_an_item_without_a_vector_neither_resembles_nor_repels(arrays: BehaviourArrays) -> None:
    vectors = arrays.catalogue.vectors.copy()
    vectors[0] = 0.0
    catalogue = dataclasses.replace(arrays.catalogue, vectors=vectors)
    model = fit_content_knn(catalogue, decay=0.9, heat_weight=0.0, half_life_days=3.0)
    assert (model.score(arrays.train)[:, 0] == 0.0).all()


def test_heat_lifts_what_others_consumed_lately(arrays: BehaviourArrays) -> None:
    cold, warm = (
        fit_content_knn(arrays.catalogue, decay=0.9, heat_weight=weight, half_life_days=3.0).score(
            arrays.valid.histories
        )
        for weight in (0.0, 100.0)
    )
    heat = arrays.valid.histories.crowd.heat(arrays.valid.request_time, 3.0)
    assert (warm.argmax(axis=1) == heat.argmax(axis=1)).all()
    assert not np.array_equal(warm, cold)
