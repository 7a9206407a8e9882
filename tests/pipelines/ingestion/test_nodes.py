from __future__ import annotations

import inspect
from functools import cache

import numpy as np
import pandas as pd
import pytest

from affectlens import schemas
from affectlens.pipelines.ingestion import nodes
from affectlens.pipelines.ingestion.intake import hash_ids
from affectlens.pipelines.ingestion.params import IngestionParams
from affectlens.pipelines.ingestion.pipeline import REFERENCES

from .conftest import KEY, RAW, clip, image, rows

CONTRACTS = {schema.name: schema for schema in (schemas.Users, schemas.Contents, schemas.Interactions)} | {
    schema.name: schema
    for schema in (
        schemas.Utterances,
        schemas.EmotionLabels,
        schemas.Annotations,
        schemas.ReactionCounts,
        schemas.Media,
    )
}


def ingest(table: str, raw: pd.DataFrame, limits: IngestionParams) -> nodes.Parts:
    """Run the node of one table; the tables that it refers to are taken in from the good rows."""
    node = getattr(nodes, f"ingest_{table}")
    references = {name: accepted_good_rows(name, limits) for name in REFERENCES[table]}
    arguments = {f"raw_{table}": raw, **references, "key": KEY, "limits": limits}
    return node(**{name: arguments[name] for name in inspect.signature(node).parameters})


@cache
def accepted_good_rows(table: str, limits: IngestionParams) -> pd.DataFrame:
    return ingest(table, RAW[table], limits)[0]


@pytest.mark.parametrize("table", list(RAW))
def test_a_good_row_passes_and_keeps_its_contract(table: str, limits: IngestionParams) -> None:
    accepted, refusals, tally = ingest(table, RAW[table], limits)
    assert len(CONTRACTS[table].validate(accepted)) == 1
    assert len(refusals) == 0
    assert tally[["source", "read", "accepted"]].to_dict("records") == [{"source": table, "read": 1, "accepted": 1}]


@pytest.mark.parametrize("table", list(RAW))
def test_no_rows_give_no_rows_of_the_contract(table: str, limits: IngestionParams) -> None:
    accepted, refusals, tally = ingest(table, RAW[table].iloc[:0], limits)
    contract = CONTRACTS[table]
    assert len(contract.validate(accepted)) == len(refusals) == 0
    assert {name for name, column in contract.columns.items() if column.required} <= set(accepted)
    assert tally["read"].tolist() == [0]


REASONS = [
    ("users", {"user_id": None}, "missing user_id"),
    ("users", {"user_id": "  "}, "missing user_id"),
    ("users", {"user_id": 3.5}, "unreadable user_id"),
    ("users", {}, "duplicate user_id"),
    ("users", {"user_id": "bob", "joined_at": "someday"}, "unreadable joined_at"),
    ("users", {"user_id": "bob", "joined_at": "2150-01-01"}, "impossible joined_at"),
    ("users", {"user_id": "bob", "defect": "malformed line"}, "malformed line"),
    ("contents", {"content_id": None}, "missing content_id"),
    ("contents", {"content_id": "c2", "form": ""}, "missing form"),
    ("contents", {}, "duplicate content_id"),
    ("contents", {"content_id": "c2", "form": "hologram"}, "unknown form"),
    ("contents", {"content_id": "c2", "created_at": "1066-10-14"}, "impossible created_at"),
    ("contents", {"content_id": "c2", "text": "x" * 51}, "text longer than 50 characters"),
    ("contents", {"content_id": "c2", "text": "caf\ufffd"}, "broken encoding"),
    ("contents", {"content_id": "c2", "text": "Itâ\x80\x99s"}, "broken encoding"),
    ("contents", {"content_id": "c2", "tags": "art"}, "unreadable tags"),
    ("interactions", {"interaction_id": None}, "missing interaction_id"),
    ("interactions", {"slate_id": "s2"}, "duplicate interaction_id"),
    ("interactions", {"interaction_id": "i2"}, "duplicate event"),
    ("interactions", {"interaction_id": "i2", "user_id": None}, "missing user_id"),
    ("interactions", {"interaction_id": "i2", "user_id": "eve"}, "unknown user_id"),
    ("interactions", {"interaction_id": "i2", "content_id": "c9"}, "unknown content_id"),
    ("interactions", {"interaction_id": "i2", "kind": "stare"}, "unknown kind"),
    ("interactions", {"interaction_id": "i2", "kind": "rating"}, "rating without value"),
    ("interactions", {"interaction_id": "i2", "occurred_at": None}, "missing occurred_at"),
    ("interactions", {"interaction_id": "i2", "occurred_at": 1577836800}, "unreadable occurred_at"),
    ("interactions", {"interaction_id": "i2", "occurred_at": "2031-01-01"}, "impossible occurred_at"),
    (
        "interactions",
        {"interaction_id": "i2", "occurred_at": "2020-01-01T23:00:00Z"},
        "occurred_at before its content's created_at",
    ),
    ("interactions", {"interaction_id": "i2", "dwell_s": -1}, "dwell_s outside 0 and above"),
    ("interactions", {"interaction_id": "i2", "dwell_s": float("inf")}, "unreadable dwell_s"),
    ("interactions", {"interaction_id": "i2", "position": -2}, "position outside 0 and above"),
    ("interactions", {"interaction_id": "i2", "propensity": 0.0}, "propensity outside (0, 1]"),
    ("interactions", {"interaction_id": "i2", "propensity": 1.01}, "propensity outside (0, 1]"),
    ("interactions", {"interaction_id": "i2", "value": "five"}, "unreadable value"),
    ("utterances", {"utterance_id": None}, "missing utterance_id"),
    ("utterances", {"text": "other"}, "duplicate utterance_id"),
    ("utterances", {"utterance_id": "u2"}, "duplicate text of a user at one time"),
    ("utterances", {"utterance_id": "u2", "text": " \n"}, "missing text"),
    ("utterances", {"utterance_id": "u2", "text": b"bytes"}, "unreadable text"),
    ("utterances", {"utterance_id": "u2", "text": "x" * 51}, "text longer than 50 characters"),
    ("utterances", {"utterance_id": "u2", "text": "nul \x00"}, "broken encoding"),
    ("utterances", {"utterance_id": "u2", "text": "half \ud83d"}, "broken encoding"),
    ("utterances", {"utterance_id": "u2", "form": "song"}, "unknown form"),
    ("utterances", {"utterance_id": "u2", "user_id": "eve"}, "unknown user_id"),
    ("utterances", {"utterance_id": "u2", "content_id": "c9"}, "unknown content_id"),
    ("emotion_labels", {}, "duplicate utterance_id and taxonomy"),
    ("emotion_labels", {"utterance_id": "u9"}, "unknown utterance_id"),
    ("emotion_labels", {"taxonomy": "zodiac"}, "unknown taxonomy"),
    ("emotion_labels", {"taxonomy": "sentiment"}, "unknown label"),
    ("emotion_labels", {"taxonomy": "goemotions", "labels": ["joy", "glee"]}, "unknown label"),
    ("emotion_labels", {"taxonomy": "goemotions", "labels": "joy"}, "unreadable labels"),
    ("emotion_labels", {"taxonomy": "goemotions", "labels": [], "valence": None}, "no labels"),
    ("emotion_labels", {"taxonomy": "goemotions", "n_annotators": 0}, "n_annotators outside 1 and above"),
    ("emotion_labels", {"taxonomy": "goemotions", "split": "dev"}, "unknown split"),
    ("emotion_labels", {"taxonomy": "goemotions", "valence": 1.5}, "valence outside [-1, 1]"),
    ("annotations", {}, "duplicate utterance_id, annotator_id and taxonomy"),
    ("annotations", {"annotator_id": None}, "missing annotator_id"),
    ("annotations", {"annotator_id": "yan", "labels": None}, "no labels"),
    ("annotations", {"annotator_id": "yan", "utterance_id": "u9"}, "unknown utterance_id"),
    ("reaction_counts", {}, "duplicate content_id, observed_at and reaction"),
    ("reaction_counts", {"reaction": "shrugs"}, "unknown reaction"),
    ("reaction_counts", {"reaction": "wows", "count": -1}, "count outside 0 and above"),
    ("reaction_counts", {"reaction": "wows", "count": 1.5}, "count is not whole"),
    ("reaction_counts", {"reaction": "wows", "count": None}, "missing count"),
    ("reaction_counts", {"content_id": "c9"}, "unknown content_id"),
    ("media", {}, "duplicate media_path"),
    ("media", {"media_path": "m2", "data": None}, "missing data"),
    ("media", {"media_path": "m2", "data": "text"}, "unreadable data"),
    ("media", {"media_path": "m2", "data": b"no image"}, "image does not decode"),
    ("media", {"media_path": "m2", "data": image()[:-20]}, "image does not decode"),
    ("media", {"media_path": "m2", "data": clip()[: len(clip()) // 2]}, "image does not decode"),
    ("media", {"media_path": "m2", "data": clip()[: len(clip()) * 9 // 10]}, "image does not decode"),
    ("media", {"media_path": "m2", "data": image((11, 10))}, "image does not decode"),
    ("media", {"media_path": "m2", "data": image(form="BMP")}, "image does not decode"),
]


@pytest.mark.parametrize(("table", "cells", "reason"), REASONS)
def test_a_bad_row_is_refused_with_its_reason(
    table: str, cells: dict[str, object], reason: str, limits: IngestionParams
) -> None:
    accepted, refusals, tally = ingest(table, rows(RAW[table], **cells), limits)
    assert refusals[["source", "row", "reason"]].to_dict("records") == [{"source": table, "row": 1, "reason": reason}]
    assert len(accepted) == tally["accepted"].iloc[0] == 1


def test_a_broken_row_does_not_displace_the_good_one_of_its_id(limits: IngestionParams) -> None:
    raw = rows(RAW["utterances"], text=None).iloc[::-1].reset_index(drop=True)
    accepted, refusals, _ = ingest("utterances", raw, limits)
    assert refusals["reason"].tolist() == ["missing text"]
    assert len(accepted) == 1


def test_a_blank_cell_is_a_null_cell(limits: IngestionParams) -> None:
    raw = rows(RAW["contents"], content_id="c2", text="", created_at=" ", image_path="").iloc[[1]]
    accepted = ingest("contents", raw, limits)[0]
    assert accepted[["text", "created_at", "image_path"]].isna().all(axis=None)


def test_an_event_within_the_clock_tolerance_passes(limits: IngestionParams) -> None:
    raw = rows(RAW["interactions"], interaction_id="i2", occurred_at="2020-01-01T23:59:30Z")
    assert len(ingest("interactions", raw, limits)[0]) == 2


def test_mentions_are_masked_in_kept_texts(limits: IngestionParams) -> None:
    assert ingest("utterances", RAW["utterances"], limits)[0]["text"].tolist() == ["lovely, @user"]


def test_a_clip_of_several_frames_passes(limits: IngestionParams) -> None:
    assert len(ingest("media", rows(RAW["media"], media_path="m2", data=clip()), limits)[0]) == 2


def test_damaged_images_never_stop_the_run(limits: IngestionParams) -> None:
    generator, whole = np.random.default_rng(7), np.frombuffer(clip(), dtype=np.uint8)
    damage = np.where(generator.random((200, whole.size)) < 0.02, generator.integers(0, 256, (200, whole.size)), whole)
    cut = generator.integers(1, whole.size, 200)
    data = [bytes(row[:end].astype(np.uint8)) for row, end in zip(damage, cut, strict=True)]
    raw = pd.DataFrame({"media_path": [f"m{number}" for number in range(200)], "data": data})
    accepted, refusals, _ = ingest("media", raw, limits)
    assert len(accepted) + len(refusals) == 200
    assert set(refusals["reason"]) == {"image does not decode"}


def test_an_undetermined_language_is_said_to_be_so(limits: IngestionParams) -> None:
    assert ingest("utterances", RAW["utterances"], limits)[0]["language"].tolist() == ["und"]


def test_a_lost_image_costs_its_path_but_not_the_row(limits: IngestionParams) -> None:
    accepted, _, tally = ingest("utterances", RAW["utterances"], limits)
    assert accepted["image_path"].tolist() == ["m1"]
    assert accepted["clip_path"].isna().all()
    assert tally["media_paths_cleared"].tolist() == [1]


def test_attributes_of_users_are_kept_and_other_columns_are_not(limits: IngestionParams) -> None:
    accepted = ingest("users", RAW["users"].assign(shoe_size=44), limits)[0]
    assert accepted["attribute_age"].tolist() == [31]
    assert "shoe_size" not in accepted


def test_people_have_one_hash_in_every_table_and_no_plain_id(limits: IngestionParams) -> None:
    expected = hash_ids(pd.Series(["ann"]), KEY).tolist()
    assert ingest("users", RAW["users"], limits)[0]["user_id"].tolist() == expected
    assert ingest("contents", RAW["contents"], limits)[0]["author_id"].tolist() == expected
    assert ingest("interactions", RAW["interactions"], limits)[0]["user_id"].tolist() == expected
    assert ingest("annotations", RAW["annotations"], limits)[0]["annotator_id"].tolist() != ["zoe"]


def test_a_missing_column_is_named(limits: IngestionParams) -> None:
    with pytest.raises(ValueError, match=r"'interactions' has no columns \['kind'\]"):
        ingest("interactions", RAW["interactions"].drop(columns="kind"), limits)


def test_rows_add_up_over_all_sources(limits: IngestionParams) -> None:
    users = ingest("users", pd.concat([RAW["users"].assign(user_id=name) for name in "abcdef"]), limits)
    contents = ingest("contents", RAW["contents"], limits)
    rejected = nodes.collect_refusals(users[1], contents[1])
    account = schemas.RowAccounting.validate(nodes.account_rows(rejected, limits, users[2], contents[2]))
    assert account[["source", "read", "accepted", "rejected"]].to_numpy().tolist() == [
        ["users", 6, 6, 0],
        ["contents", 1, 1, 0],
    ]


def test_a_source_with_too_many_refused_rows_stops_the_run(limits: IngestionParams) -> None:
    raw = pd.concat([RAW["users"].assign(user_id=name) for name in ["a", "b", None, None, "a"]])
    _, refusals, tally = ingest("users", raw, limits)
    with pytest.raises(ValueError, match=r"users: 3 of 5 rows \(60\.0%\).*'missing user_id' \(2\)") as caught:
        nodes.account_rows(refusals, limits, tally)
    assert "ingestion.max_rejected_share" in str(caught.value)


def test_a_share_at_the_limit_does_not_stop_the_run(limits: IngestionParams) -> None:
    raw = pd.concat([RAW["users"].assign(user_id=name) for name in ["a", "b", "c", "d", None]])
    _, refusals, tally = ingest("users", raw, limits)
    assert nodes.account_rows(refusals, limits, tally)["rejected"].tolist() == [1]


def test_a_row_that_vanished_is_an_error(limits: IngestionParams) -> None:
    _, refusals, tally = ingest("users", RAW["users"], limits)
    with pytest.raises(RuntimeError, match="lost or counted twice"):
        nodes.account_rows(refusals, limits, tally.assign(read=2))


def test_a_split_of_which_nothing_is_left_stops_the_run(limits: IngestionParams) -> None:
    lost = RAW["emotion_labels"].assign(utterance_id=None, split="test", defect="malformed line")
    _, refusals, tally = ingest("emotion_labels", pd.concat([RAW["emotion_labels"].assign(defect=None), lost]), limits)
    lax = limits.model_copy(update={"max_rejected_share": 0.9})
    with pytest.raises(ValueError, match=r"refused wholly: all 1 rows of 'test', most often 'malformed line' \(1\)\."):
        nodes.account_rows(refusals, lax, tally)
