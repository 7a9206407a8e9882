"""Five years of sessions: users in lockstep, moods that move, fatigue, leaving and returning."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TypeVar

import numpy as np
from scipy.special import expit

from affectlens.simulation.affect import move_mood, rest_mood
from affectlens.simulation.behaviour import Responses, respond
from affectlens.simulation.catalogue import N_TOPICS, draw_pool
from affectlens.simulation.feed import (
    Choice,
    Crowd,
    TopicPolicy,
    Visit,
    Window,
    World,
    choose,
    open_visit,
    topic_scores,
    visit_outlook,
)
from affectlens.simulation.timeline import DAY_S

HOUR_S = 3600.0
ColumnsT = TypeVar("ColumnsT", "Impressions", "Posts")


@dataclass(frozen=True)
class Impressions:
    """Columns over N feed positions, in the order in which they were simulated."""

    user: np.ndarray  # (N,)
    session: np.ndarray  # (N,)
    position: np.ndarray  # (N,) 1.. in the session
    time: np.ndarray  # (N,) seconds since the first day
    content: np.ndarray  # (N,)
    topic: np.ndarray  # (N,)
    propensity: np.ndarray  # (N,)
    is_viewed: np.ndarray  # (N,)
    is_liked: np.ndarray  # (N,)
    is_commented: np.ndarray  # (N,)
    is_shared: np.ndarray  # (N,)
    dwell_s: np.ndarray  # (N,) NaN where not viewed
    mood: np.ndarray  # (N, 3) before the position
    fatigue: np.ndarray  # (N,) before the position
    utility: np.ndarray  # (N,) of the view, 0 where not viewed
    expected_rewards: np.ndarray  # (N, K)
    expected_utilities: np.ndarray  # (N, K)

    def __len__(self) -> int:
        return len(self.user)


@dataclass(frozen=True)
class Posts:
    """Columns over posts written around sessions (comments stand in `Impressions.is_commented`)."""

    user: np.ndarray  # (N,)
    time: np.ndarray  # (N,)
    mood: np.ndarray  # (N, 3)

    def __len__(self) -> int:
        return len(self.user)


def simulate(world: World, policy: TopicPolicy, rng: np.random.Generator) -> tuple[Impressions, Posts]:
    """Run the world from the first day to the last under one topic policy.

    Time advances by windows. Inside a window all users with a session due run theirs side by side, one numpy step a
    feed position, until nobody is due; popularity and pools are renewed between windows.

    Args:
        world: population, catalogue and laws.
        policy: how topics are chosen; `feed.logging_policy` for logs.
        rng: source of all draws.
    """
    crowd = _begin(world, rng)
    n_views = np.zeros(len(world.catalogue))
    seen: list[Impressions] = []
    posts: list[Posts] = []
    bounds = _window_bounds(world)
    lately = [0] * world.params.session.memory_windows
    n_sessions = 0
    for start, end in zip(bounds[:-1], bounds[1:], strict=True):
        window = _open_window(world, n_views, start, rng)
        first = len(seen)
        while (due := np.flatnonzero(crowd.next_start < end)[: world.params.session.batch]).size:
            remembered = seen[lately[0] if lately else first :]
            visit = _arrive(due, n_sessions, crowd, window, world, remembered, posts, rng)
            n_sessions += len(due)
            seen.extend(_run_visit(visit, crowd, window, world, policy, rng))
            _depart(visit, crowd, world, posts, rng)
        lately = [*lately[1:], first] if lately else lately
        _count_views(n_views, seen[first:])
    return _stack(Impressions, seen), _stack(Posts, posts)
