"""The world as raw tables and truth; the science is in `affectlens.simulation`."""

from typing import Any

import pandas as pd

from affectlens.pipelines.simulation.params import SimulationParams
from affectlens.simulation import world
from affectlens.simulation.world import History


def simulate_history(params: SimulationParams, seed: int) -> History:
    """Draw users and contents and let them meet, window by window, under the logging policy."""
    return world.make_history(params, seed)


def tabulate_users_and_contents(history: History) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Write `raw_users`, and `raw_contents` with their texts."""
    return world.users_and_contents(history)


def tabulate_interactions(history: History) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Write `raw_interactions` with propensities, and the expected value of every topic that could have been shown."""
    return world.interactions_and_truth(history)


def write_utterances(history: History) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Put posts and comments into words; keep what they express as truth."""
    return world.utterances_and_truth(history)


def annotate_utterances(
    simulated_utterance_truth: pd.DataFrame, params: SimulationParams, seed: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Let annotators label a part of the utterances: the majority's labels, and every single vote."""
    return world.labels_and_annotations(simulated_utterance_truth, params, seed)


def count_reactions(history: History) -> pd.DataFrame:
    """Read the public counters of each content at several ages."""
    return world.reaction_counts(history)


def draw_media(history: History) -> pd.DataFrame:
    """Draw the pictures and clips of contents and utterances."""
    return world.media(history)


def state_statistics(history: History) -> pd.DataFrame:
    """State what analyses of attention and expression should find: expected shares, dates of breaks, own counts."""
    return world.statistics(history)


def describe_world(history: History) -> dict[str, Any]:
    """State what later analyses may recover: shares by quarter, dates of the breaks, every parameter."""
    return world.describe_world(history)
