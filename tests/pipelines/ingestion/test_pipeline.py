from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from affectlens.pipelines.ingestion import create_pipeline
from affectlens.pipelines.ingestion.params import IngestionParams
from affectlens.pipelines.ingestion.pipeline import REFERENCES
from affectlens.sources import SOURCES, source_params
from affectlens.sources.base import COLUMNS

CONF = Path(__file__).parents[3] / "conf"


def test_every_raw_table_is_read_and_every_row_accounted_for() -> None:
    pipeline = create_pipeline()
    assert pipeline.inputs() == {f"raw_{table}" for table in COLUMNS} | {"user_id_key", "params:ingestion"}
    assert set(COLUMNS) | {"rejected_rows", "row_accounting"} <= pipeline.all_outputs()


def test_a_table_follows_those_that_it_refers_to() -> None:
    names = list(REFERENCES)
    assert all(
        names.index(known) < names.index(table) for table, references in REFERENCES.items() for known in references
    )


def test_the_parameters_of_the_base_environment_are_valid() -> None:
    page = yaml.safe_load((CONF / "base" / "parameters_ingestion.yml").read_text())
    assert IngestionParams.model_validate(page["ingestion"]).max_rejected_share == 0.05


ENVIRONMENTS = sorted({path.parent.name for path in CONF.glob("*/catalog_ingestion.yml")} - {"base"})


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_each_environment_of_a_source_names_known_files_and_reads_every_table(environment: str) -> None:
    source = yaml.safe_load((CONF / environment / "parameters.yml").read_text())["source"]
    source |= {"i_may_process_faces": True} if "i_may_process_faces" in source else {}
    known = {file.path for file in SOURCES[source["name"]].remote_files}
    assert set(source_params(source).files().values()) <= known or not known
    catalog = yaml.safe_load((CONF / environment / "catalog_ingestion.yml").read_text())
    assert {name: entry["table"] for name, entry in catalog.items()} == {f"raw_{name}": name for name in COLUMNS}
