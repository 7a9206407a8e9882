from __future__ import annotations

import numpy as np
import pytest

from affectlens.models.recommender.catalogue import GeneratedContent
from affectlens.models.recommender.ladder import Material, block_of_unit_variance, step_of, with_placebos
from affectlens.models.recommender.requests import BehaviourArrays, next_item_requests


@pytest.fixture
def material(arrays: BehaviourArrays) -> Material:
    generator, n_items = np.random.default_rng(0), arrays.catalogue.n_items
    blocks = {"text": generator.normal(size=(n_items, 5)), "learned": generator.normal(size=(n_items, 3))}
    blocks = with_placebos({name: values.astype(np.float32) for name, values in blocks.items()}, seed=1)
    blocks["content"] = arrays.catalogue.vectors
    owner, times = arrays.generated.user_ids, arrays.generated.times
    states = GeneratedContent(owner, times, generator.normal(size=(len(times), 1, 3)).astype(np.float32))
    return Material(arrays.catalogue, blocks, states, arrays.generated)


def test_a_step_reads_its_blocks_side_by_side(material: Material) -> None:
    catalogue, content = step_of(material, ("text", "media", "learned"), seed=0)
    assert np.array_equal(catalogue.vectors, np.hstack([material.blocks["text"], material.blocks["learned"]]))
    assert content.is_empty
    nothing, _ = step_of(material, ("id",), seed=0)
    assert nothing.vectors.shape == (material.catalogue.n_items, 0)
    assert not nothing.has_vector.any()


def test_emotion_of_a_user_stands_in_the_columns_of_the_emotion_of_items(material: Material) -> None:
    _, content = step_of(material, ("text", "learned", "state"), seed=0)
    assert content.vectors.shape[1:] == (1, 8)
    assert np.array_equal(content.vectors[:, :, 5:], material.states.vectors)
    assert not content.vectors[:, :, :5].any()


def test_weights_over_the_generated_vectors_leave_the_emotion_whole(material: Material) -> None:
    _, content = step_of(material, ("learned", "content", "state", "generated"), seed=0)
    mixed = content.vectors.mean(axis=1)  # any weights that sum to 1
    assert np.allclose(mixed[:, :3], material.states.vectors[:, 0], atol=1e-6)
    assert np.allclose(mixed[:, 3:], material.generated.vectors.mean(axis=1), atol=1e-6)


def test_the_wrong_user_gets_the_states_of_exactly_one_other(material: Material) -> None:
    _, own = step_of(material, ("learned", "state"), seed=0)
    _, other = step_of(material, ("learned", "state_of_another"), seed=0)
    assert np.array_equal(own.vectors, other.vectors)
    assert (own.user_ids != other.user_ids).all()
    pairs = set(zip(own.user_ids, other.user_ids, strict=True))
    assert len(pairs) == len(set(own.user_ids)) == len(set(other.user_ids))


def test_placebos_are_as_wide_as_the_emotion_and_say_nothing_of_the_item(material: Material) -> None:
    learned, shuffled = material.blocks["learned"], material.blocks["learned_shuffled"]
    assert material.blocks["noise"].shape == learned.shape
    assert not np.array_equal(learned, shuffled)
    assert np.array_equal(np.sort(learned, axis=0), np.sort(shuffled, axis=0))


def test_what_is_unknown_of_an_item_is_zero_and_the_rest_has_unit_variance() -> None:
    values = np.array([[1.0, 5.0], [3.0, 5.0], [np.nan, 0.0], [7.0, 5.0]])
    block = block_of_unit_variance(values, np.array([True, True, True, False]))
    assert block[2].tolist() == [0.0, 0.0]
    assert np.isclose(block[:2].var(axis=0).mean(), 1.0)
    assert block[3, 0] > block[1, 0]


def test_each_event_asks_for_what_comes_next_given_all_before(arrays, sequences) -> None:
    asks = next_item_requests(sequences, arrays.catalogue, arrays.generated, "test", most=1000, seed=0)
    test = sequences[sequences["split"] == "test"]
    assert asks.n_users + asks.n_repeats + asks.n_not_candidates == len(test)
    assert asks.owner.tolist() == list(range(asks.n_users))
    for row in range(asks.n_users):
        history = asks.histories.take(np.array([row]))
        assert asks.item[row] not in history.item
        mine = sequences[sequences["user_id"] == asks.user_ids[row]].sort_values("step")
        assert arrays.catalogue.index_of(mine["content_id"])[: len(history.item)].tolist() == history.item.tolist()


def test_as_many_requests_as_asked_for_are_drawn_the_same_ones_each_time(arrays, sequences) -> None:
    one, two = (
        next_item_requests(sequences, arrays.catalogue, arrays.generated, "test", most=5, seed=3) for _ in range(2)
    )
    assert one.n_users <= 5
    assert one.item.tolist() == two.item.tolist()
