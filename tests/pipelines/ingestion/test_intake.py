from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from affectlens.pipelines.ingestion.columns import as_string
from affectlens.pipelines.ingestion.intake import hash_ids, mask_texts
from affectlens.pipelines.ingestion.params import IngestionParams, Mask

from .conftest import KEY, RAW
from .test_nodes import CONTRACTS, ingest

JUNK = st.one_of(
    st.none(),
    st.text(max_size=8),
    st.sampled_from(["half \ud83d", "caf\ufffd", "2020-01-05", "99999-01-01", "nan", "1e400"]),
    st.integers(),
    st.floats(),
    st.booleans(),
    st.binary(max_size=4),
    st.lists(st.text(max_size=3), max_size=2),
    st.datetimes(),
    st.just(pd.NaT),
    st.just(np.array([1, 2])),
)


@st.composite
def dirty(draw: st.DrawFn, table: str) -> pd.DataFrame:
    """Up to eight rows in which each cell is a good one or junk, with repeated ids and some defects."""
    good = RAW[table].iloc[0]
    n_rows = draw(st.integers(0, 8))
    columns = {
        name: [draw(st.one_of(st.just(value), st.sampled_from(["a", "b"]), JUNK)) for _ in range(n_rows)]
        for name, value in good.items()
    }
    columns["defect"] = [draw(st.sampled_from([None, None, None, "malformed line"])) for _ in range(n_rows)]
    return pd.DataFrame({name: pd.Series(values, dtype=object) for name, values in columns.items()})


@pytest.mark.parametrize("table", list(RAW))
@settings(max_examples=12, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_each_row_is_accepted_or_refused_and_none_both(
    table: str, limits: IngestionParams, data: st.DataObject
) -> None:
    raw = data.draw(dirty(table))
    accepted, refusals, tally = ingest(table, raw, limits)
    assert tally["read"].iloc[0] == len(raw) == len(accepted) + len(refusals)
    assert refusals["row"].is_unique
    assert refusals["reason"].str.len().gt(0).all()
    assert refusals["raw"].str.len().le(200).all()
    first = next(iter(CONTRACTS[table].columns))
    if first != "user_id":
        kept = as_string(raw[first].drop(index=refusals["row"]))
        assert accepted[first].tolist() == kept.tolist()
    CONTRACTS[table].validate(accepted)


def test_refused_rows_show_no_person_and_no_text(limits: IngestionParams) -> None:
    raw = RAW["utterances"].assign(form="song", text="a secret of ann", user_id="ann")
    shown = ingest("utterances", raw, limits)[1]["raw"].iloc[0]
    assert json.loads(shown)["text_length"] == 15
    assert "ann" not in shown
    assert "secret" not in shown


@pytest.mark.parametrize("table", ["users", "interactions", "utterances"])
def test_a_person_whose_id_was_read_in_the_wrong_encoding_is_refused(table: str, limits: IngestionParams) -> None:
    accepted, refusals, _ = ingest(table, RAW[table].assign(user_id="us\ufffdr"), limits)
    assert accepted.empty
    assert refusals["reason"].tolist() == ["broken encoding"] * len(RAW[table])


def test_refused_rows_show_what_else_they_held(limits: IngestionParams) -> None:
    shown = json.loads(ingest("contents", RAW["contents"].assign(form="song"), limits)[1]["raw"].iloc[0])
    assert shown["form"] == "song"
    assert shown["tags"] == ["art"]
    assert shown["created_at"].startswith("2020-01-02T00:00:00")


def test_a_hash_depends_on_the_key_and_on_nothing_else() -> None:
    ids = pd.Series(["ann", "ben", "ann"], index=[5, 1, 9])
    hashes = hash_ids(ids, KEY)
    assert hashes.index.tolist() == [5, 1, 9]
    assert hashes.nunique() == 2
    assert hash_ids(pd.Series(["ben"]), KEY).tolist() == [hashes[1]]
    assert set(hash_ids(ids, KEY + "!")).isdisjoint(hashes)


def test_a_hash_is_the_standard_keyed_hash_shortened() -> None:
    # HMAC-SHA256("key", "The quick brown fox jumps over the lazy dog"), the textbook example.
    hashed = hash_ids(pd.Series(["The quick brown fox jumps over the lazy dog"]), "key")
    assert hashed.tolist() == ["f7bc83f430538424"]


def test_masks_apply_in_their_order_and_leave_null_texts() -> None:
    masks = (Mask(pattern=r"\w+@\w+\.org", replacement="[email]"), Mask(pattern=r"@\w+", replacement="@user"))
    frame = pd.DataFrame({"text": pd.Series(["write to ann@example.org or @ann", None], dtype="str")})
    masked = mask_texts(frame, masks)["text"]
    assert masked[0] == "write to [email] or @user"
    assert masked.isna().tolist() == [False, True]


def test_a_mask_that_is_no_pattern_is_refused() -> None:
    with pytest.raises(ValueError, match="not a regular expression"):
        Mask(pattern="(", replacement="")
