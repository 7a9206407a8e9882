"""Runs only the stages that an environment's data allow, as the table `stages` in conf/base/parameters.yml says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from click import ClickException
from kedro.config import MissingConfigException
from kedro.framework.project import pipelines
from kedro.framework.session import KedroSession
from omegaconf.errors import InterpolationResolutionError

from affectlens.pipeline_registry import STAGES


class RunRefusedError(ClickException, ValueError):
    """A run that was asked for cannot be; the command line shows the message alone."""


GROUPS = ("__default__", "analysis")
READ_OUTSIDE_NODES = frozenset({"source", "data_root", "n_seeds"})  # by the raw datasets, by the catalog, by `seeds`


class StageSession(KedroSession):
    """A session that translates `__default__` and `analysis` into the stages of its environment."""

    def run(  # type: ignore[override]  # the other options are Kedro's
        self, pipeline_name: str | None = None, pipeline_names: list[str] | None = None, **options: Any
    ) -> dict[str, Any]:
        """Run pipelines by name; see `KedroSession.run`.

        Raises:
            RunRefusedError: there is no such pipeline or environment, this environment's data do not allow a stage that
                was asked for, a value cannot be used, or no node reads a parameter that was given.
        """
        asked = pipeline_names or [pipeline_name or "__default__"]
        pipelines.set_requested(None)
        check_names(asked, pipelines)
        environment = self.store.get("env") or "base"
        loader = self._get_config_loader()
        try:
            parameters = loader["parameters"]
        except MissingConfigException as error:
            raise RunRefusedError(no_environment(environment, Path(loader.conf_source))) from error
        except InterpolationResolutionError as error:
            raise RunRefusedError(str(error.__cause__ or error).splitlines()[0]) from error
        check_parameters_are_read(parameters)
        return super().run(pipeline_names=stages_to_run(asked, parameters["stages"], environment), **options)


def no_environment(name: str, conf: Path) -> str:
    """What to say of an environment that there is not: its name, and those in the folder of the configuration."""
    known = sorted(path.name for path in conf.iterdir() if path.is_dir()) if conf.is_dir() else []
    return f"there is no environment {name!r}; expected one of {', '.join(known)}"


def check_names(asked: Iterable[str], known: Iterable[str]) -> None:
    """Stop on the name of a pipeline that there is not.

    Raises:
        RunRefusedError: with the name, the closest one and all that there are.
    """
    names = list(known)
    for name in asked:
        if name not in names:
            hint = [each for each in names if name in each] or get_close_matches(name, names, n=1)
            closest = f"did you mean {hint[0]!r}? " if hint else ""
            raise RunRefusedError(f"there is no pipeline {name!r}; {closest}Pipelines: {', '.join(sorted(names))}")


def stages_to_run(asked: list[str], table: Mapping[str, Any], environment: str) -> list[str]:
    """The pipelines to run for the names that a user typed.

    Raises:
        RunRefusedError: the environment has no row in the table, or a stage by name is not one of its stages.
    """
    row = table.get("base" if environment == "local" else environment)
    if row is None:
        raise RunRefusedError(
            f"environment {environment!r} has no row in `stages` (conf/base/parameters.yml); rows: {sorted(table)}"
        )
    names: list[str] = []
    for name in asked:
        if name in GROUPS:
            names += [stage for stage in row["runs"] if name == "__default__" or stage != "simulation"]
        elif name in STAGES and name not in row["runs"]:
            raise RunRefusedError(
                f"stage {name!r} does not run in environment {environment!r}: {row['skips'][name]}; "
                f"its stages are {', '.join(row['runs'])}"
            )
        else:
            names.append(name)
    return list(dict.fromkeys(names))


def check_parameters_are_read(parameters: Mapping[str, Any]) -> None:
    """Stop on a parameter that no node reads: most likely a misspelt key.

    Raises:
        RunRefusedError: with the key and the closest one that is read.
    """
    inputs = {name for pipeline in pipelines.values() for name in pipeline.inputs()}
    read = READ_OUTSIDE_NODES | {name.removeprefix("params:") for name in inputs if name.startswith("params:")}
    for key in _leaves(parameters):
        if not any(key == name or key.startswith(f"{name}.") for name in read):
            hint = get_close_matches(key, read, n=1, cutoff=0.4)
            closest = f"; did you mean {hint[0]!r}?" if hint else ""
            raise RunRefusedError(f"parameter {key!r} is read by no node{closest}")


def _leaves(tree: Mapping[str, Any], prefix: str = "") -> list[str]:
    keys: list[str] = []
    for name, value in tree.items():
        path = f"{prefix}{name}"
        keys += _leaves(value, f"{path}.") if isinstance(value, Mapping) and value else [path]
    return keys
