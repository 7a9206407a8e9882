from __future__ import annotations

import numpy as np
import pytest

from affectlens.models.recommender.catalogue import GeneratedContent
from affectlens.models.recommender.ladder import (
    Material,
    block_of_unit_variance,
    following_users,
    handed_on,
    rows_of_another,
    state_placebos,
    step_of,
    with_placebos,
)
from affectlens.models.recommender.requests import BehaviourArrays, next_item_requests


@pytest.fixture
def material(arrays: BehaviourArrays) -> Material:
    generator, n_items = np.random.default_rng(0), arrays.catalogue.n_items
    widths = {"text": 5, "learned": 3, "lexicon": 2}
    blocks = {name: generator.normal(size=(n_items, width)) for name, width in widths.items()}
    blocks = with_placebos({name: values.astype(np.float32) for name, values in blocks.items()}, seed=1)
    blocks["content"] = arrays.catalogue.vectors
    owner, times = arrays.generated.user_ids, arrays.generated.times
    states = GeneratedContent(owner, times, generator.normal(size=(len(times), 1, 3)).astype(np.float32))
    following = following_users(owner, seed=0)
    dated = {f"state{suffix}": values for suffix, values in state_placebos(states, following, seed=0).items()}
    dated |= {"generated": arrays.generated, "generated_of_another": handed_on(arrays.generated, following)}
    return Material(arrays.catalogue, blocks, dated, following)


def test_a_step_reads_its_blocks_side_by_side(material: Material) -> None:
    catalogue, content = step_of(material, ("text", "media", "learned"))
    assert np.array_equal(catalogue.vectors, np.hstack([material.blocks["text"], material.blocks["learned"]]))
    assert content.is_empty
    nothing, _ = step_of(material, ("id",))
    assert nothing.vectors.shape == (material.catalogue.n_items, 0)
    assert not nothing.has_vector.any()


def test_emotion_of_a_user_stands_in_the_columns_of_the_emotion_of_items(material: Material) -> None:
    _, content = step_of(material, ("text", "learned", "state"))
    assert content.vectors.shape[1:] == (1, 8)
    assert np.array_equal(content.vectors[:, :, 5:], material.dated["state"].vectors)
    assert not content.vectors[:, :, :5].any()


def test_weights_over_the_generated_vectors_leave_the_emotion_whole(material: Material) -> None:
    _, content = step_of(material, ("learned", "content", "state", "generated"))
    mixed = content.vectors.mean(axis=1)  # any weights that sum to 1
    assert np.allclose(mixed[:, :3], material.dated["state"].vectors[:, 0], atol=1e-6)
    assert np.allclose(mixed[:, 3:], material.dated["generated"].vectors.mean(axis=1), atol=1e-6)


def test_the_wrong_user_gets_the_states_of_exactly_one_other(material: Material) -> None:
    _, own = step_of(material, ("learned", "state"))
    _, other = step_of(material, ("learned", "state_of_another"))
    assert np.array_equal(own.vectors, other.vectors)
    assert (own.user_ids != other.user_ids).all()
    pairs = set(zip(own.user_ids, other.user_ids, strict=True))
    assert len(pairs) == len(set(own.user_ids)) == len(set(other.user_ids))


def test_placebos_are_as_wide_as_the_emotion_and_say_nothing_of_the_item(material: Material) -> None:
    for name in ("learned", "lexicon"):
        emotion, shuffled = material.blocks[name], material.blocks[f"{name}_shuffled"]
        assert material.blocks[f"{name}_noise"].shape == emotion.shape
        assert not np.array_equal(emotion, shuffled)
        assert np.array_equal(np.sort(emotion, axis=0), np.sort(shuffled, axis=0))


def test_placebos_of_a_state_stand_at_its_own_dates_with_nothing_of_its_emotion(material: Material) -> None:
    own = material.dated["state"]
    for suffix in ("_noise", "_with_emotion_of_another"):
        placebo = material.dated[f"state{suffix}"]
        assert placebo.user_ids.tolist() == own.user_ids.tolist()
        assert placebo.times.tolist() == own.times.tolist()
        assert placebo.vectors.shape == own.vectors.shape
        assert not (placebo.vectors == own.vectors).all(axis=(1, 2)).any()


def test_the_emotion_of_another_is_the_newest_that_the_stand_in_had_at_the_time() -> None:
    users, times = np.array(["a", "a", "b", "b"], dtype=object), np.array([1.0, 5.0, 2.0, 4.0])
    states = GeneratedContent(users, times, np.zeros((4, 1, 1)))
    assert rows_of_another(states, {"a": "b", "b": "a"}).tolist() == [2, 3, 0, 0]  # the first where none is older


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
