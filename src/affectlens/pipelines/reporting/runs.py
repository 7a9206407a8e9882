"""What a past run left on disk: its manifest, its leaderboards and, where a stage wrote them, scores by unit."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

BOARD_KEYS = ["stage", "model", "metric", "split", "protocol", "seed", "dataset"]
UNIT_KEYS = ["stage", "model", "metric", "unit"]
ANSWERS = ["model", "unit", "truth", "decided"]


@dataclass(frozen=True)
class Run:
    """One run of one environment.

    Attributes:
        version: its id.
        manifest: what `08_reporting/runs/<version>.json` says; empty if there is none.
        leaderboard: the rows of all leaderboards that it wrote.
        units: its scores by unit (stage, model, metric, unit, value); empty if no stage wrote any.
        answers: what each emotion model decided about each text (model, unit, truth, decided); empty if it wrote none.
    """

    version: str
    manifest: Mapping[str, Any]
    leaderboard: pd.DataFrame
    units: pd.DataFrame
    answers: pd.DataFrame


def load_run(root: Path, version: str) -> Run:
    """A run by its id.

    Args:
        root: data root of its environment.
        version: id of the run.

    Raises:
        LookupError: nothing there has this version; the message lists those that exist.
    """
    reporting = root / "08_reporting"
    boards = [pd.read_parquet(path) for path in sorted(reporting.glob(f"*_leaderboard.parquet/{version}/*.parquet"))]
    if not boards:
        known = sorted({path.parent.name for path in reporting.glob("*_leaderboard.parquet/*/*.parquet")})
        found = ", ".join(known) or "none"
        raise LookupError(f"no leaderboard under {root} has version {version!r}; versions: {found}")
    units = [pd.read_parquet(path) for path in sorted(reporting.glob(f"*_unit_scores.parquet/{version}/*.parquet"))]
    answers = [pd.read_parquet(path) for path in reporting.glob(f"emotion_answers.parquet/{version}/*.parquet")]
    units += [table.assign(stage="emotion", metric="brier", value=table["brier"]) for table in answers]
    manifest = reporting / "runs" / f"{version}.json"
    facts = json.loads(manifest.read_text(encoding="utf-8")) if manifest.is_file() else {}
    board = pd.concat(boards, ignore_index=True)
    return Run(version, facts, board, _joined(units, [*UNIT_KEYS, "value"]), _joined(answers, ANSWERS))


def _joined(tables: list[pd.DataFrame], columns: list[str]) -> pd.DataFrame:
    return pd.concat([table[columns] for table in tables] or [pd.DataFrame(columns=columns)], ignore_index=True)
