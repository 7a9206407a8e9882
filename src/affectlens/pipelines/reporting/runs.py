"""What a past run left on disk: its manifest, its leaderboards and, where a stage wrote them, its scores by unit."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

BOARD_KEYS = ["stage", "model", "metric", "split", "protocol", "seed", "dataset"]
UNIT_KEYS = ["stage", "model", "metric", "unit"]


@dataclass(frozen=True)
class Run:
    """One run of one environment.

    Attributes:
        version: its id.
        manifest: what `08_reporting/runs/<version>.json` says; empty if there is none.
        leaderboard: the rows of all leaderboards that it wrote.
        units: its scores by unit (stage, model, metric, unit, value); empty if no stage wrote any.
    """

    version: str
    manifest: Mapping[str, Any]
    leaderboard: pd.DataFrame
    units: pd.DataFrame


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
    manifest = reporting / "runs" / f"{version}.json"
    facts = json.loads(manifest.read_text(encoding="utf-8")) if manifest.is_file() else {}
    return Run(version, facts, pd.concat(boards, ignore_index=True), _joined(units, [*UNIT_KEYS, "value"]))


def _joined(tables: list[pd.DataFrame], columns: list[str]) -> pd.DataFrame:
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=columns)
