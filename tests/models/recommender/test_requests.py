from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from affectlens.models.recommender.catalogue import catalogue_of, generated_content_of
from affectlens.models.recommender.requests import (
    behaviour_arrays,
    closing_requests,
    only_candidates,
    requests_of,
)

START = pd.Timestamp("2025-01-01", tz="UTC")


@pytest.fixture
def small(events_of, contents, generated):
    rows = [
        ("user1", "item1", 0, "train"),
        ("user1", "item2", 4, "valid"),
        ("user1", "item3", 8, "test"),
        ("user1", "item1", 8.5, "test"),
        ("user1", "item7", 9, "test"),
        ("user2", "item4", 1, "train"),
        ("user3", "item5", 8.2, "test"),
    ]
    contents.loc[7, "created_at"] = START + pd.Timedelta(hours=195)
    sequences = events_of(rows)
    return sequences, catalogue_of(contents, sequences), generated_content_of(generated)


def test_a_test_request_reads_training_and_validation_events(small) -> None:
    requests = requests_of(*small, "test")
    assert requests.user_ids.tolist() == ["user1", "user3"]
    assert requests.histories.item.tolist() == [1, 2]
    assert requests.histories.lengths.tolist() == [2, 0]


def test_a_validation_request_reads_training_events_only(small) -> None:
    requests = requests_of(*small, "valid")
    assert requests.user_ids.tolist() == ["user1"]
    assert requests.histories.item.tolist() == [1]
    assert requests.item.tolist() == [2]


def test_relevant_items_are_new_to_the_user_and_existed_at_the_request(small) -> None:
    requests = requests_of(*small, "test")
    assert list(zip(requests.owner, requests.item, strict=True)) == [(0, 3), (1, 5)]
    assert (requests.n_repeats, requests.n_not_candidates) == (1, 1)


def test_consumed_items_and_items_of_the_future_are_no_candidates(small) -> None:
    _, catalogue, _ = small
    requests = requests_of(*small, "test")
    scores = only_candidates(np.zeros((2, catalogue.n_items)), requests.histories, requests.request_time, catalogue)
    assert np.flatnonzero(np.isneginf(scores[0])).tolist() == [1, 2, 7]
    assert np.isfinite(scores[1, 7])


def test_a_request_uses_the_generated_content_of_its_last_event(small) -> None:
    requests = requests_of(*small, "test")
    assert requests.histories.request_state.tolist() == [4, -1]


def test_closing_requests_cover_users_with_a_history_and_know_nothing_of_the_test_period(small) -> None:
    requests = closing_requests(*small)
    assert requests.user_ids.tolist() == ["user1", "user2"]
    assert requests.histories.item.tolist() == [1, 2, 4]
    assert (requests.request_time == (START + pd.Timedelta(days=4)).timestamp()).all()
    assert len(requests.item) == 0


def test_changing_the_test_period_changes_neither_training_nor_validation(sequences, contents, generated) -> None:
    is_test = sequences["split"] == "test"
    changed = sequences.assign(content_id=sequences["content_id"].mask(is_test, "item0"))
    one, two = (behaviour_arrays(table, contents, generated) for table in (sequences, changed))
    assert np.array_equal(one.train.item, two.train.item)
    assert np.array_equal(one.valid.item, two.valid.item)
    assert np.array_equal(one.valid.histories.item, two.valid.histories.item)


def test_generated_vectors_of_another_width_than_content_are_refused(sequences, contents, generated) -> None:
    generated["vectors"] = [vector[:6] for vector in generated["vectors"]]
    with pytest.raises(ValueError, match="width 2"):
        behaviour_arrays(sequences, contents, generated)


def test_the_crowd_of_a_validation_request_holds_no_test_event(sequences, contents, generated) -> None:
    catalogue, content = catalogue_of(contents, sequences), generated_content_of(generated)
    sizes = {
        split: len(requests_of(sequences, catalogue, content, split).histories.crowd.time)
        for split in ("valid", "test")
    }
    assert sizes == {"valid": int((sequences["split"] != "test").sum()), "test": len(sequences)}


def test_what_happens_on_the_day_of_a_request_or_later_does_not_warm_it(small) -> None:
    sequences, catalogue, content = small
    before = requests_of(sequences, catalogue, content, "test").histories
    warm = before.crowd.heat(before.request_time, 1.0)
    assert warm[0, [1, 2, 4]].all()
    assert not warm[0, [3, 5, 7]].any()


def test_a_sample_of_requests_keeps_each_user_with_history_and_relevant_items(small) -> None:
    requests = requests_of(*small, "test")
    assert requests.sample(2, seed=0) is requests
    for seed in range(5):
        one = requests.sample(1, seed)
        row = requests.user_ids.tolist().index(one.user_ids[0])
        assert one.item.tolist() == requests.item[requests.owner == row].tolist()
        assert one.owner.tolist() == [0]
        assert one.histories.item.tolist() == requests.histories.take(np.array([row])).item.tolist()
