"""Timing of two alternatives in turns, so that a busy machine slows both."""

import time
from collections.abc import Callable

import numpy as np
import pandas as pd


def in_turns(alternatives: dict[str, Callable[[], object]], rounds: int) -> pd.DataFrame:
    """CPU seconds of each alternative, best and median of some rounds, and the ratio to the first one.

    Every round runs each alternative once; the first round warms up and is not counted.
    """
    seconds: dict[str, list[float]] = {name: [] for name in alternatives}
    for turn in range(rounds + 1):
        for name, run in alternatives.items():
            started = time.process_time()
            run()
            if turn:
                seconds[name].append(time.process_time() - started)
    frame = pd.DataFrame(
        {
            "best_cpu_s": {n: min(s) for n, s in seconds.items()},
            "median_cpu_s": {n: np.median(s) for n, s in seconds.items()},
        }
    )
    first = next(iter(alternatives))
    frame[f"times_slower_than_{first}"] = frame["median_cpu_s"] / frame.loc[first, "median_cpu_s"]
    return frame.round(3)
