from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from affectlens.simulation.corruption import DAMAGES, with_bad_rows


@pytest.fixture
def utterances() -> pd.DataFrame:
    n = 500
    return pd.DataFrame(
        {
            "utterance_id": [f"p{i}" for i in range(n)],
            "occurred_at": pd.Timestamp("2020-01-01", tz="UTC").as_unit("us"),
            "text": "a long enough text",
            "form": "short_text",
        }
    )


def test_no_good_row_is_lost_or_moved(utterances: pd.DataFrame) -> None:
    spoilt = with_bad_rows(utterances, "utterances", "utterance_id", 0.1, np.random.default_rng(0))
    good = spoilt[spoilt["utterance_id"].isin(utterances["utterance_id"])].drop_duplicates("utterance_id")
    pd.testing.assert_frame_equal(good.reset_index(drop=True), utterances, check_dtype=False)
    assert len(spoilt) == 550


def test_without_a_share_the_table_stays_as_it_is(utterances: pd.DataFrame) -> None:
    same = with_bad_rows(utterances, "utterances", "utterance_id", 0.0, np.random.default_rng(0))
    pd.testing.assert_frame_equal(same, utterances)


def test_a_small_table_gets_each_damage_once(utterances: pd.DataFrame) -> None:
    spoilt = with_bad_rows(utterances.head(20), "utterances", "utterance_id", 0.001, np.random.default_rng(0))
    bad = spoilt.drop(
        index=spoilt.drop_duplicates("utterance_id").query("utterance_id in @utterances.utterance_id").index
    )
    assert len(bad) == len(DAMAGES["utterances"])
    assert bad["utterance_id"].isna().sum() == 1
    assert bad["text"].str.contains("\ufffd").sum() == 1
    assert (bad["text"].str.len() > 10_000).sum() == 1
    assert (bad["form"] == "telegram").sum() == 1


def test_an_empty_table_stays_empty(utterances: pd.DataFrame) -> None:
    assert with_bad_rows(utterances.head(0), "utterances", "utterance_id", 0.5, np.random.default_rng(0)).empty
