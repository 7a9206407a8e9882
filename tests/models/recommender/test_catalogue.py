from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from affectlens.models.recommender.catalogue import catalogue_of, generated_content_of
from affectlens.schemas import BehaviourSequences, ContentFeatures

DAY = 86_400.0
START = pd.Timestamp("2025-01-01", tz="UTC").timestamp()


def test_items_with_content_come_first_and_items_with_events_only_have_no_vector(contents, events_of) -> None:
    catalogue = catalogue_of(contents, events_of([("u", "stranger", 0, "train"), ("u", "item4", 1, "train")]))
    assert catalogue.item_ids == (*contents["content_id"], "stranger")
    assert catalogue.has_vector.tolist() == [True] * len(contents) + [False]
    assert np.isnan(catalogue.created_at[-1])
    assert not catalogue.vectors[-1].any()
    assert np.array_equal(catalogue.vectors[4], contents["vector"][4])


def test_tables_without_rows_make_an_empty_catalogue() -> None:
    empty = {schema.name: schema.validate(pd.DataFrame({c: pd.Series(dtype=object) for c in schema.columns}))
             for schema in (ContentFeatures, BehaviourSequences)}  # fmt: skip
    assert catalogue_of(empty["content_features"], empty["behaviour_sequences"]).n_items == 0


def test_surfaces_are_named_where_they_tell_events_apart(contents, events_of) -> None:
    events = events_of([("u", "item1", 0, "train"), ("u", "item2", 1, "train"), ("v", "item1", 2, "test")])
    assert catalogue_of(contents, events).surfaces == ()
    assert catalogue_of(contents, events.assign(surface=["search", None, "feed"])).surfaces == ("feed", "search")


def test_index_of_an_unknown_item_is_minus_one(contents, events_of) -> None:
    catalogue = catalogue_of(contents, events_of([]))
    assert catalogue.index_of(pd.Series(["item2", "nobody"])).tolist() == [2, -1]


def test_latest_state_is_the_newest_that_is_not_younger_than_the_time(generated) -> None:
    content = generated_content_of(generated)
    users = np.array(["user1"] * 5, dtype=object)
    days = np.array([0.0, 2.9, 3.0, 6.5, np.nan])
    rows = content.latest(users, START + days * DAY)
    assert rows.tolist() == [3, 3, 4, 5, -1]


def test_latest_state_of_an_unknown_user_is_none(generated) -> None:
    content = generated_content_of(generated)
    assert content.latest(np.array(["nobody"], dtype=object), np.array([START])).tolist() == [-1]


def test_no_state_means_zero_vectors(generated) -> None:
    content = generated_content_of(generated)
    vectors = content.at(np.array([-1, 4]))
    assert not vectors[0].any()
    assert np.array_equal(vectors[1].ravel(), generated["vectors"][4])


def test_asking_for_vectors_leaves_the_stored_ones_alone(generated) -> None:
    content = generated_content_of(generated)
    before = content.vectors.copy()
    content.at(np.array([-1, 0]))
    assert np.array_equal(content.vectors, before)


def test_states_with_different_numbers_of_samples_are_refused(generated) -> None:
    generated.loc[0, "n_samples"] = 1
    with pytest.raises(ValueError, match="same number"):
        generated_content_of(generated)
