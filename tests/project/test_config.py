from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from kedro.config import OmegaConfigLoader
from kedro.io import DataCatalog
from kedro.validation.exceptions import DataValidationError
from omegaconf.errors import InterpolationResolutionError

from affectlens.config import OnceConfigLoader, consecutive


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for environment in ("base", "local"):
        (tmp_path / environment).mkdir()
    (tmp_path / "base/parameters.yml").write_text("model:\n  width: ${runtime_params:width, 8}\n  labels: [joy]\n")
    (tmp_path / "local/parameters.yml").write_text("seed: 3\n")
    return tmp_path


@pytest.mark.parametrize("given", [{}, {"width": 4}])
def test_it_gives_what_kedros_loader_gives(folder: Path, given: dict[str, int]) -> None:
    loaders = [
        kind(str(folder), base_env="base", default_run_env="local", runtime_params=given)
        for kind in (OmegaConfigLoader, OnceConfigLoader)
    ]
    assert loaders[0]["parameters"] == loaders[1]["parameters"] == loaders[1]["parameters"]


def test_seeds_follow_each_other(folder: Path) -> None:
    asked = "seeds: ${consecutive:${runtime_params:seed, 7},${runtime_params:n_seeds, 1}}\n"
    (folder / "base/parameters.yml").write_text(asked)

    def seeds(**given: int) -> list[int]:
        options = {"runtime_params": given, "custom_resolvers": {"consecutive": consecutive}}
        found: list[int] = OnceConfigLoader(str(folder), base_env="base", default_run_env="local", **options)[
            "parameters"
        ]["seeds"]
        return found

    assert seeds() == [7]
    assert seeds(seed=8, n_seeds=3) == [8, 9, 10]
    with pytest.raises(InterpolationResolutionError, match="n_seeds"):
        seeds(n_seeds=0)


def test_the_files_are_read_once_and_nobody_changes_what_another_gets(folder: Path) -> None:
    loader = OnceConfigLoader(str(folder), base_env="base", default_run_env="local")
    loader["parameters"]["model"]["labels"].append("fear")
    (folder / "base/parameters.yml").unlink()
    assert loader["parameters"]["model"]["labels"] == ["joy"]


def test_a_table_is_checked_when_saved_and_when_loaded_unless_this_process_saved_it(
    folder: Path, tmp_path: Path
) -> None:
    entry = "pandas.ParquetDataset\n  filepath: {path}\n  validator: affectlens.schemas.EmotionAnswers\n"
    path = tmp_path / "answers.parquet"
    (folder / "base/catalog.yml").write_text("answers:\n  type: " + entry.format(path=path))
    config = OnceConfigLoader(str(folder), base_env="base", default_run_env="local")["catalog"]
    said = {"truth": [["joy"]], "decided": [["joy"]], "probabilities": [[0.9]], "brier": [0.1]}
    good = pd.DataFrame({"model": ["lstm"], "unit": ["u"], **said})
    mine, other = DataCatalog.from_config(config), DataCatalog.from_config(config)
    mine.save("answers", good)
    good.drop(columns="truth").to_parquet(path)
    assert "truth" not in mine.load("answers")
    with pytest.raises(DataValidationError):
        other.load("answers")
    with pytest.raises(DataValidationError):
        mine.save("answers", good.drop(columns="truth"))
