from __future__ import annotations

import pytest

from affectlens.session import stages_to_run

TABLE = {
    "base": {"runs": ["simulation", "ingestion", "reporting"], "skips": {}},
    "texts": {"runs": ["ingestion", "reporting"], "skips": {"simulation": "the data are real"}},
}


def test_default_is_every_stage_of_the_environment() -> None:
    assert stages_to_run(["__default__"], TABLE, "base") == ["simulation", "ingestion", "reporting"]


def test_the_local_environment_is_base() -> None:
    assert stages_to_run(["analysis"], TABLE, "local") == ["ingestion", "reporting"]


def test_analysis_leaves_simulation_out_and_nothing_runs_twice() -> None:
    assert stages_to_run(["analysis", "reporting"], TABLE, "base") == ["ingestion", "reporting"]


def test_a_stage_that_the_data_do_not_allow_is_refused_with_the_reason() -> None:
    with pytest.raises(ValueError, match="the data are real"):
        stages_to_run(["simulation"], TABLE, "texts")


def test_an_unknown_environment_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"\['base', 'texts'\]"):
        stages_to_run(["analysis"], TABLE, "moon")
