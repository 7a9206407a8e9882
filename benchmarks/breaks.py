"""Breaks that worlds make, found again, and false alarms in worlds that make none.

Twenty worlds of the default size with both breaks, each scored as the report does (F1 within two windows); a hundred
small ones in which forms, emoji and reactions keep their shares, while users, moods and chance go on as ever.
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
import yaml

from affectlens.features.event_log import CountingParams, EventLog, daily_responses
from affectlens.pipelines.reporting import expression_posts, expression_shifts, measured
from affectlens.pipelines.reporting.params import ShiftParams
from affectlens.simulation.world import (
    WorldParams,
    interactions_and_truth,
    make_history,
    reaction_counts,
    statistics,
    users_and_contents,
    utterances_and_truth,
)

N_SHIFTING, N_STILL = 20, 100
CONF = Path(__file__).parents[1] / "conf/base"
SMALL = {"time": {"years": 2, "window_days": 14}, "population": {"n_users": 200, "gap_days": 12},
         "catalogue": {"n_contents": 400, "pool_size": 10}, "media": {"max_images": 6, "max_clips": 3},
         "bad_row_share": 0.0}  # fmt: skip
NO_BREAKS = {"reactions_at": 0.0001, "reactions_like": 0.0, "reactions_comment": 0.0, "emoji_use": 0.0,
             "emoji_long_text": 0.0}  # fmt: skip


def main() -> str:
    """F1 of each shifting world, series with a break of each still one that raises an alarm, and both over all."""
    shifting = WorldParams.model_validate({**_read("simulation"), "bad_row_share": 0.0})
    found = [expression_shifts.recovery(_statistics(shifting, seed)) for seed in range(1, N_SHIFTING + 1)]
    known = [each for each in found if each is not None]
    lines = [f"world {seed}: F1 {each.f1:.2f}, {each}" for seed, each in enumerate(known, start=1)]
    lines.append(f"mean F1: {sum(each.f1 for each in known) / len(known):.3f} over {len(known)} worlds")
    alarms = {seed: _breaks(_statistics(_still_world(), seed)) for seed in range(N_STILL)}
    lines += [f"still world {seed}: {', '.join(names)}" for seed, names in alarms.items() if names]
    return "\n".join([*lines, f"still worlds with an alarm: {sum(map(bool, alarms.values()))} of {N_STILL}"])


def _still_world() -> WorldParams:
    base = _merged(_read("simulation"), SMALL)
    shift = base["shift"]
    still = {
        "contents": {"end": shift["contents"]["start"]},
        "utterances": {"end": shift["utterances"]["start"]},
        "emoji_end": shift["emoji_start"],
        "breaks": NO_BREAKS,
    }
    return WorldParams.model_validate(_merged(base, {"shift": still}))


def _statistics(world: WorldParams, seed: int) -> pd.DataFrame:
    """Breaks of every series of a world, beside the true ones."""
    history, params = make_history(world, seed), _read("reporting")
    contents, utterances = users_and_contents(history)[1], utterances_and_truth(history)[0]
    posts = expression_posts.expression_posts(contents, utterances, reaction_counts(history))
    with TemporaryDirectory() as folder:
        log = EventLog(Path(folder) / "interactions.parquet")
        interactions_and_truth(history)[0].to_parquet(log.path)
        responses = daily_responses(log, expression_posts.RESPONSES, CountingParams(**params["counting"]))
    series = expression_posts.daily_series(posts, responses)
    rows = measured.table(expression_shifts.breaks(series, ShiftParams(**params["shift"]), seed))
    return measured.with_truth(rows, statistics(history))


def _breaks(found: pd.DataFrame) -> list[str]:
    places = found[found["quantity"].str.startswith("break_day:") & found["value"].notna()]
    return sorted(set(places["group"] + " " + places["quantity"]))


def _read(stage: str) -> dict[str, Any]:
    return dict(yaml.safe_load((CONF / f"parameters_{stage}.yml").read_text())[stage])


def _merged(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    both = dict(base)
    for key, value in changes.items():
        both[key] = _merged(base[key], value) if isinstance(value, dict) and isinstance(base.get(key), dict) else value
    return both


if __name__ == "__main__":
    sys.stdout.write(f"{main()}\n")
