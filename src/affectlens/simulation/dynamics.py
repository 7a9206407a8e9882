"""Five years of sessions: users in lockstep, moods that move, fatigue, leaving and returning."""

from __future__ import annotations

from itertools import pairwise

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
from affectlens.simulation.records import Impressions, Posts, stack
from affectlens.simulation.timeline import DAY_S

HOUR_S = 3600.0


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
    for start, end in pairwise(bounds):
        window = _open_window(world, n_views, start, rng)
        first = len(seen)
        remembered = _shown(seen[lately[0] : first] if lately else [])
        while (due := np.flatnonzero(crowd.next_start < end)[: world.params.session.batch]).size:
            visit = _arrive(due, n_sessions, crowd, window, world, rng)
            posts.append(_post(due, crowd.next_start[due], crowd, world.params.session.post_before, world, rng))
            _mark_seen(visit, remembered, window, world)
            _mark_seen(visit, _shown(seen[first:]), window, world)
            n_sessions += len(due)
            seen.extend(_run_visit(visit, crowd, window, world, policy, rng))
            _depart(visit, crowd, world, posts, rng)
        lately = [*lately[1:], first] if lately else lately
        _count_views(n_views, seen[first:])
    return stack(Impressions, seen), stack(Posts, posts)


def _begin(world: World, rng: np.random.Generator) -> Crowd:
    population, mood = world.population, world.params.mood
    n = len(population)
    founded = np.maximum(population.joined, 0.0)
    first_gap = np.where(population.joined < 0.0, population.gap_days * rng.exponential(size=n), rng.random(n))
    return Crowd(
        mood=np.clip(population.baseline + rng.normal(0.0, mood.life_sd, (n, 3)), -1.0, 1.0),
        fatigue=np.zeros(n),
        welfare=np.zeros(n),
        last_end=founded,
        next_start=founded + first_gap * DAY_S,
    )


def _window_bounds(world: World) -> np.ndarray:
    time = world.params.time
    n_windows = max(1, int(np.ceil(time.horizon_s / (time.window_days * DAY_S))))
    return np.linspace(0.0, time.horizon_s, n_windows + 1)


def _open_window(world: World, n_views: np.ndarray, start: float, rng: np.random.Generator) -> Window:
    by_topic = np.bincount(world.catalogue.topic, weights=n_views, minlength=N_TOPICS)
    pool = draw_pool(world.catalogue, n_views, start, world.params.catalogue, rng)
    return Window(pool, topic_scores(by_topic, world.params.logging, rng))


def _arrive(
    users: np.ndarray,
    n_sessions: int,
    crowd: Crowd,
    window: Window,
    world: World,
    rng: np.random.Generator,
) -> Visit:
    """Let moods and fatigue rest until now and open the sessions."""
    session, start = world.params.session, crowd.next_start[users]
    days = (start - crowd.last_end[users]) / DAY_S
    baseline = world.population.baseline[users]
    crowd.mood[users] = rest_mood(crowd.mood[users], baseline, days, world.params.mood, rng)
    crowd.fatigue[users] *= np.exp(-days * DAY_S / (session.fatigue_rest_hours * HOUR_S))
    clock = start + session.post_minutes * 60.0 * (0.5 + rng.random(len(users)))
    number = n_sessions + np.arange(len(users))
    return open_visit(users, number, clock, window, world.population, world.catalogue)


def _post(
    users: np.ndarray, time: np.ndarray, crowd: Crowd, log_odds: float, world: World, rng: np.random.Generator
) -> Posts:
    writes = rng.random(len(users)) < expit(log_odds + world.population.talkative[users])
    return Posts(users[writes], time[writes], crowd.mood[users[writes]])


def _shown(steps: list[Impressions]) -> tuple[np.ndarray, np.ndarray]:
    """Users and contents of past positions."""
    if not steps:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    return np.concatenate([step.user for step in steps]), np.concatenate([step.content for step in steps])


def _mark_seen(visit: Visit, shown: tuple[np.ndarray, np.ndarray], window: Window, world: World) -> None:
    """Lower the weight of places whose content a user of the visit has been shown."""
    user, content = shown
    row = np.full(len(world.population), -1)
    row[visit.users] = np.arange(len(visit.users))
    place = np.full(len(world.catalogue), -1)
    taken = window.pool.weight.ravel() > 0.0
    place[window.pool.content.ravel()[taken]] = np.flatnonzero(taken)
    known = (row[user] >= 0) & (place[content] >= 0)
    visit.freshness[row[user[known]], place[content[known]]] = world.params.session.repeat_weight


def _run_visit(
    visit: Visit, crowd: Crowd, window: Window, world: World, policy: TopicPolicy, rng: np.random.Generator
) -> list[Impressions]:
    """All positions of the sessions, until the last one ends."""
    active = np.arange(len(visit.users))
    steps: list[Impressions] = []
    for position in range(1, world.params.session.longest + 1):
        step = _show(visit, active, position, crowd, window, world, policy, rng)
        steps.append(step)
        stays = _update(visit, active, step, crowd, world, rng)
        active = active[stays]
        if not active.size:
            break
    return steps


def _show(
    visit: Visit,
    active: np.ndarray,
    position: int,
    crowd: Crowd,
    window: Window,
    world: World,
    policy: TopicPolicy,
    rng: np.random.Generator,
) -> Impressions:
    """One position for the sessions `active`: what is shown, and what the users do."""
    users, rows = visit.users[active], np.arange(len(active))
    ahead = visit_outlook(visit, active, crowd, window, world)
    topic_probability = policy(users, crowd.mood[users], world.population, window)
    choice = choose(ahead, visit.freshness[active], topic_probability, window.pool, rng)
    visit.freshness[active, choice.place] = world.params.session.repeat_weight
    contents = window.pool.content.ravel()[choice.place]
    worth = ahead.utility[rows, choice.place]
    response = respond(
        ahead.view_log_odds[rows, choice.place],
        worth,
        contents,
        users,
        visit.clock[active] / world.params.time.horizon_s,
        world.catalogue,
        world.population,
        world.dwell_median_s[contents],
        world.params.engagement,
        world.params.shift.breaks,
        rng,
    )
    return _record(visit, active, position, crowd, contents, worth, choice, response)


def _record(
    visit: Visit,
    active: np.ndarray,
    position: int,
    crowd: Crowd,
    contents: np.ndarray,
    worth: np.ndarray,
    choice: Choice,
    response: Responses,
) -> Impressions:
    users = visit.users[active]
    return Impressions(
        user=users,
        session=visit.session[active],
        position=np.full(len(active), position),
        time=visit.clock[active].copy(),
        content=contents,
        topic=choice.topic,
        propensity=choice.propensity,
        is_viewed=response.is_viewed,
        is_liked=response.is_liked,
        is_commented=response.is_commented,
        is_shared=response.is_shared,
        dwell_s=response.dwell_s,
        mood=crowd.mood[users].astype(np.float32),
        fatigue=crowd.fatigue[users],
        utility=np.where(response.is_viewed, worth, 0.0),
        expected_rewards=choice.expected_rewards.astype(np.float32),
        expected_utilities=choice.expected_utilities.astype(np.float32),
    )


def _update(
    visit: Visit, active: np.ndarray, step: Impressions, crowd: Crowd, world: World, rng: np.random.Generator
) -> np.ndarray:
    """Move moods, fatigue, accumulated utility and clocks; say which sessions go on, (A,) of bool."""
    session, users = world.params.session, step.user
    seen = world.catalogue.vad[step.content]
    baseline = world.population.baseline[users]
    crowd.mood[users] = move_mood(crowd.mood[users], baseline, seen, step.is_viewed, world.params.mood, rng)
    spent_s = np.where(step.is_viewed, step.dwell_s, world.params.engagement.glance_s)
    crowd.fatigue[users] += session.fatigue_minute * spent_s / 60.0
    crowd.welfare[users] += session.welfare_memory * (step.utility - crowd.welfare[users])
    visit.clock[active] += spent_s + world.params.engagement.glance_s
    log_odds = session.stop + session.stop_fatigue * crowd.fatigue[users] - session.stop_welfare * crowd.welfare[users]
    stays: np.ndarray = rng.random(len(users)) >= expit(log_odds)
    return stays


def _depart(visit: Visit, crowd: Crowd, world: World, posts: list[Posts], rng: np.random.Generator) -> None:
    """Write the last posts; set when each user comes next, or that they have gone."""
    session, users, n = world.params.session, visit.users, len(visit.users)
    posts.append(_post(users, visit.clock + 60.0, crowd, session.post_after, world, rng))
    end = visit.clock + session.post_minutes * 60.0
    welfare = crowd.welfare[users]
    gap = world.population.gap_days[users] * np.exp(session.gap_sigma * rng.normal(size=n))
    stay = world.population.loyalty[users] + session.quit_welfare * welfare
    quits = rng.random(n) < expit(session.quit - stay)
    returns = rng.random(n) < expit(session.comeback + stay)
    absence = session.comeback_days * np.exp(session.comeback_sigma * rng.normal(size=n))
    days = np.where(quits, absence, gap) * np.exp(-session.gap_welfare * welfare)
    crowd.last_end[users] = end
    crowd.next_start[users] = np.where(quits & ~returns, np.inf, _at_their_hour(end, days, users, world, rng))


def _at_their_hour(
    end: np.ndarray, days: np.ndarray, users: np.ndarray, world: World, rng: np.random.Generator
) -> np.ndarray:
    """A moment (n,) about `days` after `end`, never before it, at an hour that suits the user."""
    preferred = world.population.hour[users] + rng.normal(0.0, world.params.session.hour_sd, len(users))
    moment = np.floor((end + days * DAY_S) / DAY_S) * DAY_S + np.mod(preferred, 24.0) * HOUR_S
    late = moment <= end + HOUR_S
    shifted: np.ndarray = np.where(late, moment + np.ceil((end + HOUR_S - moment) / DAY_S) * DAY_S, moment)
    return shifted


def _count_views(n_views: np.ndarray, steps: list[Impressions]) -> None:
    viewed = [step.content[step.is_viewed] for step in steps]
    if viewed:
        n_views += np.bincount(np.concatenate(viewed), minlength=len(n_views))
