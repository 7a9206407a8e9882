from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml

from affectlens.models.recommender.attention import AttentionRecommender
from affectlens.models.recommender.build import build_recommender_model, recommend_with
from affectlens.models.recommender.histories import Histories
from affectlens.models.recommender.requests import BehaviourArrays
from affectlens.models.recommender.search import ApproximateSearch, ExactSearch, new_to_the_user
from affectlens.models.recommender.serving import Shelf
from affectlens.schemas import INTERACTION_KINDS


@pytest.fixture
def now(arrays: BehaviourArrays) -> float:
    return float(arrays.train.time.max())


@pytest.fixture
def histories(arrays: BehaviourArrays, now: float) -> Histories:
    return dataclasses.replace(arrays.train, request_time=np.full(arrays.train.n_users, now))


@pytest.fixture(params=[True, False], ids=["with times", "without times"])
def model(request, arrays: BehaviourArrays) -> AttentionRecommender:
    path = Path(__file__).parents[3] / "conf/base/parameters_recommender_training.yml"
    params = yaml.safe_load(path.read_text())["recommender"]["attention"]["model"] | {"width": 8, "match_width": 3}
    sizes = {
        "model": params,
        "item_ids": list(arrays.catalogue.item_ids),
        "n_kinds": len(INTERACTION_KINDS),
        "content_width": arrays.catalogue.vectors.shape[1],
        "uses_generated": True,
        "uses_time": request.param,
    }
    torch.manual_seed(0)
    fitted = build_recommender_model("attention", sizes).eval()
    fitted.content.copy_(torch.from_numpy(arrays.catalogue.vectors))
    fitted.created.copy_(torch.arange(arrays.catalogue.n_items) * 24 + 480_000)
    if fitted.feed is not None:
        torch.nn.init.normal_(fitted.feed.age)
        torch.nn.init.normal_(fitted.feed.heat.weight)
    return fitted


def test_the_product_of_the_vectors_is_the_score(model, arrays, histories, now) -> None:
    generated = arrays.generated.at(histories.request_state)
    for given in (generated, None):
        shelf = Shelf.of(model, histories, now, uses_generated=given is not None)
        expected = recommend_with(model, histories, given).scores
        assert np.allclose(shelf.requests(histories, given) @ shelf.vectors.T, expected, atol=1e-4)


def test_requests_do_not_depend_on_the_block_that_they_come_in(model, histories, now) -> None:
    shelf = Shelf.of(model, histories, now, uses_generated=False)
    together = shelf.requests(histories, None)
    longest = int(np.argmax(histories.lengths))
    alone = [shelf.requests(histories.take(np.array([row])), None) for row in (0, longest)]
    assert np.allclose(np.concatenate(alone), together[[0, longest]], atol=1e-5)


def test_what_does_not_exist_yet_is_never_found(model, histories, now) -> None:
    model.created[3] = 2**20 * 400
    shelf = Shelf.of(model, histories, now, uses_generated=False)
    assert shelf.exists[3] == (model.feed is None)
    lists, _ = ExactSearch(shelf.vectors, shelf.exists).best(shelf.requests(histories, None), len(shelf.vectors))
    assert (3 in lists) == bool(shelf.exists[3])


def test_both_searches_find_the_same_few(arrays) -> None:
    generator = np.random.default_rng(0)
    items, requests = (generator.normal(size=(n, 8)).astype(np.float32) for n in (500, 40))
    exists = generator.random(500) < 0.9
    exact, scores = ExactSearch(items, exists).best(requests, 10)
    found, values = ApproximateSearch(items, exists, links=32, breadth=200).best(requests, 10)
    assert np.mean([len(set(a) & set(b)) / 10 for a, b in zip(exact, found, strict=True)]) > 0.98
    assert np.allclose(np.take_along_axis(requests @ items.T, exact, axis=1), scores, atol=1e-4)
    assert (np.diff(values, axis=1) <= 1e-5).all()
    assert exists[found].all()


def test_lists_leave_out_what_was_consumed_and_end_where_items_do(histories) -> None:
    items = np.eye(20, dtype=np.float32)
    requests = np.tile(np.linspace(1.0, 0.1, 20, dtype=np.float32), (histories.n_users, 1))
    lists, scores = new_to_the_user(ExactSearch(items, np.ones(20, dtype=bool)), requests, histories, 20)
    for user in range(histories.n_users):
        seen = set(histories.take(np.array([user])).item)
        listed = lists[user][lists[user] >= 0]
        assert listed.tolist() == [item for item in range(20) if item not in seen]
        assert np.isneginf(scores[user][lists[user] < 0]).all()
