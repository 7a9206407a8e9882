from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from kedro.framework.project import configure_project


@pytest.fixture
def command(project_root: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(project_root)
    configure_project("affectlens")
    from affectlens.cli import affectlens

    def run(*words: str):
        return CliRunner().invoke(affectlens, list(words))

    return run


def versions_of(folder: Path, names: tuple[str, ...]) -> None:
    for name in names:
        (folder / name).mkdir(parents=True)
        (folder / name / folder.name).write_text("{}")


def test_help_names_every_command(command) -> None:
    text = command("--help").output
    for name in ("run", "fetch", "recommend", "refresh", "trace", "prune", "report"):
        assert f"\n  {name}" in text


def test_generated_contents_never_overwrite_a_folder_unasked(command, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    result = command("generate", "--emotion", "joy", "--out", str(tmp_path))
    assert result.exit_code == 1
    assert "is not empty" in result.output
    assert "provenance" in command("generate", "--help").output
    assert command("generate", "--emotion", "joy", "--intensity", "2", "--out", str(tmp_path)).exit_code == 2


def test_an_unknown_source_is_refused_with_the_known_ones(command) -> None:
    result = command("fetch", "moon")
    assert result.exit_code == 1
    assert "goemotions" in result.output
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("", "is empty"),
        ("who,what\na,b\n", "no column of users"),
        ("user,item,time\na,b,noon\n", "none of 1 values in column 'time' is a time"),
        ("user,item,time\n" + "a,b,2024-01-01\n" * 9, "8 of 9 rows (88.9%), most often 'duplicate event' (8)"),
        ("user,item,time\na,b,2024-01-01\na,c,noon\n", "1 of 2 rows (50.0%), most often 'unreadable occurred_at'"),
    ],
)
def test_a_bad_file_is_refused_with_one_clear_message(command, tmp_path: Path, content: str, complaint: str) -> None:
    file = tmp_path / "mine.csv"
    file.write_text(content)
    result = command("recommend", str(file), "--out", str(tmp_path / "out"))
    assert result.exit_code == 1
    assert complaint in result.output
    assert "Traceback" not in result.output


def test_an_unknown_version_has_no_report(command) -> None:
    result = command("report", "never", "--env", "test")
    assert result.exit_code == 1
    assert "never" in result.output


def test_prune_deletes_all_but_the_newest_versions(
    project_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from affectlens.cli import old_versions

    folder = tmp_path / "08_reporting/emotion_leaderboard.parquet"
    versions_of(folder, ("2030-01-01T00.00.00.000Z", "2030-01-02T00.00.00.000Z", "2030-01-03T00.00.00.000Z"))
    (tmp_path / "06_models/training/emotion/cnn/events").mkdir(parents=True)
    assert [path.name for path in old_versions(tmp_path, keep=1)] == [
        "2030-01-01T00.00.00.000Z",
        "2030-01-02T00.00.00.000Z",
    ]
    assert old_versions(tmp_path, keep=3) == []


def test_the_command_works_outside_the_checkout_and_sends_nothing(tmp_path: Path) -> None:
    program = "import sys, os; sys.argv[1:] = ['--help']; from affectlens.__main__ import main\n"
    program += "try:\n    main()\nfinally:\n    print(os.environ['KEDRO_DISABLE_TELEMETRY'])"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("KEDRO")}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "recommend" in done.stdout
    assert done.stdout.strip().endswith("true")


@pytest.mark.parametrize(
    "words",
    [
        ("trace", "u000123"),
        ("prune",),
        ("report", "x"),
        ("compare", "a", "b"),
        ("emotions", "mine.csv", "--text-column", "body"),
    ],
)
def test_an_environment_that_there_is_not_is_named_beside_those_that_there_are(command, words: tuple[str, ...]) -> None:
    result = command(*words, "--env", "tset")
    assert result.exit_code == 1
    assert "there is no environment 'tset'; expected one of airline_tweets, base" in result.output


def test_before_a_run_there_is_no_chain_to_follow(command) -> None:
    result = command("trace", "u000123", "--env", "smp2020_virus")
    assert result.exit_code == 1
    assert "holds no whole chain to follow" in result.output
    assert "affectlens run --env smp2020_virus" in result.output
