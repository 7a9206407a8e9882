from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from affectlens.simulation.affect import move_mood, rest_mood
from affectlens.simulation.catalogue import N_TOPICS
from affectlens.simulation.dynamics import simulate
from affectlens.simulation.feed import logging_policy
from affectlens.simulation.population import topic_means
from affectlens.simulation.randomness import stream
from affectlens.simulation.world import History, WorldParams, make_history

MakeParams = Callable[..., WorldParams]


def standard_errors(values: np.ndarray, expected: float) -> float:
    return abs(values.mean() - expected) / (values.std() / np.sqrt(len(values)))


def test_the_same_seed_gives_the_same_history(history: History, world_params: MakeParams) -> None:
    again = make_history(world_params(), seed=3)
    for name, column in vars(history.impressions).items():
        np.testing.assert_array_equal(column, getattr(again.impressions, name))
    np.testing.assert_array_equal(history.utterances.probabilities, again.utterances.probabilities)


def test_another_seed_gives_another_history(history: History, world_params: MakeParams) -> None:
    other = make_history(world_params(), seed=4)
    assert len(other.impressions) != len(history.impressions)


def test_views_happen_as_often_as_the_truth_expects_at_the_logged_topics(history: History) -> None:
    seen = history.impressions
    expected = seen.expected_rewards[np.arange(len(seen)), seen.topic]
    assert len(seen) > 3000
    assert standard_errors(seen.is_viewed - expected, 0.0) < 4.0


def test_utilities_are_on_average_what_the_truth_expects_at_the_logged_topics(history: History) -> None:
    seen = history.impressions
    expected = seen.expected_utilities[np.arange(len(seen)), seen.topic]
    assert standard_errors(seen.utility - expected, 0.0) < 4.0


@pytest.mark.parametrize("topic", range(N_TOPICS))
def test_propensities_are_the_frequencies_of_the_topics(history: History, topic: int) -> None:
    seen = history.impressions
    assert standard_errors((seen.topic == topic) / seen.propensity, 1.0) < 4.0


def test_every_topic_keeps_the_floor_of_the_logging_policy(history: History) -> None:
    floor = history.params.logging.epsilon / N_TOPICS
    assert history.impressions.propensity.min() >= floor
    assert history.impressions.propensity.max() <= 1.0


def test_nothing_is_shown_before_it_is_published(history: History) -> None:
    seen = history.impressions
    assert (seen.time > history.world.catalogue.created[seen.content]).all()


def test_sessions_of_a_user_follow_each_other(history: History) -> None:
    seen = history.impressions
    order = np.lexsort((seen.position, seen.session, seen.user))
    same_user = np.diff(seen.user[order]) == 0
    assert (np.diff(seen.time[order])[same_user] > 0).all()
    assert (seen.time >= history.world.population.joined[seen.user]).all()


def test_positions_of_a_session_count_from_one_without_gaps(history: History) -> None:
    seen = history.impressions
    longest = np.zeros(seen.session.max() + 1)
    np.maximum.at(longest, seen.session, seen.position)
    np.testing.assert_array_equal(longest, np.bincount(seen.session))


def test_activity_and_attention_have_heavy_tails(history: History) -> None:
    by_user = np.sort(np.bincount(history.impressions.user, minlength=150))[::-1]
    viewed = history.impressions.content[history.impressions.is_viewed]
    by_content = np.sort(np.bincount(viewed, minlength=250))[::-1]
    assert by_user[:15].sum() > 0.3 * by_user.sum()
    assert by_content[:25].sum() > 0.35 * by_content.sum()


def test_a_viewed_content_pulls_the_mood_and_a_skipped_one_does_not(world_params: MakeParams) -> None:
    params = world_params(mood={"noise_sd": 0.0, "pull": 0.0, "contagion": 0.2}).mood
    calm, joy = np.zeros((2, 3)), np.array([[0.8, 0.5, 0.2], [0.8, 0.5, 0.2]])
    moved = move_mood(calm, calm, joy, np.array([True, False]), params, np.random.default_rng(0))
    np.testing.assert_allclose(moved, [[0.16, 0.1, 0.04], [0.0, 0.0, 0.0]])


def test_moods_follow_contents_the_more_the_stronger_the_contagion(world_params: MakeParams) -> None:
    slopes = []
    for contagion in (0.0, 0.1, 0.3):
        made = make_history(world_params(mood={"contagion": contagion}), seed=5)
        seen = made.impressions
        order = np.lexsort((seen.position, seen.session))
        follows = np.diff(seen.session[order]) == 0
        before, after = order[:-1][follows], order[1:][follows]
        kept = seen.is_viewed[before]
        change = (seen.mood[after, 0] - seen.mood[before, 0])[kept]
        pull = (made.world.catalogue.vad[seen.content[before], 0] - seen.mood[before, 0])[kept]
        slopes.append(float(np.polyfit(pull, change, 1)[0]))
    assert abs(slopes[0]) < 0.04
    assert slopes[0] < slopes[1] < slopes[2]
    assert slopes[2] == pytest.approx(0.3, abs=0.05)


def test_a_long_rest_forgets_the_mood(world_params: MakeParams) -> None:
    params = world_params(mood={"life_sd": 0.0}).mood
    mood, baseline = np.full((2, 3), 0.9), np.zeros((2, 3))
    rested = rest_mood(mood, baseline, np.array([0.0, 1000.0]), params, np.random.default_rng(0))
    np.testing.assert_allclose(rested, [[0.9] * 3, [0.0] * 3], atol=1e-12)


def test_users_come_back_less_when_the_feed_harms_them(world_params: MakeParams) -> None:
    alike = {"loyalty_sd": 0.0, "gap_sigma": 0.0}
    made = [make_history(world_params(population=alike, utility={"harm": harm}), seed=6) for harm in (0.0, 6.0)]
    kind, harsh = made
    assert len(harsh.impressions) < 0.7 * len(kind.impressions)
    assert harsh.impressions.utility.mean() < kind.impressions.utility.mean()


def test_popular_pull_of_arousal_brings_attention_to_arousing_contents(world_params: MakeParams) -> None:
    shares = []
    for pull in (0.0, 4.0):
        made = make_history(world_params(engagement={"arousal": pull}), seed=8)
        arousal = made.world.catalogue.vad[made.impressions.content, 1]
        viewed = made.impressions.is_viewed
        shares.append(arousal[viewed].mean() - arousal[~viewed].mean())
    assert shares[1] > shares[0] + 0.05


def test_a_policy_that_knows_the_tastes_earns_more_views(history: History) -> None:
    def knowing(users: np.ndarray, _: np.ndarray, population: object, __: object) -> np.ndarray:
        best = topic_means(history.world.population.taste[users]).argmax(axis=1)
        return np.eye(N_TOPICS)[best]

    better, _ = simulate(history.world, knowing, stream(3, "dynamics"))
    assert better.is_viewed.mean() > history.impressions.is_viewed.mean() + 0.05
    assert set(better.propensity) == {1.0}


def test_a_new_run_under_the_logging_policy_repeats_the_history(history: History) -> None:
    again, _ = simulate(history.world, logging_policy(history.params.logging), stream(3, "dynamics"))
    np.testing.assert_array_equal(again.content, history.impressions.content)


def test_the_smallest_world_runs(world_params: MakeParams) -> None:
    small = world_params(
        time={"years": 0.3}, population={"n_users": 8, "gap_days": 5}, catalogue={"n_contents": 16, "pool_size": 3}
    )
    made = make_history(small, seed=1)
    assert len(made.impressions) > 0
    assert np.isfinite(made.impressions.expected_rewards).all()


def test_more_users_make_more_rows(world_params: MakeParams, history: History) -> None:
    double = make_history(world_params(population={"n_users": 450}), seed=3)
    assert len(double.impressions) > 2 * len(history.impressions)


def test_a_world_without_sessions_says_so(world_params: MakeParams) -> None:
    empty = world_params(population={"gap_days": 1e7, "initial_share": 1.0})
    with pytest.raises(ValueError, match="no session took place"):
        make_history(empty, seed=1)
