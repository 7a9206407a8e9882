from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from affectlens.models.recommender.catalogue import catalogue_of, generated_content_of
from affectlens.models.recommender.histories import Histories, histories_of


@pytest.fixture
def catalogue(contents, events_of):
    return catalogue_of(contents, events_of([]))


@pytest.fixture
def histories(events_of, catalogue, generated) -> Histories:
    events = events_of([("b", "item1", 0, "train"), ("a", "item5", 1, "train"), ("b", "item2", 2, "train")])
    users = np.array(["b", "nobody", "a"], dtype=object)
    return histories_of(events, users, catalogue, generated_content_of(generated))


def test_events_stand_user_by_user_in_order_of_steps_and_a_user_may_have_none(histories) -> None:
    assert histories.offsets.tolist() == [0, 2, 2, 3]
    assert histories.item.tolist() == [1, 2, 5]
    assert histories.owner.tolist() == [0, 0, 2]
    assert histories.age.tolist() == [1, 0, 0]


def test_the_order_of_the_rows_of_the_table_does_not_matter(sequences, catalogue, generated) -> None:
    users, content = pd.unique(sequences["user_id"].astype(object)), generated_content_of(generated)
    one = histories_of(sequences, users, catalogue, content)
    two = histories_of(sequences.sample(frac=1.0, random_state=0), users, catalogue, content)
    assert np.array_equal(one.item, two.item)
    assert np.array_equal(one.state, two.state)


def test_taking_users_takes_their_events(histories) -> None:
    taken = histories.take(np.array([2, 0]))
    assert taken.item.tolist() == [5, 1, 2]
    assert taken.offsets.tolist() == [0, 1, 3]


def test_keeping_some_events_is_as_if_the_others_had_not_been(sequences, catalogue, generated) -> None:
    users, content = pd.unique(sequences["user_id"].astype(object)), generated_content_of(generated)
    ordered = sequences.assign(user=pd.Categorical(sequences["user_id"], users)).sort_values(["user", "step"])

    def opened(events: pd.DataFrame) -> Histories:
        gap = events.groupby("user_id", sort=False)["occurred_at"].diff().dt.total_seconds()
        return histories_of(events.drop(columns="user").assign(gap_s=gap), users, catalogue, content)

    is_kept = np.random.default_rng(0).random(len(ordered)) < 0.6
    whole, alone = opened(ordered), opened(ordered[is_kept])
    kept = whole.keep(is_kept)
    assert not is_kept.all()
    for name in ("offsets", "item", "kind", "dwell_s", "gap_s", "surface", "answers", "time", "state"):
        assert np.allclose(getattr(kept, name), getattr(alone, name), rtol=0.0, atol=1e-3, equal_nan=True)
    assert np.array_equal(kept.request_time, whole.request_time, equal_nan=True)


def test_events_tell_where_they_took_place_and_what_was_done(events_of, contents, generated) -> None:
    events = events_of([("a", "item1", 0, "train"), ("a", "item2", 1, "train"), ("b", "item3", 2, "train")])
    liked = pd.array([True, False, None], dtype="boolean")
    told = events.assign(surface=["search", "feed", None], is_liked=liked, value=[None, None, 3.0])
    catalogue, users = catalogue_of(contents, told), np.array(["b", "a"], dtype=object)
    histories = histories_of(told, users, catalogue, generated_content_of(generated))
    assert catalogue.surfaces == ("feed", "search")
    assert histories.surface.tolist() == [0, 2, 1]
    unknown = np.nan
    expected = [[unknown, unknown, unknown, 3], [1, *[unknown] * 3], [0, *[unknown] * 3]]
    assert np.array_equal(histories.answers, expected, equal_nan=True)


def test_an_item_consumed_twice_weighs_as_its_latest_event(events_of, catalogue, generated) -> None:
    events = events_of([("a", item, day, "train") for day, item in enumerate(["item1", "item2", "item1"])])
    histories = histories_of(events, np.array(["a"], dtype=object), catalogue, generated_content_of(generated))
    weights = histories.weights(catalogue.n_items, 0.5).toarray()[0]
    assert weights[[1, 2]].tolist() == [1.0, 0.5]
    assert weights.sum() == 1.5


def test_generated_content_of_an_event_existed_at_the_event(events_of, catalogue, generated) -> None:
    events = events_of([("user1", "item1", 2.0, "train"), ("user1", "item2", 4.0, "train")])
    histories = histories_of(events, np.array(["user1"], dtype=object), catalogue, generated_content_of(generated))
    assert histories.state.tolist() == [3, 4]
    assert histories.request_state.tolist() == [4]


def test_an_item_that_the_catalogue_lacks_is_refused(events_of, catalogue, generated) -> None:
    events = events_of([("a", "stranger", 0, "train")])
    with pytest.raises(ValueError, match="not in the catalogue"):
        histories_of(events, np.array(["a"], dtype=object), catalogue, generated_content_of(generated))
