from __future__ import annotations

import pandas as pd
import pytest

from affectlens.sources import SOURCES, source_params
from affectlens.sources.base import COLUMNS, complete_tables


def test_absent_tables_and_columns_are_completed() -> None:
    tables = complete_tables({"users": pd.DataFrame({"user_id": ["a"], "attribute_age": [3]})})
    assert set(tables) == set(COLUMNS)
    assert list(tables["users"]) == ["user_id", "joined_at", "language", "defect", "attribute_age"]
    assert list(tables["media"]) == ["media_path", "data", "defect"]
    assert len(tables["contents"]) == 0


def test_a_table_or_column_that_no_contract_knows_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown tables"):
        complete_tables({"user": pd.DataFrame()})
    with pytest.raises(ValueError, match="unknown columns"):
        complete_tables({"users": pd.DataFrame({"id": ["a"]})})


def test_a_misspelt_key_of_a_source_is_named() -> None:
    configuration = {"name": "sequences", "interactions": "x", "atributes": None}
    with pytest.raises(ValueError, match=r"source\.attributes: Field required.*source\.atributes"):
        source_params(configuration)


def test_an_unknown_source_is_answered_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"goemotions.*sequences"):
        source_params({"name": "goemotion"})


def test_every_source_says_its_terms_and_checksums() -> None:
    for source in SOURCES.values():
        assert source.licence
        assert source.homepage.startswith("https://") or not source.remote_files
        for file in source.remote_files:
            assert len(file.sha256) == 64
            assert file.url or file.note
