"""The rules of the house that a computer can check."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest
import yaml
from kedro.framework.project import pipelines
from kedro.framework.session import KedroSession
from kedro.pipeline import Pipeline
from kedro.validation.exceptions import ParameterValidationError

from affectlens.pipeline_registry import STAGES
from affectlens.session import RunRefusedError, StageSession, check_parameters_are_read

ENVIRONMENTS = (
    *("base", "full", "test", "goemotions", "movielens", "musical_instruments", "open_bandit", "own", "sequences"),
    *("smp2020_virus", "airline_tweets", "dair_emotion", "emoji_affect", "meld"),
    *("facebook_live_sellers", "facebook_reactions", "fer2013", "situnes", "upworthy"),
)
NOUNS = {stage: stage.removesuffix("_training") for stage in STAGES}


@pytest.fixture(scope="module")
def stages(project_root: Path) -> dict[str, Pipeline]:
    pipelines.set_requested(None)
    return {name: pipelines[name] for name in STAGES}


@pytest.fixture(scope="module")
def entries(project_root: Path) -> dict[str, Any]:
    """Every catalog entry of conf/base, as written."""
    found: dict[str, Any] = {}
    for path in sorted((project_root / "conf/base").glob("catalog*.yml")):
        found |= {name: entry for name, entry in yaml.safe_load(path.read_text()).items() if not name.startswith("_")}
    return found


def named(pipeline: Pipeline) -> set[str]:
    return {name for name in pipeline.datasets() if not name.startswith("params:") and name != "parameters"}


def matches(name: str, pattern: str) -> bool:
    parts, wanted = name.split("."), pattern.split(".")
    return len(parts) == len(wanted) and all(
        want == part or ("{" in want and "}" in want) for part, want in zip(parts, wanted, strict=True)
    )


def test_every_stage_and_both_groups_can_be_named(stages: dict[str, Pipeline]) -> None:
    assert set(pipelines) == {*STAGES, "__default__", "analysis"}
    assert all(len(pipeline.nodes) > 0 for pipeline in stages.values())


def test_every_dataset_has_an_entry(stages: dict[str, Pipeline], entries: dict[str, Any]) -> None:
    for pipeline in stages.values():
        for name in named(pipeline):
            assert any(matches(name, pattern) for pattern in entries), f"{name} has no catalog entry"


def test_every_entry_has_a_use(stages: dict[str, Pipeline], entries: dict[str, Any]) -> None:
    used = set().union(*(named(pipeline) for pipeline in stages.values()))
    for pattern in entries:
        assert any(matches(name, pattern) for name in used), f"{pattern} is used by no node"


def test_an_entry_stands_in_the_file_of_the_stage_that_writes_it(project_root: Path, stages) -> None:
    for stage, pipeline in stages.items():
        path = project_root / f"conf/base/catalog_{stage}.yml"
        own = [name for name in yaml.safe_load(path.read_text()) if not name.startswith("_")]
        written = set(pipeline.all_outputs())
        raw = {name for name in pipeline.inputs() if name.startswith("raw_")} | {"user_id_key"}
        # `interaction_log` is the file of `interactions` as a place, `other_texts` come from other sources; what is
        # lent is written in another environment.
        only_read = {"ingestion": {"interaction_log"}, "emotion_training": {"other_texts"}}.get(stage, set())
        views = only_read | {name for name in pipeline.inputs() if name.startswith("lent_")}
        for pattern in own:
            allowed = written | views | (raw if stage in ("ingestion", "simulation") else {"flow"})
            assert any(matches(name, pattern) for name in allowed), f"{pattern} stands in the wrong file {path.name}"


def test_stages_never_step_back(stages: dict[str, Pipeline]) -> None:
    written_by = {name: stage for stage, pipeline in stages.items() for name in pipeline.all_outputs()}
    for stage, pipeline in stages.items():
        for name in pipeline.inputs():
            if name in written_by:
                assert STAGES.index(written_by[name]) < STAGES.index(stage), f"{stage} reads {name} from a later stage"


def test_dotted_names_never_leave_their_stage(stages: dict[str, Pipeline]) -> None:
    for pipeline in stages.values():
        assert not [name for name in pipeline.inputs() if "." in name and not name.startswith("params:")]


def test_node_names_are_the_names_of_their_functions(stages: dict[str, Pipeline]) -> None:
    for pipeline in stages.values():
        for node in pipeline.nodes:
            assert node.name.rsplit(".", maxsplit=1)[-1] == node.func.__name__
            assert node.func.__doc__, f"{node.name} has no docstring"


def test_members_in_the_wiring_are_those_of_the_parameters(project_root: Path, stages) -> None:
    for stage in ("emotion_training", "gan_training", "recommender_training"):
        noun = NOUNS[stage]
        wired = {
            node.namespace.split(".")[1] for node in stages[stage].nodes if node.namespace and "." in node.namespace
        }
        parameters = yaml.safe_load((project_root / f"conf/base/parameters_{stage}.yml").read_text())[noun]
        assert wired, f"{stage} has no members"
        assert wired <= set(parameters), f"{stage}: {wired - set(parameters)} have no parameters"


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_parameter_of_every_environment_is_read(project_root: Path, environment: str) -> None:
    pipelines.set_requested(None)
    with StageSession.create(project_path=project_root, env=environment) as session:
        parameters = session._get_config_loader()["parameters"]
        check_parameters_are_read(parameters)
        assert environment in parameters["stages"]
        assert parameters["environment"] == environment


def test_a_misspelt_parameter_stops_the_run_before_any_node(project_root: Path, tmp_path: Path) -> None:
    options = {"data_root": str(tmp_path), "emotion": {"max_epoch": 3}}
    session = StageSession.create(project_path=project_root, env="test", runtime_params=options)
    with pytest.raises(RunRefusedError, match="max_epoch"):
        session.run(pipeline_names=["simulation"])
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("environment", "asked", "options", "told"),
    [
        ("nowhere", "ingestion", {}, "no environment 'nowhere'; expected one of .*, base, .*goemotions"),
        ("test", "emotion", {}, "no pipeline 'emotion'; did you mean 'emotion_training'"),
        (
            "test",
            "nothing_alike",
            {},
            "no pipeline 'nothing_alike'; Pipelines: __default__, analysis, emotion_training",
        ),
        ("test", "simulation", {"seed": "seven"}, "expected whole numbers for `seed` and `n_seeds`, got 'seven' and 1"),
        ("test", "simulation", {"n_seeds": 0}, "expected one seed or more, got 0"),
    ],
)
def test_a_run_that_cannot_be_says_what_can(
    project_root: Path, environment: str, asked: str, options: dict[str, object], told: str
) -> None:
    session = StageSession.create(project_path=project_root, env=environment, runtime_params=options)
    with pytest.raises(RunRefusedError, match=told):
        session.run(pipeline_names=[asked])


def test_a_parameter_of_the_wrong_type_stops_the_run_before_any_node(project_root: Path, tmp_path: Path) -> None:
    options = {"data_root": str(tmp_path), "simulation": {"seed": "seven"}, "seed": 7}
    session = StageSession.create(project_path=project_root, env="test", runtime_params=options)
    with pytest.raises(ParameterValidationError, match="simulation"):
        session.run(pipeline_names=["simulation"])
    assert not any(tmp_path.iterdir())


def test_no_table_of_stages_is_incomplete(project_root: Path) -> None:
    table = yaml.safe_load((project_root / "conf/base/parameters.yml").read_text())["stages"]
    for environment, row in table.items():
        assert set(row["runs"]) | set(row["skips"]) == set(STAGES), environment
        assert not set(row["runs"]) & set(row["skips"]), environment


def test_nothing_is_unpickled(project_root: Path) -> None:
    for path in (project_root / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import | ast.ImportFrom):
                modules = [alias.name for alias in node.names] + [getattr(node, "module", None) or ""]
                assert not {"pickle", "joblib", "dill", "cloudpickle"} & {name.split(".")[0] for name in modules}, path
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                assert (node.value.id, node.attr) != ("torch", "load"), path


def test_kedro_session_of_the_project_is_ours(project_root: Path) -> None:
    from kedro.framework.project import settings

    assert issubclass(settings.SESSION_CLASS, KedroSession)
    assert settings.SESSION_CLASS is StageSession
