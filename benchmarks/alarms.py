"""False alarms in worlds without any shift: of twelve small ones, how many raise an alarm in what people write.

Forms, emoji and reactions keep their shares and no break is made; users, moods and chance go on as ever. Breaks are
looked for as the report does, with its parameters, at most 5 % false alarms a run.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from affectlens.pipelines.reporting import expression_posts, expression_shifts
from affectlens.pipelines.reporting.params import ShiftParams
from affectlens.simulation.world import (
    WorldParams,
    make_history,
    reaction_counts,
    users_and_contents,
    utterances_and_truth,
)

N_WORLDS = 12
CONF = Path(__file__).parents[1] / "conf/base"
SMALL = {"time": {"years": 2, "window_days": 14}, "population": {"n_users": 200, "gap_days": 12},
         "catalogue": {"n_contents": 400, "pool_size": 10}, "media": {"max_images": 6, "max_clips": 3},
         "bad_row_share": 0.0}  # fmt: skip
NO_BREAKS = {"reactions_at": 0.0001, "reactions_like": 0.0, "reactions_comment": 0.0, "emoji_use": 0.0,
             "emoji_long_text": 0.0}  # fmt: skip


def main() -> str:
    """Series with a break of each world, and in how many worlds there is one."""
    params = ShiftParams(**_read("reporting")["shift"])
    found = {seed: _alarms(_still_world(), params, seed) for seed in range(N_WORLDS)}
    lines = [f"world {seed}: {', '.join(names) or 'none'}" for seed, names in found.items()]
    return "\n".join([*lines, f"worlds with an alarm: {sum(map(bool, found.values()))} of {N_WORLDS}"])


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


def _alarms(world: WorldParams, params: ShiftParams, seed: int) -> list[str]:
    history = make_history(world, seed)
    contents, utterances = users_and_contents(history)[1], utterances_and_truth(history)[0]
    posts = expression_posts.expression_posts(contents, utterances, reaction_counts(history))
    series = expression_posts.daily_series(posts[posts["source"] == "written"], pd.DataFrame())
    rows = pd.DataFrame(list(expression_shifts.breaks(series, params, seed)))
    return rows.loc[rows["quantity"].str.startswith("break_day:"), "quantity"].unique().tolist()


def _read(stage: str) -> dict[str, Any]:
    return dict(yaml.safe_load((CONF / f"parameters_{stage}.yml").read_text())[stage])


def _merged(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    both = dict(base)
    for key, value in changes.items():
        both[key] = _merged(base[key], value) if isinstance(value, dict) and isinstance(base.get(key), dict) else value
    return both


if __name__ == "__main__":
    sys.stdout.write(f"{main()}\n")
