from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from affectlens.evaluation.ranking import (
    RANKING_METRICS,
    RelevantRanks,
    average_precision,
    hit_rate,
    ndcg,
    rank_in_blocks,
    ranking_metrics,
    ranks_of,
    recall,
    reciprocal_rank,
    top_items,
)

scores_and_relevant = st.integers(2, 12).flatmap(
    lambda n: st.tuples(
        st.lists(st.integers(0, 5), min_size=n, max_size=n),
        st.sets(st.integers(0, n - 1), min_size=1, max_size=n),
        st.integers(1, 15),
    )
)


def ranks_for(scores: list[float], relevant: set[int]) -> RelevantRanks:
    items = np.array(sorted(relevant))
    owner = np.zeros(len(items), dtype=np.int64)
    return RelevantRanks(ranks_of(np.array([scores], dtype=np.float64), owner, items), owner, 1)


def slow_metrics(order: list[int], relevant: set[int], k: int) -> dict[str, float]:
    """Every metric by walking down one list."""
    hits = [item in relevant for item in order[:k]]
    n_best = min(k, len(relevant))
    ideal = sum(1 / np.log2(place + 2) for place in range(n_best))
    first = next((place + 1 for place, hit in enumerate(hits) if hit), None)
    return {
        "hr": float(any(hits)),
        "recall": sum(hits) / len(relevant),
        "recall_min": sum(hits) / min(k, len(relevant)),
        "ndcg": sum(hit / np.log2(place + 2) for place, hit in enumerate(hits)) / ideal,
        "mrr": 0.0 if first is None else 1 / first,
        "map": sum(sum(hits[: place + 1]) / (place + 1) for place, hit in enumerate(hits) if hit) / n_best,
    }


@given(scores_and_relevant)
def test_without_ties_every_metric_agrees_with_a_walk_down_the_list(drawn) -> None:
    values, relevant, k = drawn
    scores = [value + 0.01 * place for place, value in enumerate(values)]
    order = sorted(range(len(scores)), key=lambda item: -scores[item])
    expected = slow_metrics(order, relevant, k)
    found = ranking_metrics(ranks_for(scores, relevant), k)
    assert {f"{name}@{k}": pytest.approx(value) for name, value in expected.items()} == {
        name: value[0] for name, value in found.items()
    }


@given(scores_and_relevant)
def test_every_metric_lies_between_zero_and_one(drawn) -> None:
    values, relevant, k = drawn
    found = ranking_metrics(ranks_for(values, relevant), k)
    assert all(-1e-12 <= value[0] <= 1 + 1e-12 for value in found.values())


@given(scores_and_relevant)
def test_a_perfect_ranking_scores_one_in_every_metric_but_recall(drawn) -> None:
    values, relevant, k = drawn
    scores = [value + 100.0 * (item in relevant) for item, value in enumerate(values)]
    found = {name: metric(ranks_for(scores, relevant), k)[0] for name, metric in RANKING_METRICS.items()}
    assert found.pop("recall") == pytest.approx(min(k, len(relevant)) / len(relevant))
    assert list(found.values()) == pytest.approx([1.0] * 5)


@given(scores_and_relevant, st.randoms(use_true_random=False))
def test_the_order_of_storage_changes_nothing(drawn, random) -> None:
    values, relevant, k = drawn
    order = list(range(len(values)))
    random.shuffle(order)
    moved = ranks_for([values[item] for item in order], {order.index(item) for item in relevant})
    for metric in RANKING_METRICS.values():
        assert metric(moved, k) == pytest.approx(metric(ranks_for(values, relevant), k))


def test_a_constant_score_gives_one_relevant_item_the_middle_rank() -> None:
    assert ranks_for([1.0] * 9, {8}).rank.tolist() == [5.0]


def test_relevant_items_spread_evenly_through_their_tie() -> None:
    assert ranks_for([2.0, 1.0, 1.0, 1.0, 1.0, 1.0], {1, 5}).rank.tolist() == [3.0, 5.0]
    assert ranks_for([1.0, 1.0, 1.0], {0, 1, 2}).rank.tolist() == [1.0, 2.0, 3.0]


def test_what_is_no_candidate_takes_no_rank() -> None:
    assert ranks_for([-np.inf, 0.5, 0.9, -np.inf], {1}).rank.tolist() == [2.0]


def test_a_relevant_item_that_is_no_candidate_is_an_error() -> None:
    with pytest.raises(ValueError, match="1 relevant items are no candidates"):
        ranks_for([-np.inf, 0.5], {0})


def test_a_score_that_is_not_a_number_is_an_error() -> None:
    with pytest.raises(ValueError, match="1 scores are NaN"):
        ranks_for([np.nan, 0.5], {1})


def test_more_pairs_than_are_ranked_at_once_agree_with_one_by_one() -> None:
    generator = np.random.default_rng(0)
    scores = generator.integers(0, 5, size=(3, 900)).astype(np.float64)
    owner, item = np.repeat(np.arange(3), 600), np.concatenate([generator.permutation(900)[:600] for _ in range(3)])
    together = ranks_of(scores, owner, item)
    alone = [ranks_of(scores[[user]], np.zeros(600, dtype=np.int64), item[owner == user]) for user in range(3)]
    assert np.array_equal(together, np.concatenate(alone))


@pytest.mark.parametrize("metric", [hit_rate, recall, ndcg, reciprocal_rank, average_precision])
def test_a_user_without_a_relevant_item_is_undefined(metric) -> None:
    values = metric(RelevantRanks(np.array([1.0]), np.array([1]), 2), 10)
    assert np.isnan(values[0])
    assert values[1] == 1.0


def test_counting_only_some_items_as_relevant_keeps_their_ranks() -> None:
    ranks = RelevantRanks(np.array([1.0, 3.0]), np.array([0, 0]), 1)
    assert ndcg(ranks.only(np.array([False, True])), 10).tolist() == [0.5]


def test_top_items_are_the_best_candidates_best_first() -> None:
    scores = np.array([[0.1, 0.9, -np.inf, 0.5], [-np.inf, -np.inf, -np.inf, 0.0]])
    assert top_items(scores, 3).tolist() == [[1, 3, 0], [3, -1, -1]]
    assert top_items(scores, 6)[0].tolist() == [1, 3, 0, -1, -1, -1]


@pytest.mark.parametrize("block", [1, 3, 100])
def test_blocks_change_nothing(block) -> None:
    generator = np.random.default_rng(1)
    scores = generator.random((10, 30))
    owner, item = np.repeat(np.arange(0, 10, 2), 2), np.tile([3, 7], 5)
    ranks, lists = rank_in_blocks(lambda rows: scores[rows], owner, item, n_users=10, k=4, block=block)
    assert np.array_equal(ranks.rank, ranks_of(scores, owner, item))
    assert np.array_equal(lists, np.argsort(-scores, axis=1)[:, :4])
    assert ranks.n_users == 10
